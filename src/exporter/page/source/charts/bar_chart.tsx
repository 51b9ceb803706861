import { max } from "d3-array";
import { scaleBand, scaleLinear } from "d3-scale";
import { Axes, ChartFrame } from "./frame.tsx";

export interface BarGroup {
	name: string;
	/** One for each series. */
	values: number[];
}

const margin = { left: 46, right: 8, top: 14, bottom: 62 };

/** A group of bars beside each other for each name: shares of the reference and of now, by bin. */
export function BarChart(props: {
	title: string;
	summary: string;
	groups: BarGroup[];
	series: { name: string; colour: number }[];
	xName: string;
	format: (value: number) => string;
	height?: number;
}) {
	const height = props.height ?? 240;
	return (
		<ChartFrame
			title={props.title}
			summary={props.summary}
			height={height}
			legend={props.series.map((series) => ({
				name: series.name,
				mark: `series-${series.colour}`,
				shape: "box",
			}))}
			table={() => ({
				head: [props.xName, ...props.series.map((series) => series.name)],
				rows: props.groups.map((group) => [group.name, ...group.values.map(props.format)]),
			})}
			draw={(width) => {
				const right = width - margin.right;
				const bottom = height - margin.bottom;
				const x = scaleBand<number>()
					.domain(props.groups.map((_, i) => i))
					.range([margin.left, right])
					.paddingInner(0.22)
					.paddingOuter(0.1);
				const inner = scaleBand<number>()
					.domain(props.series.map((_, i) => i))
					.range([0, x.bandwidth()])
					.padding(0.06);
				const highest = max(props.groups, (group) => max(group.values) ?? 0) ?? 0;
				const y = scaleLinear()
					.domain([0, highest > 0 ? highest * 1.05 : 1])
					.range([bottom, margin.top]);
				const slanted = x.step() < 64;
				return (
					<>
						<Axes
							left={margin.left}
							right={right}
							top={margin.top}
							bottom={bottom}
							xTicks={[]}
							yTicks={y.ticks(4).map((tick) => ({ at: y(tick), text: props.format(tick) }))}
						/>
						{props.groups.map((group, i) => (
							<g key={i} transform={`translate(${x(i)},0)`}>
								{group.values.map((value, k) => (
									<rect
										key={k}
										class={`area series-${props.series[k]?.colour ?? 1}`}
										x={inner(k)}
										width={inner.bandwidth()}
										y={y(value)}
										height={Math.max(0, bottom - y(value))}
										rx={Math.min(2, inner.bandwidth() / 4)}
									>
										<title>{`${group.name}, ${props.series[k]?.name ?? ""}: ${props.format(value)}`}</title>
									</rect>
								))}
								<text
									class="band-name"
									text-anchor={slanted ? "end" : "middle"}
									transform={
										slanted
											? `translate(${x.bandwidth() / 2 + 4},${bottom + 12}) rotate(-35)`
											: `translate(${x.bandwidth() / 2},${bottom + 18})`
									}
								>
									{group.name.length > 14 ? `${group.name.slice(0, 13)}…` : group.name}
								</text>
							</g>
						))}
					</>
				);
			}}
		/>
	);
}
