import type { Version } from "./types.ts";

/** Says so if the versions that were measured were not measured on the same rows; ends with a space. */
export function rowSets(versions: Version[]): string {
	const measured = versions.filter((version) => version.rows_held_out > 0);
	const sets = new Set(measured.map((version) => version.metrics.row_set ?? `unknown ${version.version}`));
	if (measured.length < 2 || sets.size < 2) return "";
	return `They are of ${sets.size} different sets of rows, and do not compare: sentiment_compare measures versions on the same rows. `;
}
