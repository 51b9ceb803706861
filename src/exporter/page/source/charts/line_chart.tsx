import { bisector, extent } from "d3-array";
import { scaleLinear, type ScaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { useCursor } from "./cursor.ts";
import { Axes, ChartFrame, type Tick } from "./frame.tsx";
import { timeDomain, timeTicks } from "./time_axis.ts";

export type Point = [x: number, y: number];

export interface Series {
	name: string;
	/** In the order of x. */
	points: Point[];
	/** Number of the colour, 1 to 6. */
	colour: number;
	dots?: boolean;
	/** Points to mark, by index. */
	marked?: (index: number) => boolean;
}

interface LineChartProps {
	title: string;
	captionHidden?: boolean;
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
}

type Scale = ScaleLinear<number, number>;

const height = 270;
const margin = { left: 54, right: 14, top: 36, bottom: 44 };
const nearest = bisector<Point, number>((point) => point[0]);

function xDomainOf(props: LineChartProps, positions: number[]): [number, number] {
	if (props.xDomain) return props.xDomain;
	const low = positions[0] ?? 0;
	const high = positions.at(-1) ?? 1;
	if (props.time) return timeDomain(low, high);
	return low === high ? [low - 1, high + 1] : [low, high];
}

/** From zero to a little above the highest point. */
function yDomainOf(props: LineChartProps): [number, number] {
	if (props.yDomain) return props.yDomain;
	const values = props.series.flatMap((series) => series.points.map((point) => point[1]));
	const [low = 0, high = 1] = extent(props.level ? [...values, props.level.value] : values);
	return [Math.min(0, low), high > 0 ? high * 1.08 : 1];
}

function xTicksOf(props: LineChartProps, x: Scale, width: number): Tick[] {
	const count = Math.max(2, Math.floor(width / (props.time ? 90 : 70)));
	if (props.time)
		return timeTicks(x.domain() as [number, number], count).map(({ moment, text }) => ({
			at: x(moment.getTime()),
			text,
		}));
	return x.ticks(count).map((tick) => ({ at: x(tick), text: props.xFormat(tick) }));
}

/** The point of a series that is nearest to a place. */
const pointAt = (series: Series, x: number): Point | undefined =>
	series.points[nearest.center(series.points, x)];

function SeriesShape(props: { series: Series; x: Scale; y: Scale }) {
	const { series, x, y } = props;
	const shape = line<Point>()
		.x((point) => x(point[0]))
		.y((point) => y(point[1]));
	return (
		<g class={`series-${series.colour}`}>
			<path class="line" d={shape(series.points) ?? ""} />
			{(series.dots || series.points.length === 1) &&
				series.points.map((point, i) => {
					const marked = series.marked?.(i) ?? false;
					return (
						<circle
							key={i}
							class={marked ? "dot marked" : "dot"}
							cx={x(point[0])}
							cy={y(point[1])}
							r={marked ? 5.5 : 3.5}
						/>
					);
				})}
		</g>
	);
}

function Level(props: { value: number; name: string; y: Scale; left: number; right: number }) {
	const at = props.y(props.value);
	return (
		<g class="level">
			<line x1={props.left} x2={props.right} y1={at} y2={at} />
			<text x={props.right} y={at - 5} text-anchor="end">
				{props.name}
			</text>
		</g>
	);
}

function Crosshair(props: { position: number; series: Series[]; x: Scale; y: Scale; bottom: number }) {
	const { x, y, position } = props;
	return (
		<g class="crosshair">
			<line x1={x(position)} x2={x(position)} y1={margin.top} y2={props.bottom} />
			{props.series.map((series) => {
				const point = pointAt(series, position);
				return (
					point && (
						<g key={series.name} class={`series-${series.colour}`}>
							<circle class="dot" cx={x(point[0])} cy={y(point[1])} r="5" />
						</g>
					)
				);
			})}
		</g>
	);
}

/** Lines over numbers or over time, with a crosshair for the mouse and for the arrow keys. */
export function LineChart(props: LineChartProps) {
	const { series, xFormat, yFormat } = props;
	const positions = [...new Set(series.flatMap((one) => one.points.map((point) => point[0])))].sort(
		(a, b) => a - b,
	);
	const cursor = useCursor(positions.length);
	const position = cursor.at === null ? null : (positions[cursor.at] ?? null);
	const several = series.length > 1;

	const readout = (at: number) =>
		`${props.xName} ${xFormat(at)}: ` +
		series
			.flatMap((one) => {
				const point = pointAt(one, at);
				return point ? [`${several ? `${one.name} ` : ""}${yFormat(point[1])}`] : [];
			})
			.join(", ");

	const draw = (width: number) => {
		const right = width - margin.right;
		const bottom = height - margin.bottom;
		const x = scaleLinear().domain(xDomainOf(props, positions)).range([margin.left, right]);
		const y = scaleLinear().domain(yDomainOf(props)).range([bottom, margin.top]);
		const follow = (event: PointerEvent) => {
			const box = (event.currentTarget as SVGElement).ownerSVGElement!.getBoundingClientRect();
			const wanted = x.invert(event.clientX - box.left);
			if (positions.length > 0) cursor.move(bisector((at: number) => at).center(positions, wanted));
		};
		return (
			<>
				<Axes
					left={margin.left}
					right={right}
					top={margin.top}
					bottom={bottom}
					xTicks={xTicksOf(props, x, right - margin.left)}
					yTicks={y.ticks(5).map((tick) => ({ at: y(tick), text: yFormat(tick) }))}
					xName={props.xName}
					yName={props.yName}
				/>
				{props.diagonal && <line class="diagonal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />}
				{props.level && <Level {...props.level} y={y} left={margin.left} right={right} />}
				{series.map((one) => (
					<SeriesShape key={one.name} series={one} x={x} y={y} />
				))}
				{position !== null && <Crosshair position={position} series={series} x={x} y={y} bottom={bottom} />}
				<rect
					class="catcher"
					x={margin.left}
					y={margin.top}
					width={Math.max(0, right - margin.left)}
					height={bottom - margin.top}
					onPointerMove={follow}
					onPointerLeave={() => cursor.move(null)}
				/>
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
				several ? series.map((one) => ({ name: one.name, mark: `series-${one.colour}`, shape: "line" })) : []
			}
			table={() => ({
				head: [props.xName, ...series.map((one) => (several ? one.name : props.yName))],
				rows: positions.map((at) => [
					xFormat(at),
					...series.map((one) => {
						const point = one.points.find((candidate) => candidate[0] === at);
						return point ? yFormat(point[1]) : "";
					}),
				]),
			})}
			readout={position === null ? null : readout(position)}
			onKeyDown={cursor.onKeyDown}
			onBlur={cursor.onBlur}
			draw={draw}
		/>
	);
}
