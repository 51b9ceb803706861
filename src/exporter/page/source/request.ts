import { useCallback, useEffect, useRef, useState } from "preact/hooks";

/** Why there is no answer. status 0: the exporter could not be reached. */
export class RequestError extends Error {
	constructor(
		readonly status: number,
		message: string,
		/** The exporter's word for it, such as database_unavailable. */
		readonly code = "",
		readonly hint = "",
	) {
		super(message);
	}
}

/** Whether an error may pass by itself, so that asking again makes sense. */
export const passes = (error: RequestError): boolean =>
	error.status === 0 || error.status === 429 || error.status >= 500;

const tokenKey = "sentiment-token";
let tokenInMemory = "";

/** The bearer token, kept for this tab only. */
export function token(): string {
	try {
		return sessionStorage.getItem(tokenKey) ?? tokenInMemory;
	} catch {
		return tokenInMemory;
	}
}

/** Events of the page: what was asked for without a right token is asked for again with another one. */
export const tokenChanged = new EventTarget();

export function setToken(value: string): void {
	tokenInMemory = value;
	try {
		sessionStorage.setItem(tokenKey, value);
	} catch {
		// it holds until the page is left
	}
	tokenChanged.dispatchEvent(new Event("change"));
}

/** An answer that is an error, as the exporter tells it. */
async function errorOf(response: Response): Promise<RequestError> {
	let body: { detail?: string; error?: string; hint?: string } = {};
	try {
		body = (await response.json()) as typeof body;
	} catch {
		// not the exporter's own: the status must do
	}
	return new RequestError(
		response.status,
		body.detail ?? response.statusText,
		body.error ?? "",
		body.hint ?? "",
	);
}

/** Ask the exporter; throws RequestError, or the AbortError of the signal. */
export async function request(path: string, options: RequestInit = {}): Promise<Response> {
	const headers = new Headers(options.headers);
	if (token()) headers.set("Authorization", `Bearer ${token()}`);
	let response: Response;
	try {
		response = await fetch(path, { ...options, headers, credentials: "same-origin", cache: "no-store" });
	} catch (error) {
		if (error instanceof DOMException && error.name === "AbortError") throw error;
		throw new RequestError(0, "The exporter cannot be reached.");
	}
	if (!response.ok) throw await errorOf(response);
	return response;
}

export async function requestJson<T>(path: string, options: RequestInit = {}): Promise<T> {
	return (await (await request(path, options)).json()) as T;
}

/** A path with parameters; those without a value are left out. */
export function pathOf(path: string, parameters: Record<string, string | number | null | undefined>): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(parameters))
		if (value !== undefined && value !== null) query.set(name, String(value));
	const text = query.toString();
	return text ? `${path}?${text}` : path;
}

export interface Resource<T> {
	data: T | undefined;
	error: RequestError | undefined;
	loading: boolean;
	reload: () => void;
}

const answers = new Map<string, unknown>();
const keptAnswers = 60;

function keep(path: string, answer: unknown): void {
	answers.delete(path);
	answers.set(path, answer);
	const oldest = answers.keys().next().value;
	if (answers.size > keptAnswers && oldest !== undefined) answers.delete(oldest);
}

/**
 * What is at a path (null: nothing is asked). The last answer shows at once, and is replaced by the new one;
 * while the page is visible it is asked for again every `seconds`, and sooner after an error.
 */
export function useResource<T>(path: string | null, seconds = 0): Resource<T> {
	const [state, setState] = useState<{
		path: string | null;
		data?: T;
		error?: RequestError;
		loading: boolean;
	}>({
		path: null,
		loading: true,
	});
	const [turn, setTurn] = useState(0);
	const failures = useRef(0);

	useEffect(() => {
		if (path === null) return;
		const controller = new AbortController();
		let timer: ReturnType<typeof setTimeout> | undefined;
		setState((before) => ({
			path,
			data:
				before.path === path && before.data !== undefined
					? before.data
					: (answers.get(path) as T | undefined),
			error: before.path === path ? before.error : undefined,
			loading: true,
		}));
		const again = (delay: number) => {
			timer = setTimeout(() => {
				if (document.hidden) again(delay);
				else setTurn((n) => n + 1);
			}, delay);
		};
		requestJson<T>(path, { signal: controller.signal }).then(
			(data) => {
				failures.current = 0;
				keep(path, data);
				setState({ path, data, loading: false });
				if (seconds > 0) again(seconds * 1000);
			},
			(error: unknown) => {
				if (controller.signal.aborted) return;
				const problem = error instanceof RequestError ? error : new RequestError(0, String(error));
				setState((before) => ({ path, data: before.data, error: problem, loading: false }));
				if (passes(problem)) {
					failures.current += 1;
					again(Math.min(30_000, 1000 * 2 ** failures.current));
				}
			},
		);
		const otherToken = () => setTurn((n) => n + 1);
		tokenChanged.addEventListener("change", otherToken);
		return () => {
			controller.abort();
			clearTimeout(timer);
			tokenChanged.removeEventListener("change", otherToken);
		};
	}, [path, turn, seconds]);

	const reload = useCallback(() => setTurn((n) => n + 1), []);
	const current = path !== null && state.path === path;
	return {
		data: current ? state.data : path !== null ? (answers.get(path) as T | undefined) : undefined,
		error: current ? state.error : undefined,
		loading: current ? state.loading : path !== null,
		reload,
	};
}
