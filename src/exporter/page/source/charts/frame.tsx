import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Details } from "../components.tsx";

/** The width of an element, measured before it is painted and whenever it changes. */
function useWidth() {
	const ref = useRef<HTMLDivElement>(null);
	const [width, setWidth] = useState(0);
	useLayoutEffect(() => {
		const element = ref.current;
		if (!element) return;
		setWidth(element.clientWidth);
		const observer = new ResizeObserver(() => setWidth(element.clientWidth));
		observer.observe(element);
		return () => observer.disconnect();
	}, []);
	return { ref, width };
}

export interface DataTable {
	head: string[];
	rows: (string | number)[][];
}

export interface LegendEntry {
	name: string;
	/** Class of the mark, such as "series-1". */
	mark: string;
	shape: "line" | "box" | "dot";
}

/**
 * A figure with a chart: its caption, the drawing of a given height, a legend, and all of its figures as a
 * table. `summary` says in words what one sees.
 */
export function ChartFrame(props: {
	title: string;
	/** The caption is for screen readers only: what is around it says the same. */
	captionHidden?: boolean;
	summary: string;
	height: number;
	legend?: LegendEntry[];
	table: () => DataTable;
	readout?: ComponentChildren;
	onKeyDown?: (event: KeyboardEvent) => void;
	onBlur?: () => void;
	draw: (width: number) => ComponentChildren;
}) {
	const { ref, width } = useWidth();
	const id = useId();
	return (
		<figure class="chart" aria-labelledby={id}>
			<figcaption id={id} class={props.captionHidden ? "hidden" : ""}>
				{props.title}
			</figcaption>
			{props.legend && props.legend.length > 0 && (
				<ul class="legend">
					{props.legend.map((entry) => (
						<li key={entry.name}>
							<svg width="18" height="10" aria-hidden="true" class={entry.mark}>
								{entry.shape === "line" && <line x1="0" x2="18" y1="5" y2="5" class="line" />}
								{entry.shape === "box" && <rect x="3" width="12" height="10" rx="2" class="area" />}
								{entry.shape === "dot" && <circle cx="9" cy="5" r="4.5" class="area" />}
							</svg>
							{entry.name}
						</li>
					))}
				</ul>
			)}
			<div ref={ref} class="plot" style={{ height: `${props.height}px` }}>
				{width > 0 && (
					<svg
						width={width}
						height={props.height}
						role="img"
						aria-label={`${props.title}. ${props.summary}`}
						tabIndex={props.onKeyDown ? 0 : undefined}
						onKeyDown={props.onKeyDown}
						onBlur={props.onBlur}
					>
						{props.draw(width)}
					</svg>
				)}
			</div>
			{props.onKeyDown && (
				<p class="readout" aria-live="polite">
					{props.readout ?? "\u00a0"}
				</p>
			)}
			<Details summary="Data as a table">
				{() => {
					const table = props.table();
					return (
						<div class="table-frame" role="group" aria-label={`Data of ${props.title}`} tabIndex={0}>
							<table>
								<caption class="hidden">{props.title}</caption>
								<thead>
									<tr>
										{table.head.map((head) => (
											<th key={head} scope="col" class="number">
												{head}
											</th>
										))}
									</tr>
								</thead>
								<tbody>
									{table.rows.map((row, index) => (
										<tr key={index}>
											{row.map((cell, column) => (
												<td key={column} class="number">
													{cell}
												</td>
											))}
										</tr>
									))}
								</tbody>
							</table>
						</div>
					);
				}}
			</Details>
		</figure>
	);
}

export interface Tick {
	at: number;
	text: string;
}

/** Grid lines, tick labels and the names of both axes around a plot area. */
export function Axes(props: {
	left: number;
	right: number;
	top: number;
	bottom: number;
	xTicks: Tick[];
	yTicks: Tick[];
	xName?: string;
	yName?: string;
}) {
	const { left, right, top, bottom } = props;
	return (
		<g class="axes" aria-hidden="true">
			{props.yTicks.map((tick) => (
				<g key={tick.text} transform={`translate(0,${tick.at})`}>
					<line class="grid" x1={left} x2={right} />
					<text x={left - 8} dy="0.32em" text-anchor="end">
						{tick.text}
					</text>
				</g>
			))}
			{props.xTicks.map((tick) => (
				<g key={`${tick.text} ${tick.at}`} transform={`translate(${tick.at},0)`}>
					<line class="tick" y1={bottom} y2={bottom + 5} />
					<text
						y={bottom + 18}
						text-anchor={tick.at > right - 20 ? "end" : "middle"}
						x={tick.at > right - 20 ? 8 : 0}
					>
						{tick.text}
					</text>
				</g>
			))}
			<line class="axis" x1={left} x2={right} y1={bottom} y2={bottom} />
			{props.xName && (
				<text class="axis-name" x={right} y={bottom + 36} text-anchor="end">
					{props.xName}
				</text>
			)}
			{props.yName && (
				<text class="axis-name" x={4} y={top - 16} text-anchor="start">
					{props.yName}
				</text>
			)}
		</g>
	);
}
