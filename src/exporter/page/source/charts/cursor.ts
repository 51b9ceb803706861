import { useState } from "preact/hooks";

export interface Cursor {
	/** Index of the point that is looked at. */
	at: number | null;
	move: (at: number | null) => void;
	onKeyDown: (event: KeyboardEvent) => void;
	onBlur: () => void;
}

/** A cursor over points in order, moved by the mouse or by the arrow keys (with Shift by ten), Home and End. */
export function useCursor(count: number): Cursor {
	const [at, move] = useState<number | null>(null);
	const last = count - 1;
	const onKeyDown = (event: KeyboardEvent) => {
		const step = event.shiftKey ? 10 : 1;
		const places: Record<string, number> = {
			ArrowLeft: (at ?? last + 1) - step,
			ArrowRight: (at ?? -1) + step,
			Home: 0,
			End: last,
		};
		const place = places[event.key];
		if (event.key === "Escape") move(null);
		if (place === undefined || last < 0) return;
		event.preventDefault();
		move(Math.max(0, Math.min(last, place)));
	};
	return { at: at !== null && at <= last ? at : null, move, onKeyDown, onBlur: () => move(null) };
}
