import type { Contribution } from "./contributions.ts";
import { requestJson } from "./request.ts";

/** The answer to one text. */
export interface Prediction {
	label: string;
	probability: number;
	version: number | null;
	probabilities: { label: string; probability: number }[];
	contributions: Contribution[] | null;
	warnings: string[];
}

/** What POST /predict answers. */
interface PredictAnswer {
	labels: string[];
	/** Of each text, the probability of each of the classes. */
	probs: number[][];
	classes: string[];
	warnings?: string[];
	model?: string;
	version?: number;
	explanations?: Contribution[][];
}

/** Ask a version of a model; null: what is deployed. */
export async function predict(
	model: string,
	version: number | null,
	text: string,
	signal: AbortSignal,
): Promise<Prediction> {
	const answer = await requestJson<PredictAnswer>("predict", {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ texts: [text], model, version, explain: true }),
		signal,
	});
	const label = answer.labels[0] ?? "";
	const probabilities = answer.classes.map((name, i) => ({
		label: name,
		probability: answer.probs[0]?.[i] ?? NaN,
	}));
	return {
		label,
		probability: probabilities.find((entry) => entry.label === label)?.probability ?? NaN,
		version: answer.version ?? null,
		probabilities,
		contributions: answer.explanations?.[0] ?? null,
		warnings: answer.warnings ?? [],
	};
}
