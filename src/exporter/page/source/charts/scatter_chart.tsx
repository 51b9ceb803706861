import { extent } from "d3-array";
import { scaleLinear, scaleLog, type ScaleLogarithmic } from "d3-scale";
import { type Cursor, useCursor } from "./cursor.ts";
import { Axes, ChartFrame, type Tick } from "./frame.tsx";

export interface ScatterPoint {
	name: string;
	x: number;
	y: number;
	/** On the front: no other is better in both. */
	front: boolean;
	current: boolean;
}

interface ScatterChartProps {
	title: string;
	/** What a point is: a version, unless it says otherwise. */
	thing?: string;
	captionHidden?: boolean;
	summary: string;
	points: ScatterPoint[];
	xName: string;
	yName: string;
	xFormat: (x: number) => string;
	yFormat: (y: number) => string;
}

type Scale = (value: number) => number;

const height = 300;
const margin = { left: 58, right: 30, top: 36, bottom: 44 };

/** Ticks of a logarithmic scale that leave each other room: all of few powers of ten, else the powers. */
function logTicks(x: ScaleLogarithmic<number, number>, format: (value: number) => string): Tick[] {
	const [low = 1, high = 1] = x.domain();
	const isPower = (tick: number) => Math.abs(Math.log10(tick) - Math.round(Math.log10(tick))) < 1e-9;
	let last = -Infinity;
	return x
		.ticks(5)
		.filter((tick) => high / low < 100 || isPower(tick))
		.filter((tick) => {
			if (x(tick) - last < 56) return false;
			last = x(tick);
			return true;
		})
		.map((tick) => ({ at: x(tick), text: format(tick) }));
}

/** The stairs through the points of the front. */
function stairs(points: ScatterPoint[], x: Scale, y: Scale): string {
	return points
		.filter((point) => point.front)
		.map((point, i) => (i === 0 ? `M${x(point.x)},${y(point.y)}` : `H${x(point.x)}V${y(point.y)}`))
		.join("");
}

function Marks(props: { points: ScatterPoint[]; x: Scale; y: Scale; cursor: Cursor }) {
	const { points, x, y, cursor } = props;
	return (
		<>
			{points.map((point, i) => (
				<g
					key={point.name}
					class={point.front ? "series-1" : "series-muted"}
					transform={`translate(${x(point.x)},${y(point.y)})`}
					onPointerEnter={() => cursor.move(i)}
					onPointerLeave={() => cursor.move(null)}
				>
					{(point.current || cursor.at === i) && <circle class="ring" r="10" />}
					<circle class="area" r="6" />
					<text class="point-name" y="-14" text-anchor="middle">
						{point.name}
					</text>
				</g>
			))}
		</>
	);
}

/** Points with the front of those that no other beats; costs to the right (logarithmic), quality upwards. */
export function ScatterChart(props: ScatterChartProps) {
	const thing = props.thing ?? "version";
	const points = [...props.points].sort((a, b) => a.x - b.x || b.y - a.y);
	const cursor = useCursor(points.length);
	const chosen = cursor.at === null ? undefined : points[cursor.at];
	const describe = (point: ScatterPoint) =>
		`${point.name}: ${props.yName} ${props.yFormat(point.y)}, ${props.xName} ${props.xFormat(point.x)}${point.front ? ", on the front" : ""}`;

	const draw = (width: number) => {
		const right = width - margin.right;
		const bottom = height - margin.bottom;
		const [xLow = 1, xHigh = 10] = extent(points, (point) => point.x);
		const [yLow = 0, yHigh = 1] = extent(points, (point) => point.y);
		const room = Math.max(0.005, (yHigh - yLow) * 0.2);
		const x = scaleLog()
			.domain([xLow / 1.5, xHigh * 1.5])
			.range([margin.left, right]);
		const y = scaleLinear()
			.domain([yLow - room, yHigh + room])
			.range([bottom, margin.top]);
		return (
			<>
				<Axes
					left={margin.left}
					right={right}
					top={margin.top}
					bottom={bottom}
					xTicks={logTicks(x, props.xFormat)}
					yTicks={y.ticks(5).map((tick) => ({ at: y(tick), text: props.yFormat(tick) }))}
					xName={props.xName}
					yName={props.yName}
				/>
				<g class="series-1">
					<path class="line front" d={stairs(points, x, y)} />
				</g>
				<Marks points={points} x={x} y={y} cursor={cursor} />
			</>
		);
	};

	return (
		<ChartFrame
			title={props.title}
			captionHidden={props.captionHidden}
			summary={props.summary}
			height={height}
			legend={
				points.some((point) => point.front)
					? [
							{ name: "on the Pareto front", mark: "series-1", shape: "dot" },
							{ name: `beaten by another ${thing}`, mark: "series-muted", shape: "dot" },
						]
					: []
			}
			table={() => ({
				head: [thing, props.yName, props.xName, "on the front"],
				rows: points.map((point) => [
					point.name,
					props.yFormat(point.y),
					props.xFormat(point.x),
					point.front ? "yes" : "no",
				]),
			})}
			readout={chosen && describe(chosen)}
			onKeyDown={cursor.onKeyDown}
			onBlur={cursor.onBlur}
			draw={draw}
		/>
	);
}
