import { bisector, extent } from "d3-array";
import { scaleLinear, scaleTime } from "d3-scale";
import { curveLinear, curveStepAfter, line } from "d3-shape";
import { useState } from "preact/hooks";
import { Axes, ChartFrame } from "./frame.tsx";

export type Point = [x: number, y: number];

export interface Series {
	name: string;
	points: Point[];
	/** Number of the colour, 1 to 6. */
	colour: number;
	dots?: boolean;
	steps?: boolean;
	/** Points to mark, by index. */
	marked?: (index: number) => boolean;
}

interface LineChartProps {
	title: string;
	summary: string;
	series: Series[];
	xName: string;
	yName: string;
	xDomain?: [number, number];
	yDomain?: [number, number];
	/** x is a time in milliseconds. */
	time?: boolean;
	/** A line from corner to corner: what chance, or a perfect calibration, looks like. */
	diagonal?: boolean;
	/** A level that means something. */
	level?: { value: number; name: string };
	xFormat: (x: number) => string;
	yFormat: (y: number) => string;
	height?: number;
}

const margin = { left: 52, right: 14, top: 26, bottom: 44 };
const nearest = bisector<Point, number>((point) => point[0]);

function domainOf(
	values: number[],
	given: [number, number] | undefined,
	fromZero: boolean,
): [number, number] {
	if (given) return given;
	const [low = 0, high = 1] = extent(values) as [number | undefined, number | undefined];
	if (fromZero) return [Math.min(0, low), high > 0 ? high * 1.08 : 1];
	return low === high ? [low - 1, high + 1] : [low, high];
}

/** Lines over numbers or over time, with a crosshair for the mouse and for the arrow keys. */
export function LineChart(props: LineChartProps) {
	const [cursor, setCursor] = useState<number | null>(null);
	const points = props.series.flatMap((series) => series.points);
	const levels = props.level ? [props.level.value] : [];
	const xDomain = domainOf(
		points.map((point) => point[0]),
		props.xDomain,
		false,
	);
	const yDomain = domainOf([...points.map((point) => point[1]), ...levels], props.yDomain, true);
	const positions = [...new Set(points.map((point) => point[0]))].sort((a, b) => a - b);
	const height = props.height ?? 260;

	const at = (series: Series, x: number): Point | undefined => {
		const place = series.steps ? nearest.right(series.points, x) - 1 : nearest.center(series.points, x);
		return series.points[Math.max(0, place)];
	};
	const position = cursor === null ? null : (positions[cursor] ?? null);
	const readout =
		position === null
			? null
			: `${props.xName} ${props.xFormat(position)}: ${props.series
					.filter((series) => series.points.length > 0)
					.map(
						(series) =>
							`${props.series.length > 1 ? `${series.name} ` : ""}${props.yFormat(at(series, position)![1])}`,
					)
					.join(", ")}`;

	const move = (event: KeyboardEvent) => {
		const last = positions.length - 1;
		const step = event.shiftKey ? 10 : 1;
		const place = {
			ArrowLeft: (cursor ?? last + 1) - step,
			ArrowRight: (cursor ?? -1) + step,
			Home: 0,
			End: last,
		}[event.key];
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
			legend={
				props.series.length > 1
					? props.series.map((series) => ({
							name: series.name,
							mark: `series-${series.colour}`,
							shape: "line" as const,
						}))
					: []
			}
			table={() => ({
				head: [
					props.xName,
					...props.series.map((series) => (props.series.length > 1 ? series.name : props.yName)),
				],
				rows: positions.map((x) => [
					props.xFormat(x),
					...props.series.map((series) => {
						const point = series.points.find((candidate) => candidate[0] === x);
						return point ? props.yFormat(point[1]) : "";
					}),
				]),
			})}
			readout={readout}
			onKeyDown={move}
			onBlur={() => setCursor(null)}
			draw={(width) => {
				const left = margin.left;
				const right = width - margin.right;
				const bottom = height - margin.bottom;
				const x = props.time
					? scaleTime().domain(xDomain).range([left, right])
					: scaleLinear().domain(xDomain).range([left, right]);
				const y = scaleLinear().domain(yDomain).range([bottom, margin.top]);
				const pathOf = (series: Series) =>
					line<Point>()
						.x((p) => x(p[0]))
						.y((p) => y(p[1]))
						.curve(series.steps ? curveStepAfter : curveLinear)(series.points) ?? "";
				const nTicks = Math.max(2, Math.floor((right - left) / (props.time ? 95 : 70)));
				const timeTicks = props.time ? scaleTime().domain(xDomain) : null;
				const xTicks = timeTicks
					? timeTicks.ticks(nTicks).map((tick) => ({ at: x(tick), text: timeTicks.tickFormat(nTicks)(tick) }))
					: scaleLinear()
							.domain(xDomain)
							.ticks(nTicks)
							.map((tick) => ({ at: x(tick), text: props.xFormat(tick) }));
				const point = (event: PointerEvent) => {
					const box = (event.currentTarget as SVGElement).ownerSVGElement!.getBoundingClientRect();
					const wanted = Number(x.invert(event.clientX - box.left));
					if (positions.length > 0)
						setCursor(
							positions.reduce(
								(best, value, i) =>
									Math.abs(value - wanted) < Math.abs(positions[best]! - wanted) ? i : best,
								0,
							),
						);
				};
				return (
					<>
						<Axes
							left={left}
							right={right}
							top={margin.top}
							bottom={bottom}
							xTicks={xTicks}
							yTicks={y.ticks(5).map((tick) => ({ at: y(tick), text: props.yFormat(tick) }))}
							xName={props.xName}
							yName={props.yName}
						/>
						{props.diagonal && <line class="diagonal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />}
						{props.level && (
							<g class="level">
								<line x1={left} x2={right} y1={y(props.level.value)} y2={y(props.level.value)} />
								<text x={right} y={y(props.level.value) - 5} text-anchor="end">
									{props.level.name}
								</text>
							</g>
						)}
						{props.series.map((series) => (
							<g key={series.name} class={`series-${series.colour}`}>
								<path class="line" d={pathOf(series)} />
								{(series.dots || series.points.length === 1) &&
									series.points.map((p, i) => (
										<circle
											key={i}
											class={series.marked?.(i) ? "dot marked" : "dot"}
											cx={x(p[0])}
											cy={y(p[1])}
											r={series.marked?.(i) ? 5.5 : 3.5}
										/>
									))}
							</g>
						))}
						{position !== null && (
							<g class="crosshair">
								<line x1={x(position)} x2={x(position)} y1={margin.top} y2={bottom} />
								{props.series.map((series) => {
									const p = at(series, position);
									return (
										p && (
											<g key={series.name} class={`series-${series.colour}`}>
												<circle class="dot" cx={x(series.steps ? position : p[0])} cy={y(p[1])} r="5" />
											</g>
										)
									);
								})}
							</g>
						)}
						<rect
							class="catcher"
							x={left}
							y={margin.top}
							width={Math.max(0, right - left)}
							height={Math.max(0, bottom - margin.top)}
							onPointerMove={point}
							onPointerLeave={() => setCursor(null)}
						/>
					</>
				);
			}}
		/>
	);
}
