import type { ViewProps } from "../application.tsx";
import { BarChart } from "../charts/bar_chart.tsx";
import { LineChart } from "../charts/line_chart.tsx";
import { Badge, Empty, Loaded, Panel, Problem, Table, Tile, Tiles } from "../components.tsx";
import { ago, count, figure, moment, percent, pValue, words } from "../format.ts";
import { pathOf, useResource } from "../request.ts";
import { hashOf } from "../routing.ts";
import type { DriftAnswer, DriftBin, DriftBins, DriftFeature, DriftReport } from "../types.ts";

const statisticNames: Record<string, string> = {
	psi: "population stability index",
	ks: "Kolmogorov-Smirnov",
	js: "Jensen-Shannon distance",
	auc: "area under the ROC curve",
	mahalanobis: "Mahalanobis distance",
	holm: "verdict",
};

function Verdict(props: { drifted: boolean | null }) {
	if (props.drifted === null) return <Badge tone="neutral">too few rows</Badge>;
	return props.drifted ? <Badge tone="bad">drifted</Badge> : <Badge tone="good">steady</Badge>;
}

const findingKey = (finding: { feature: string; statistic: string }): string =>
	`${finding.feature} ${finding.statistic}`;

function binName(bin: DriftBin): string {
	if (bin.label !== undefined) return bin.label ?? "other label";
	if (bin.kind === "missing" || bin.kind === "other") return bin.kind;
	if (bin.kind === "value") return figure(bin.lower);
	if (bin.lower === null || bin.lower === undefined) return `< ${figure(bin.upper)}`;
	if (bin.upper === null || bin.upper === undefined) return `≥ ${figure(bin.lower)}`;
	const [from, to] = [figure(bin.lower), figure(bin.upper)];
	return from === to ? from : `${from}–${to}`;
}

/** How a feature's statistic went from report to report. */
function Course(props: { finding: DriftFeature; answer: DriftAnswer }) {
	const { finding, answer } = props;
	const times = new Map(
		answer.reports.map((report) => [report.report_id, new Date(report.checked_at).getTime()]),
	);
	const course = answer.features
		.filter(
			(other) =>
				findingKey(other) === findingKey(finding) && other.value !== null && times.has(other.report_id),
		)
		.map((other) => ({ at: times.get(other.report_id)!, value: other.value!, drifted: other.drifted }))
		.sort((a, b) => a.at - b.at);
	const name = statisticNames[finding.statistic] ?? finding.statistic;
	return (
		<LineChart
			title={`${words(finding.feature)}, ${name}`}
			summary={`${course.length} reports; the last value is ${figure(finding.value)}, a change matters from ${figure(finding.threshold)} on.`}
			series={[
				{
					name: finding.feature,
					points: course.map((point) => [point.at, point.value]),
					colour: 1,
					dots: true,
					marked: (index) => course[index]?.drifted ?? false,
				},
			]}
			xName="checked"
			yName={finding.statistic}
			time
			level={{ value: finding.threshold, name: `threshold ${figure(finding.threshold)}` }}
			xFormat={(x) => moment(x)}
			yFormat={figure}
		/>
	);
}

function Bins(props: { model: string; report: DriftReport; finding: DriftFeature }) {
	const { report, finding } = props;
	const resource = useResource<DriftBins[]>(pathOf("api/drift_bins", { report: report.report_id }));
	const { data, error } = resource;
	if (error) return <Problem error={error} retry={resource.reload} />;
	if (!data) return <div class="placeholder" role="status" aria-label="Loading" />;
	const entry = data.find((candidate) => candidate.feature === finding.feature);
	if (!entry)
		return data.length === 0 ? (
			<Empty
				title="No bins to see"
				sql={`SELECT sentiment_grant('${props.model.replaceAll("'", "''")}', 'role_of_the_exporter', 'train');`}
			>
				Bins tell of the training rows: they are shown to roles that may train the model.
			</Empty>
		) : (
			<Empty title="This feature has no bins">It is compared as a whole, not by ranges of values.</Empty>
		);
	const moved = entry.bins.reduce((best, bin) =>
		Math.abs(bin.current - bin.reference) > Math.abs(best.current - best.reference) ? bin : best,
	);
	return (
		<BarChart
			title={`${words(finding.feature)}: shares of rows`}
			summary={`Most moved ${binName(moved)}: from ${percent(moved.reference)} to ${percent(moved.current)}.`}
			groups={entry.bins.map((bin) => ({ name: binName(bin), values: [bin.reference, bin.current] }))}
			series={[
				{ name: "at training", colour: 3 },
				{ name: "now", colour: 2 },
			]}
			xName="range"
			format={(value) => percent(value, 0)}
		/>
	);
}

