import { useEffect, useState } from "preact/hooks";

/** A place within the page: #/view?name=value. */
export interface Route {
	view: string;
	parameters: Record<string, string>;
}

export function parseHash(hash: string): Route {
	const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
	return { view: path, parameters: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a place; parameters without a value are left out. */
export function hashOf(
	view: string,
	parameters: Record<string, string | number | null | undefined> = {},
): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(parameters))
		if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
	const text = query.toString();
	return `#/${view}${text ? `?${text}` : ""}`;
}

export function useRoute(): Route {
	const [hash, setHash] = useState(location.hash);
	useEffect(() => {
		const changed = () => setHash(location.hash);
		addEventListener("hashchange", changed);
		return () => removeEventListener("hashchange", changed);
	}, []);
	return parseHash(hash);
}
