import { BarChart } from "../charts/bar_chart.tsx";
import { LineChart } from "../charts/line_chart.tsx";
import { Badge, Empty, Problem, Table } from "../components.tsx";
import { figure, moment, percent, pValue, words } from "../format.ts";
import { pathOf, useResource } from "../request.ts";
import type { DriftAnswer, DriftBin, DriftBins, DriftFinding, DriftReport } from "../types.ts";

const statisticNames: Record<string, string> = {
	psi: "population stability index",
	ks: "Kolmogorov-Smirnov",
	js: "Jensen-Shannon distance",
	auc: "area under the ROC curve",
	mahalanobis: "Mahalanobis distance",
	holm: "verdict",
};

export function Verdict(props: { drifted: boolean | null }) {
	if (props.drifted === null) return <Badge tone="neutral">too few rows</Badge>;
	return props.drifted ? <Badge tone="bad">drifted</Badge> : <Badge tone="good">steady</Badge>;
}

export const findingKey = (finding: { feature: string; statistic: string }): string =>
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

/** The findings of a report, the strongest first; the verdict is none. */
export const sortedFindings = <F extends DriftFinding>(findings: F[]): F[] =>
	findings
		.filter((finding) => finding.statistic !== "holm")
		.sort(
			(a, b) =>
				Number(b.drifted ?? false) - Number(a.drifted ?? false) ||
				(b.value ?? 0) / b.threshold - (a.value ?? 0) / a.threshold,
		);

/** A table of findings, of which one is chosen by its link. */
export function Findings<F extends DriftFinding>(props: {
	caption: string;
	findings: F[];
	shown: F | undefined;
	hrefOf: (finding: F) => string;
}) {
	return (
		<Table
			caption={props.caption}
			rows={props.findings}
			keyOf={findingKey}
			current={(row) => row === props.shown}
			columns={[
				{
					head: "Feature",
					rowHead: true,
					wrap: true,
					cell: (row) => (
						<a href={props.hrefOf(row)} aria-current={row === props.shown ? "true" : undefined}>
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
	);
}

/** How a feature's statistic went from report to report, and where it is now if that is in no report. */
export function Course(props: {
	finding: DriftFinding;
	answer: DriftAnswer;
	/** Which reports belong together; all if left out. */
	among?: (report: DriftReport) => boolean;
	now?: number;
}) {
	const { finding, answer, among = () => true, now } = props;
	const times = new Map(
		answer.reports.filter(among).map((report) => [report.report_id, new Date(report.checked_at).getTime()]),
	);
	const course = answer.features
		.filter(
			(other) =>
				findingKey(other) === findingKey(finding) && other.value !== null && times.has(other.report_id),
		)
		.map((other) => ({ at: times.get(other.report_id)!, value: other.value!, drifted: other.drifted }))
		.sort((a, b) => a.at - b.at);
	if (now !== undefined && finding.value !== null)
		course.push({ at: now, value: finding.value, drifted: finding.drifted });
	const name = statisticNames[finding.statistic] ?? finding.statistic;
	return (
		<LineChart
			title={`${words(finding.feature)}, ${name}`}
			summary={`${now === undefined ? `${course.length} reports` : `${course.length - 1} stored reports, and now`}; the last value is ${figure(finding.value)}, a change matters from ${figure(finding.threshold)} on.`}
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

export function Bins(props: { model: string; report: DriftReport; finding: DriftFinding }) {
	const { report, finding } = props;
	const resource = useResource<DriftBins[]>(pathOf("api/drift_bins", { report: report.report_id }));
	const { data, error } = resource;
	if (error) return <Problem error={error} retry={resource.reload} />;
	if (!data) return <div class="loading" role="status" aria-label="Loading" />;
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
