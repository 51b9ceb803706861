import type { Contribution } from "./contributions.ts";
import type { Prediction } from "./prediction.ts";

/** A label with what two versions give it; null where one does not know it. */
export interface ComparedLabel {
	label: string;
	one: number | null;
	other: number | null;
}

/** A term with what it adds to the answer of each of two versions; null where one does not know it. */
export interface ComparedTerm {
	term: string;
	one: number | null;
	other: number | null;
}

/** How much more the other version gives; what it does not know counts as nothing. */
export const difference = (row: { one: number | null; other: number | null }): number =>
	(row.other ?? 0) - (row.one ?? 0);

/** Labels of either version, the most different first. */
export function compareLabels(one: Prediction, other: Prediction): ComparedLabel[] {
	const of = (prediction: Prediction) =>
		new Map(prediction.probabilities.map((entry) => [entry.label, entry.probability]));
	const [ones, others] = [of(one), of(other)];
	return [...new Set([...ones.keys(), ...others.keys()])]
		.map((label) => ({ label, one: ones.get(label) ?? null, other: others.get(label) ?? null }))
		.sort((a, b) => Math.abs(difference(b)) - Math.abs(difference(a)));
}

/** Terms of either version, the most different first; a term that comes twice counts as the sum. */
export function compareTerms(one: Contribution[], other: Contribution[]): ComparedTerm[] {
	const of = (contributions: Contribution[]) => {
		const sums = new Map<string, number>();
		for (const { term, contribution } of contributions) sums.set(term, (sums.get(term) ?? 0) + contribution);
		return sums;
	};
	const [ones, others] = [of(one), of(other)];
	return [...new Set([...ones.keys(), ...others.keys()])]
		.map((term) => ({ term, one: ones.get(term) ?? null, other: others.get(term) ?? null }))
		.sort((a, b) => Math.abs(difference(b)) - Math.abs(difference(a)));
}
