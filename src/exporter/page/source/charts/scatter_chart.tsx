import { extent } from "d3-array";
import { scaleLinear, scaleLog } from "d3-scale";
import { useState } from "preact/hooks";
import { Axes, ChartFrame } from "./frame.tsx";

export interface ScatterPoint {
	name: string;
	x: number;
	y: number;
	/** On the front: no other is better in both. */
	front: boolean;
	current: boolean;
}

const margin = { left: 56, right: 30, top: 26, bottom: 44 };

/** Points with the front of those that no other beats; costs to the right (logarithmic), quality upwards. */
export function ScatterChart(props: {
	title: string;
	summary: string;
	points: ScatterPoint[];
	xName: string;
	yName: string;
	xFormat: (x: number) => string;
	yFormat: (y: number) => string;
}) {
	const [cursor, setCursor] = useState<number | null>(null);
	const height = 280;
	const points = [...props.points].sort((a, b) => a.x - b.x || b.y - a.y);
	const chosen = cursor === null ? undefined : points[cursor];
	const describe = (point: ScatterPoint) =>
		`${point.name}: ${props.yName} ${props.yFormat(point.y)}, ${props.xName} ${props.xFormat(point.x)}${point.front ? ", on the front" : ""}`;
	const move = (event: KeyboardEvent) => {
		const last = points.length - 1;
		const place = { ArrowLeft: (cursor ?? last + 1) - 1, ArrowRight: (cursor ?? -1) + 1, Home: 0, End: last }[
			event.key
		];
		if (event.key === "Escape") setCursor(null);
		if (place === undefined || last < 0) return;
		event.preventDefault();
		setCursor(Math.max(0, Math.min(last, place)));
	};
	return (
		<ChartFrame
			title={props.title}
			summary={props.summary}
			height={height}
			legend={[
				{ name: "on the Pareto front", mark: "series-1", shape: "dot" },
				{ name: "beaten by another version", mark: "series-muted", shape: "dot" },
			]}
			table={() => ({
				head: ["version", props.yName, props.xName, "on the front"],
				rows: points.map((point) => [
					point.name,
					props.yFormat(point.y),
					props.xFormat(point.x),
					point.front ? "yes" : "no",
				]),
			})}
			readout={chosen && describe(chosen)}
			onKeyDown={move}
			onBlur={() => setCursor(null)}
			draw={(width) => {
				const right = width - margin.right;
				const bottom = height - margin.bottom;
				const [xLow = 1, xHigh = 10] = extent(points, (point) => point.x) as [number, number];
				const [yLow = 0, yHigh = 1] = extent(points, (point) => point.y) as [number, number];
				const room = Math.max(0.005, (yHigh - yLow) * 0.2);
				const x = scaleLog()
					.domain([xLow / 1.5, xHigh * 1.5])
					.range([margin.left, right]);
				const y = scaleLinear()
					.domain([yLow - room, yHigh + room])
					.range([bottom, margin.top]);
				const front = points.filter((point) => point.front);
				let path = "";
				front.forEach((point, i) => {
					path += i === 0 ? `M${x(point.x)},${y(point.y)}` : `H${x(point.x)}V${y(point.y)}`;
				});
				const ticks = x.ticks(4).filter((tick) => {
					const leading = tick / 10 ** Math.floor(Math.log10(tick) + 1e-9);
					return Math.abs(leading - 1) < 1e-6 || xHigh / xLow < 30;
				});
				const spaced = ticks.filter((tick, i) => i === 0 || x(tick) - x(ticks[i - 1]!) > 52);
				return (
					<>
						<Axes
							left={margin.left}
							right={right}
							top={margin.top}
							bottom={bottom}
							xTicks={spaced.map((tick) => ({ at: x(tick), text: props.xFormat(tick) }))}
							yTicks={y.ticks(5).map((tick) => ({ at: y(tick), text: props.yFormat(tick) }))}
							xName={props.xName}
							yName={props.yName}
						/>
						<g class="series-1">
							<path class="line front" d={path} />
						</g>
						{points.map((point, i) => (
							<g
								key={point.name}
								class={point.front ? "series-1" : "series-muted"}
								transform={`translate(${x(point.x)},${y(point.y)})`}
								onPointerEnter={() => setCursor(i)}
								onPointerLeave={() => setCursor(null)}
							>
								{(point.current || cursor === i) && <circle class="ring" r="10" />}
								<circle class="area" r="6" />
								<text class="point-name" x="0" y="-13" text-anchor="middle">
									{point.name}
								</text>
							</g>
						))}
					</>
				);
			}}
		/>
	);
}