/** What was read, without what the database writes to be on the safe side. */
function sourceOf(report: DriftReport): string {
	const filter = report.filter
		?.replace(/OPERATOR\(pg_catalog\.([^)]+)\)/g, "$1")
		.replace(/::pg_catalog\.\w+/g, "")
		.replace(/\bt\.(?=\w)/g, "");
	return (report.source ?? "live traffic") + (filter ? ` where ${filter}` : "");
}

function Reports(props: { model: string; reports: DriftReport[]; chosen: DriftReport }) {
	return (
		<Panel title="Reports" wide>
			<Table
				caption="Checks for drift, newest first"
				rows={props.reports}
				keyOf={(row) => row.report_id}
				current={(row) => row === props.chosen}
				columns={[
					{
						head: "Checked",
						rowHead: true,
						cell: (row) => (
							<a
								href={hashOf("drift", { model: props.model, report: row.report_id })}
								aria-current={row === props.chosen ? "true" : undefined}
							>
								{moment(row.checked_at)}
							</a>
						),
					},
					{ head: "Verdict", cell: (row) => <Verdict drifted={row.drifted} /> },
					{ head: "Findings", number: true, cell: (row) => `${row.findings} of ${row.tests}` },
					{ head: "p-value", number: true, cell: (row) => pValue(row.p_value) },
					{ head: "Rows", number: true, cell: (row) => count(row.rows) },
					{ head: "Version", number: true, cell: (row) => row.version },
					{
						head: "Source",
						wrap: true,
						cell: (row) => sourceOf(row),
					},
				]}
			/>
		</Panel>
	);
}

export function DriftView(props: ViewProps) {
	const { model, route } = props;
	const resource = useResource<DriftAnswer>(pathOf("api/drift", { model: model.model }), 30);
	const quoted = model.model.replaceAll("'", "''");
	return (
		<Loaded resource={resource}>
			{(answer) => {
				const chosen =
					answer.reports.find((report) => report.report_id === Number(route.parameters.report)) ??
					answer.reports[0];
				if (!chosen)
					return (
						<Empty
							title="No rows were checked for drift yet"
							sql={`SELECT * FROM sentiment_check_drift('${quoted}', 'reviews');`}
						>
							Compare present rows with those that were held out at training; a schedule makes it a habit.
						</Empty>
					);
				const findings = answer.features
					.filter((finding) => finding.report_id === chosen.report_id && finding.statistic !== "holm")
					.sort(
						(a, b) =>
							Number(b.drifted ?? false) - Number(a.drifted ?? false) ||
							(b.value ?? 0) / b.threshold - (a.value ?? 0) / a.threshold,
					);
				const shown =
					findings.find((finding) => findingKey(finding) === route.parameters.finding) ?? findings[0];
				return (
					<div class="panels">
						<Panel title="Verdict" wide>
							<Tiles>
								<Tile
									label="These rows are"
									value={<Verdict drifted={chosen.drifted} />}
									note={`checked ${ago(chosen.checked_at)}`}
								/>
								<Tile
									label="Findings"
									value={`${chosen.findings} of ${chosen.tests}`}
									note="tests that found drift"
								/>
								<Tile
									label="p-value"
									value={pValue(chosen.p_value)}
									note={`corrected by Holm, at level ${figure(chosen.alpha)}`}
								/>
								<Tile
									label="Rows"
									value={count(chosen.rows)}
									note={`against ${count(chosen.reference_rows)} held-out ones`}
								/>
								<Tile label="Reference" value={`version ${chosen.version}`} />
							</Tiles>
						</Panel>
						<Panel
							title="Features"
							wide
							note="A feature has drifted if it moved by more than its threshold and more than chance explains. Choose one to see it below."
						>
							<Table
								caption="Findings of this report, the strongest first"
								rows={findings}
								keyOf={findingKey}
								current={(row) => row === shown}
								columns={[
									{
										head: "Feature",
										rowHead: true,
										wrap: true,
										cell: (row) => (
											<a
												href={hashOf("drift", {
													model: model.model,
													report: route.parameters.report,
													finding: findingKey(row),
												})}
												aria-current={row === shown ? "true" : undefined}
											>
												{words(row.feature)}
											</a>
										),
									},
									{ head: "Verdict", cell: (row) => <Verdict drifted={row.drifted} /> },
									{
										head: "Statistic",
										cell: (row) => <abbr title={statisticNames[row.statistic]}>{row.statistic}</abbr>,
									},
									{ head: "Value", number: true, cell: (row) => figure(row.value) },
									{ head: "Threshold", number: true, cell: (row) => figure(row.threshold) },
									{ head: "p-value", number: true, cell: (row) => pValue(row.p_value) },
								]}
							/>
						</Panel>
						{shown && (
							<>
								<Panel title="Over time">
									<Course finding={shown} answer={answer} />
								</Panel>
								<Panel title="Reference against now">
									<Bins model={model.model} report={chosen} finding={shown} />
								</Panel>
							</>
						)}
						<Reports model={model.model} reports={answer.reports} chosen={chosen} />
					</div>
				);
			}}
		</Loaded>
	);
}
