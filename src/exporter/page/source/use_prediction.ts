import { useEffect, useState } from "preact/hooks";
import { predict, type Prediction } from "./prediction.ts";
import { passes, RequestError } from "./request.ts";

const pause = 180; // milliseconds without a key after which is asked

export interface Answered {
	/** The text that the prediction is of. */
	text: string;
	prediction?: Prediction;
	error?: RequestError;
	busy: boolean;
	retry: () => void;
}

/**
 * The answer of a version (null: of what is deployed) to a text, asked for once typing pauses; an answer to an older
 * text, or of another version, is never shown.
 */
export function usePrediction(model: string, version: number | null, text: string): Answered {
	const [state, setState] = useState<Omit<Answered, "retry"> & { asked: number | null }>({
		text: "",
		asked: version,
		busy: false,
	});
	const [turn, setTurn] = useState(0);
	useEffect(() => {
		if (text.trim() === "") {
			setState({ text, asked: version, busy: false });
			return;
		}
		const controller = new AbortController();
		let again: ReturnType<typeof setTimeout> | undefined;
		setState((before) =>
			before.asked === version ? { ...before, busy: true } : { text: "", asked: version, busy: true },
		);
		const timer = setTimeout(() => {
			predict(model, version, text, controller.signal).then(
				(prediction) => setState({ text, asked: version, prediction, busy: false }),
				(error: unknown) => {
					if (controller.signal.aborted) return;
					const problem = error instanceof RequestError ? error : new RequestError(0, String(error));
					setState((before) => ({ ...before, error: problem, busy: false }));
					if (passes(problem)) again = setTimeout(() => setTurn((n) => n + 1), 2000);
				},
			);
		}, pause);
		return () => {
			clearTimeout(timer);
			clearTimeout(again);
			controller.abort();
		};
	}, [model, version, text, turn]);
	const current = state.asked === version ? state : { text: "", busy: true };
	return { ...current, retry: () => setTurn((n) => n + 1) };
}

/** A text that follows another one once it rests. */
export function useRested(text: string, milliseconds: number): string {
	const [rested, setRested] = useState(text);
	useEffect(() => {
		const timer = setTimeout(() => setRested(text), milliseconds);
		return () => clearTimeout(timer);
	}, [text, milliseconds]);
	return rested;
}
