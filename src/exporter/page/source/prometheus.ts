/** Reading /metrics: Prometheus' text format 0.0.4. */
export interface Sample {
	name: string;
	labels: Record<string, string>;
	value: number;
}

const linePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

function numberOf(text: string): number {
	if (text === "+Inf") return Infinity;
	if (text === "-Inf") return -Infinity;
	return Number(text);
}

export function parseMetrics(text: string): Sample[] {
	const samples: Sample[] = [];
	for (const line of text.split("\n")) {
		if (line === "" || line.startsWith("#")) continue;
		const match = linePattern.exec(line);
		if (!match) continue;
		const labels: Record<string, string> = {};
		for (const [, name, value] of (match[2] ?? "").matchAll(labelPattern))
			labels[name!] = value!.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
		samples.push({ name: match[1]!, labels, value: numberOf(match[3]!) });
	}
	return samples;
}

type Where = (labels: Record<string, string>) => boolean;
const everywhere: Where = () => true;

export const sum = (samples: Sample[], name: string, where: Where = everywhere): number =>
	samples.reduce(
		(total, sample) => (sample.name === name && where(sample.labels) ? total + sample.value : total),
		0,
	);

/** Values of a metric summed up by one of its labels. */
export function sumBy(
	samples: Sample[],
	name: string,
	label: string,
	where: Where = everywhere,
): Map<string, number> {
	const sums = new Map<string, number>();
	for (const sample of samples)
		if (sample.name === name && where(sample.labels)) {
			const key = sample.labels[label] ?? "";
			sums.set(key, (sums.get(key) ?? 0) + sample.value);
		}
	return sums;
}

/** Counts of a histogram up to each upper edge, over all of its label sets. */
export function cumulative(
	samples: Sample[],
	name: string,
	where: Where = everywhere,
): [edge: number, count: number][] {
	return [...sumBy(samples, `${name}_bucket`, "le", where)]
		.map(([edge, n]): [number, number] => [numberOf(edge), n])
		.sort((a, b) => a[0] - b[0]);
}

/** What a histogram counted between two readings; what was restarted counts from zero. */
export function increase(before: [number, number][], now: [number, number][]): [number, number][] {
	const earlier = new Map(before);
	const restarted = now.some(([edge, n]) => n < (earlier.get(edge) ?? 0));
	return now.map(([edge, n]) => [edge, restarted ? n : n - (earlier.get(edge) ?? 0)]);
}

/** A quantile of a histogram as histogram_quantile has it: linear within its bucket; NaN if nothing was counted. */
export function quantile(buckets: [number, number][], fraction: number): number {
	const total = buckets.at(-1)?.[1] ?? 0;
	if (!(total > 0)) return NaN;
	const rank = fraction * total;
	const place = buckets.findIndex(([, n]) => n >= rank);
	const [edge, n] = buckets[place]!;
	const [low, below] = place > 0 ? buckets[place - 1]! : [0, 0];
	if (!Number.isFinite(edge)) return low;
	return n === below ? edge : low + ((edge - low) * (rank - below)) / (n - below);
}
