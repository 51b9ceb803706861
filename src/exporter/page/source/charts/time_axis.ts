import { scaleTime } from "d3-scale";

const minute = 60_000;
const day = 24 * 60 * minute;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const clockWithSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });
const date = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** A stretch of time around moments, a minute at least, with a little room at both ends. */
export function timeDomain(low: number, high: number): [number, number] {
	const room = Math.max((high - low) * 0.04, (minute - (high - low)) / 2);
	return [low - room, high + room];
}

/** Some round moments of a stretch of time with their names, as precise as the stretch is short. */
export function timeTicks(domain: [number, number], count: number): { moment: Date; text: string }[] {
	const length = domain[1] - domain[0];
	const format = length > 2 * day ? date : length > 3 * minute ? clock : clockWithSeconds;
	return scaleTime()
		.domain(domain)
		.ticks(count)
		.map((moment) => ({ moment, text: format.format(moment) }));
}
