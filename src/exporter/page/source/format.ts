import { format as d3format } from "d3-format";

const threeDecimals = d3format(".3f");
const twoDigits = d3format(".2~r");
const threeDigits = d3format(".3~s");
const whole = d3format(",");

/** "—" stands for what is not there. */
export const nothing = "—";

type Maybe = number | null | undefined;

const present = (value: Maybe): value is number => typeof value === "number" && Number.isFinite(value);

/** A metric between 0 and 1. */
export const metric = (value: Maybe): string => (present(value) ? threeDecimals(value) : nothing);

/** The 95 % interval of a metric: what a version's metrics hold may come from anybody. */
export function interval(
	intervals: Record<string, [number, number] | null> | undefined,
	name: string,
): string | undefined {
	const pair: unknown = intervals?.[name];
	if (!Array.isArray(pair) || pair.length !== 2 || !present(pair[0]) || !present(pair[1])) return undefined;
	return `${metric(pair[0])} to ${metric(pair[1])}`;
}

export function percent(value: Maybe, digits = 1): string {
	return present(value) ? `${(100 * value).toFixed(digits)} %` : nothing;
}

export const count = (value: Maybe): string => (present(value) ? whole(Math.round(value)) : nothing);

/** A number of any size, in three digits. */
export function figure(value: Maybe): string {
	if (!present(value)) return nothing;
	if (Math.abs(value) < 1e-12) return "0";
	const size = Math.abs(value);
	if (size >= 100_000 || size < 0.001)
		return size < 0.001 ? value.toExponential(1).replace("-", "−") : threeDigits(value);
	return Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 }).replace("-", "−");
}

/** With its sign, a proper minus. */
export function signed(value: number): string {
	const text = Math.abs(value).toFixed(2);
	return text === "0.00" ? "0.00" : (value > 0 ? "+" : "−") + text;
}

/** A difference of shares in percentage points. */
export function signedPoints(value: number): string {
	const text = (100 * Math.abs(value)).toFixed(1);
	return text === "0.0" ? "0.0 points" : `${value > 0 ? "+" : "−"}${text} points`;
}

export function pValue(value: Maybe): string {
	if (!present(value)) return nothing;
	return value < 0.001 ? "< 0.001" : twoDigits(value);
}

export function bytes(value: Maybe): string {
	if (!present(value)) return nothing;
	const units = ["B", "kB", "MB", "GB"];
	let size = value;
	let unit = 0;
	while (size >= 1000 && unit < units.length - 1) {
		size /= 1000;
		unit++;
	}
	return `${unit === 0 || size >= 100 ? Math.round(size) : size.toPrecision(2)} ${units[unit]}`;
}

export function seconds(value: Maybe): string {
	if (!present(value)) return nothing;
	if (value === 0) return "0 s";
	if (value < 1e-3) return `${Number((value * 1e6).toPrecision(3))} µs`;
	if (value < 1) return `${Number((value * 1e3).toPrecision(3))} ms`;
	if (value < 120) return `${Number(value.toPrecision(3))} s`;
	if (value < 7200) return `${Math.round(value / 60)} min`;
	return `${Number((value / 3600).toPrecision(3))} h`;
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export function moment(value: string | number | Date | null | undefined): string {
	if (value === null || value === undefined || value === "") return nothing;
	const date = new Date(value);
	return Number.isNaN(date.getTime()) ? String(value) : dateTime.format(date);
}

export const timeOfDay = (value: number | Date): string => clock.format(value);

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "3 hours ago" */
export function ago(value: string | null | undefined, now = Date.now()): string {
	if (!value) return nothing;
	const past = (new Date(value).getTime() - now) / 1000;
	if (Number.isNaN(past)) return value;
	const steps: [Intl.RelativeTimeFormatUnit, number][] = [
		["day", 86400],
		["hour", 3600],
		["minute", 60],
	];
	for (const [unit, size] of steps)
		if (Math.abs(past) >= size) return relative.format(Math.round(past / size), unit);
	return "just now";
}

/** Names of kinds and the like, for people: hist_gradient_boosting → hist gradient boosting. */
export const words = (name: string | null | undefined): string =>
	name ? name.replaceAll("_", " ") : nothing;
