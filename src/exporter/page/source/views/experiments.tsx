import type { ViewProps } from "../application.tsx";
import { Badge, Empty, Loaded, Panel, Table } from "../components.tsx";
import { count, nothing, percent, pValue } from "../format.ts";
import { pathOf, useResource } from "../request.ts";
import type { Arm, ExperimentsAnswer, Shadow } from "../types.ts";

/** Rates as dots with their intervals on one scale. */
function Interval(props: { arm: Arm; low: number; high: number }) {
	const { arm, low, high } = props;
	if (arm.rate === null || arm.rate_lower === null || arm.rate_upper === null) return <>{nothing}</>;
	const place = (value: number) => ((value - low) / Math.max(1e-9, high - low)).toFixed(4);
	return (
		<span class="interval" aria-hidden="true">
			<span
				class="interval-range"
				style={{
					"--from": place(arm.rate_lower),
					"--part": String(Number(place(arm.rate_upper)) - Number(place(arm.rate_lower))),
				}}
			/>
			<span class="interval-rate" style={{ "--from": place(arm.rate) }} />
		</span>
	);
}

const signedPercent = (value: number): string => `${value >= 0 ? "+" : "−"}${percent(Math.abs(value))}`;

/** How much better than the main version, with the interval that holds at any time. */
function Difference(props: { arm: Arm }) {
	const { difference, difference_lower, difference_upper } = props.arm;
	return (
		<>
			{signedPercent(difference ?? 0)}
			{difference_lower !== null && difference_upper !== null && (
				<span class="cell-note">
					{signedPercent(difference_lower)} to {signedPercent(difference_upper)}
				</span>
			)}
		</>
	);
}

export function ExperimentsView(props: ViewProps) {
	const { model } = props;
	const quoted = model.model.replaceAll("'", "''");
	const resource = useResource<ExperimentsAnswer>(pathOf("api/experiments", { model: model.model }), 10);
	return (
		<Loaded resource={resource}>
			{({ arms, shadows }) => {
				const low = Math.min(...arms.map((arm) => arm.rate_lower ?? 1));
				const high = Math.max(...arms.map((arm) => arm.rate_upper ?? 0));
				return (
					<div class="panels">
						<Panel
							title="Versions beside each other"
							wide
							note="The sequential p-value may be looked at any time: stopping at the first look below 0.05 is wrong in at most one of twenty experiments without a difference."
						>
							{arms.length < 2 && arms.every((arm) => arm.outcomes === 0) ? (
								<Empty
									title="One version has all of the traffic"
									sql={`SELECT sentiment_set_traffic('${quoted}', '{"1": 0.5, "2": 0.5}', 'first experiment');\nSELECT sentiment_predict(text, '${quoted}', unit => user_id::text) FROM reviews;\nSELECT sentiment_outcome('${quoted}', 2, user_id::text, true);`}
								>
									Share the traffic between versions, predict with a unit (a user, say), and tell the
									outcomes.
								</Empty>
							) : (
								<Table<Arm>
									caption="Versions of the experiment with shares, success rates and sequential p-values"
									rows={arms}
									keyOf={(row) => row.version}
									columns={[
										{ head: "Version", rowHead: true, cell: (row) => `Version ${row.version}` },
										{
											head: "Share",
											number: true,
											cell: (row) => (row.share === null ? nothing : percent(row.share, 0)),
										},
										{ head: "Outcomes", number: true, cell: (row) => count(row.outcomes) },
										{ head: "Success rate", number: true, cell: (row) => percent(row.rate) },
										{
											head: "95 % interval",
											number: true,
											cell: (row) =>
												row.rate_lower === null
													? nothing
													: `${percent(row.rate_lower).replace(" %", "")} – ${percent(row.rate_upper)}`,
										},
										{ head: "On one scale", cell: (row) => <Interval arm={row} low={low} high={high} /> },
										{
											head: "Difference",
											number: true,
											cell: (row) => (row.difference === null ? "baseline" : <Difference arm={row} />),
										},
										{ head: "p-value", number: true, cell: (row) => pValue(row.p_value) },
										{
											head: "Verdict",
											cell: (row) =>
												row.p_value === null || row.difference === null ? (
													nothing
												) : row.p_value >= 0.05 ? (
													<Badge tone="neutral">open</Badge>
												) : row.difference > 0 ? (
													<Badge tone="good">better</Badge>
												) : (
													<Badge tone="bad">worse</Badge>
												),
										},
									]}
								/>
							)}
						</Panel>
						<Panel
							title="In the shadow"
							wide
							note="Versions that are scored beside the one that answers, and are never heard."
						>
							{shadows.length === 0 ? (
								<Empty
									title="No version runs in the shadow"
									sql={`SELECT sentiment_set_shadow('${quoted}', 2, 0.1);`}
								/>
							) : (
								<Table<Shadow>
									caption="Shadow versions"
									rows={shadows}
									keyOf={(row) => row.version}
									columns={[
										{ head: "Version", rowHead: true, cell: (row) => `Version ${row.version}` },
										{ head: "Scored on", number: true, cell: (row) => percent(row.shadow_share, 0) },
										{ head: "Compared", number: true, cell: (row) => count(row.compared) },
										{ head: "Disagreements", number: true, cell: (row) => count(row.disagreed) },
										{
											head: "Share",
											number: true,
											cell: (row) =>
												row.compared && row.disagreed !== null
													? percent(row.disagreed / row.compared)
													: nothing,
										},
									]}
								/>
							)}
						</Panel>
					</div>
				);
			}}
		</Loaded>
	);
}
