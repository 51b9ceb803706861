import type { ViewProps } from "../application.tsx";
import { LineChart, type Point, type Series } from "../charts/line_chart.tsx";
import { Badge, Details, Empty, Loaded, Panel, Table, Tile, Tiles } from "../components.tsx";
import {
	ago,
	bytes,
	count,
	figure,
	interval,
	metric,
	moment,
	nothing,
	percent,
	seconds,
	words,
} from "../format.ts";
import { pathOf, useResource } from "../request.ts";
import { hashOf } from "../routing.ts";
import { rowSets } from "../row_sets.ts";
import type { ClassReport, Curve, HistoryEntry, Model, Version, VersionsAnswer } from "../types.ts";

export function StageBadge(props: { stage: string | null }) {
	const tone = {
		production: "accent",
		staging: "warning",
		candidate: "neutral",
		archived: "neutral",
	} as const;
	return props.stage ? (
		<Badge tone={tone[props.stage as keyof typeof tone] ?? "neutral"}>{props.stage}</Badge>
	) : (
		<>{nothing}</>
	);
}

function AllModels(props: { models: Model[]; current: Model }) {
	return (
		<Panel title="All models" wide>
			<Table
				caption="Models that this exporter may use"
				rows={props.models}
				keyOf={(row) => row.model}
				current={(row) => row === props.current}
				columns={[
					{
						head: "Model",
						rowHead: true,
						wrap: true,
						cell: (row) => (
							<a
								href={hashOf("models", { model: row.model })}
								aria-current={row === props.current ? "true" : undefined}
							>
								{row.model}
							</a>
						),
					},
					{ head: "Kind", cell: (row) => words(row.kind) },
					{
						head: "Labels",
						cell: (row) => row.labels?.slice(0, 6).join(", ") + ((row.labels?.length ?? 0) > 6 ? ", …" : ""),
						wrap: true,
					},
					{ head: "F1", cell: (row) => metric(row.f1), number: true },
					{ head: "Accuracy", cell: (row) => metric(row.accuracy), number: true },
					{ head: "Versions", cell: (row) => count(row.versions), number: true },
					{ head: "Answers since", cell: (row) => ago(row.deployed_at) },
					{ head: "Owner", cell: (row) => row.owner },
				]}
			/>
		</Panel>
	);
}

/** A figure of a version with its 95 % interval. */
function WithInterval(props: { version: Version; name: string; value: number | null }) {
	const known = interval(props.version.metrics.intervals, props.name);
	return (
		<>
			{metric(props.value)}
			{known !== undefined && props.value !== null && <span class="cell-note">{known}</span>}
		</>
	);
}

function VersionTable(props: { model: string; versions: Version[]; chosen: Version }) {
	return (
		<Panel
			title="Versions"
			wide
			note={`Figures are of held-out texts, with 95 % intervals. ${rowSets(props.versions)}Choose a version to see it below.`}
		>
			<Table
				caption={`Versions of ${props.model}`}
				rows={props.versions}
				keyOf={(row) => row.version}
				current={(row) => row === props.chosen}
				columns={[
					{
						head: "Version",
						rowHead: true,
						cell: (row) => (
							<a
								href={hashOf("models", { model: props.model, version: row.version })}
								aria-current={row === props.chosen ? "true" : undefined}
							>
								Version {row.version}
							</a>
						),
					},
					{ head: "Stage", cell: (row) => <StageBadge stage={row.stage} /> },
					{
						head: "Share",
						number: true,
						cell: (row) =>
							row.share > 0
								? percent(row.share, 0)
								: row.shadow_share
									? `shadow ${percent(row.shadow_share, 0)}`
									: nothing,
					},
					{ head: "Kind", cell: (row) => words(row.kind) },
					{
						head: "F1",
						cell: (row) => <WithInterval version={row} name="f1" value={row.f1} />,
						number: true,
					},
					{
						head: "Macro F1",
						cell: (row) => <WithInterval version={row} name="macro_f1" value={row.macro_f1} />,
						number: true,
					},
					{
						head: "Accuracy",
						cell: (row) => <WithInterval version={row} name="accuracy" value={row.accuracy} />,
						number: true,
					},
					{
						head: "ROC AUC",
						cell: (row) => <WithInterval version={row} name="roc_auc" value={row.roc_auc} />,
						number: true,
					},
					{ head: "Held out", cell: (row) => count(row.rows_held_out), number: true },
					{ head: "Size", cell: (row) => bytes(row.image_bytes), number: true },
					{ head: "Trained", cell: (row) => ago(row.trained_at) },
				]}
			/>
		</Panel>
	);
}

function Confusion(props: { labels: string[]; counts: number[][] }) {
	const totals = props.counts.map((row) => row.reduce((sum, n) => sum + n, 0));
	return (
		<div class="table-frame" role="group" aria-label="Confusion matrix" tabIndex={0}>
			<table class="confusion">
				<caption class="hidden">
					Confusion matrix: rows are the actual labels, columns the predicted ones
				</caption>
				<thead>
					<tr>
						<td />
						<th colSpan={props.labels.length} scope="colgroup">
							predicted
						</th>
					</tr>
					<tr>
						<th scope="col">actual</th>
						{props.labels.map((label) => (
							<th key={label} scope="col">
								{label}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{props.counts.map((row, i) => (
						<tr key={props.labels[i]}>
							<th scope="row">{props.labels[i]}</th>
							{row.map((n, k) => {
								const part = totals[i]! > 0 ? n / totals[i]! : 0;
								return (
									<td key={k} class={i === k ? "hit" : "miss"} style={{ "--part": part.toFixed(3) }}>
										<span class="cell-count">{count(n)}</span>
										<span class="cell-part">{percent(part, 0)}</span>
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

function Quality(props: { version: Version }) {
	const { metrics } = props.version;
	const report = metrics.report;
	return (
		<>
			<Panel title={`Version ${props.version.version}: figures`}>
				<Tiles>
					<Tile
						label="F1"
						value={metric(metrics.f1)}
						note={`${interval(metrics.intervals, "f1") ?? ""} ${props.version.labels.length === 2 ? "of the positive label" : "macro"}`.trim()}
					/>
					<Tile
						label="Macro F1"
						value={metric(metrics.macro_f1)}
						note={interval(metrics.intervals, "macro_f1")}
					/>
					<Tile
						label="Accuracy"
						value={metric(metrics.accuracy)}
						note={interval(metrics.intervals, "accuracy")}
					/>
					<Tile
						label="ROC AUC"
						value={metric(metrics.roc_auc)}
						note={interval(metrics.intervals, "roc_auc")}
					/>
					<Tile
						label="Log loss"
						value={metric(metrics.log_loss)}
						note={interval(metrics.intervals, "log_loss")}
					/>
					<Tile
						label="Held-out rows"
						value={count(props.version.rows_held_out)}
						note={`of ${count(props.version.rows_held_out + props.version.rows_trained)}`}
					/>
					<Tile label="Training" value={seconds(props.version.seconds)} />
					{props.version.prediction_seconds !== null && (
						<Tile label="A prediction" value={seconds(props.version.prediction_seconds)} />
					)}
				</Tiles>
			</Panel>
			<Panel
				title="Confusion matrix"
				note="Rows: what the texts are. Columns: what the model says. Percent of the row."
			>
				{report?.confusion_matrix ? (
					<Confusion labels={report.confusion_matrix.labels} counts={report.confusion_matrix.counts} />
				) : (
					<Empty title="No rows were held out, or there are more than 100 labels." />
				)}
			</Panel>
			{report && (
				<Panel title="By label" wide>
					<Table<[string, ClassReport]>
						caption="Precision, recall and F1 by label"
						rows={Object.entries(report.classes)}
						keyOf={([label]) => label}
						columns={[
							{ head: "Label", rowHead: true, cell: ([label]) => label, wrap: true },
							{ head: "Precision", number: true, cell: ([, row]) => metric(row.precision) },
							{ head: "Recall", number: true, cell: ([, row]) => metric(row.recall) },
							{ head: "F1", number: true, cell: ([, row]) => metric(row.f1) },
							{ head: "Rows", number: true, cell: ([, row]) => count(row.support) },
						]}
					/>
				</Panel>
			)}
		</>
	);
}

/** Curves of one sort as series: a label each, or the versions that are compared. */
function seriesOf(
	kind: Curve["curve"],
	version: number,
	curves: Curve[],
	other: number | null,
	otherCurves: Curve[],
): Series[] {
	const own = curves.filter((curve) => curve.curve === kind);
	const pointsOf = (curve: Curve): Point[] => curve.points.map((point) => [point[0] ?? 0, point[1] ?? 0]);
	const several = own.length > 1;
	const series = own.slice(0, 6).map((curve, i) => ({
		name: several ? curve.label : `version ${version}`,
		points: pointsOf(curve),
		colour: i + 1,
		dots: kind === "calibration",
	}));
	if (!several && other !== null)
		for (const curve of otherCurves.filter((candidate) => candidate.curve === kind))
			series.push({
				name: `version ${other}`,
				points: pointsOf(curve),
				colour: 2,
				dots: kind === "calibration",
			});
	return series;
}

function Curves(props: { model: string; version: Version; other: Version | null }) {
	const { model, version, other } = props;
	const own = useResource<Curve[]>(pathOf("api/curves", { model, version: version.version }));
	const compared = useResource<Curve[]>(
		other ? pathOf("api/curves", { model, version: other.version }) : null,
	);
	const unit = (value: number) => figure(value);
	const common = {
		captionHidden: true,
		xDomain: [0, 1] as [number, number],
		yDomain: [0, 1] as [number, number],
		xFormat: unit,
		yFormat: unit,
	};
	return (
		<Loaded resource={own}>
			{(curves) => {
				const of = (kind: Curve["curve"]) =>
					seriesOf(kind, version.version, curves, other?.version ?? null, compared.data ?? []);
				if (curves.length === 0)
					return (
						<Panel title="Curves" wide>
							<Empty title="This version has no curves">
								Curves are drawn from held-out rows; none were held out, or it was trained before they were
								kept.
							</Empty>
						</Panel>
					);
				return (
					<>
						<Panel title="ROC">
							<LineChart
								{...common}
								title="Receiver operating characteristic"
								summary={`Area under the curve ${metric(version.roc_auc)}; chance has 0.5.`}
								series={of("roc")}
								xName="false positive rate"
								yName="true positive rate"
								diagonal
							/>
						</Panel>
						<Panel title="Precision and recall">
							<LineChart
								{...common}
								title="Precision against recall"
								summary="How precise the answers stay as more of the texts with the label are found."
								series={of("precision_recall")}
								xName="recall"
								yName="precision"
							/>
						</Panel>
						<Panel
							title="Calibration"
							note="On the diagonal, of the texts given 0.8, eight in ten have the label."
						>
							<LineChart
								{...common}
								title="Calibration"
								summary="Mean predicted probability against the part of texts that have the label."
								series={of("calibration")}
								xName="predicted probability"
								yName="part that has the label"
								diagonal
							/>
						</Panel>
					</>
				);
			}}
		</Loaded>
	);
}

function Facts(props: { version: Version }) {
	const { version } = props;
	return (
		<Panel title="Training">
			<dl class="facts">
				<dt>Trained</dt>
				<dd>
					{moment(version.trained_at)}
					{version.trained_by && ` by ${version.trained_by}`}
				</dd>
				<dt>Source</dt>
				<dd>
					{version.source ?? nothing}
					{version.text_column && ` (${version.text_column} → ${version.label_column})`}
				</dd>
				<dt>Labels</dt>
				<dd>{version.labels.join(", ")}</dd>
				<dt>Features</dt>
				<dd>{count(version.features)}</dd>
			</dl>
			<Details summary="Parameters">
				{() => (
					<Table
						caption="Parameters"
						rows={Object.entries(version.parameters)}
						keyOf={([name]) => name}
						columns={[
							{ head: "Parameter", rowHead: true, cell: ([name]) => <code>{name}</code> },
							{ head: "Value", cell: ([, value]) => <code>{JSON.stringify(value)}</code>, wrap: true },
						]}
					/>
				)}
			</Details>
		</Panel>
	);
}

function trafficText(entry: HistoryEntry): string {
	if (!entry.traffic) return nothing;
	return (
		Object.entries(entry.traffic)
			.map(([version, share]) => `v${version} ${percent(share, 0)}`)
			.join(", ") || "none"
	);
}

function History(props: { history: HistoryEntry[] }) {
	return (
		<Panel title="History" wide note="Which version answered, since when, who put it there, and why.">
			<Table
				caption="History of deployments, newest first"
				rows={props.history}
				keyOf={(row, index) => `${row.done_at} ${index}`}
				columns={[
					{ head: "When", rowHead: true, cell: (row) => moment(row.done_at) },
					{
						head: "Action",
						cell: (row) => (
							<Badge tone={row.action === "rollback" || row.forced ? "warning" : "neutral"}>
								{row.action + (row.forced ? " (forced)" : "")}
							</Badge>
						),
					},
					{ head: "Version", cell: (row) => row.version, number: true },
					{ head: "Traffic after", cell: trafficText },
					{ head: "Reason", cell: (row) => row.reason, wrap: true },
					{ head: "By", cell: (row) => row.done_by },
				]}
			/>
		</Panel>
	);
}

export function ModelsView(props: ViewProps) {
	const { model, models, route } = props;
	const resource = useResource<VersionsAnswer>(pathOf("api/versions", { model: model.model }), 30);
	return (
		<div class="panels">
			{models.length > 1 && <AllModels models={models} current={model} />}
			<Loaded resource={resource}>
				{({ versions, history }) => {
					const deployed = versions.find((version) => version.version === model.deployed_version) ?? null;
					const wanted = Number(route.parameters.version);
					const chosen = versions.find((version) => version.version === wanted) ?? deployed ?? versions[0];
					if (!chosen)
						return (
							<Empty
								title="This model has no version"
								sql={`SELECT * FROM sentiment_train('${model.model.replaceAll("'", "''")}', 'reviews');`}
							/>
						);
					const other = deployed !== null && deployed !== chosen ? deployed : null;
					return (
						<>
							<VersionTable model={model.model} versions={versions} chosen={chosen} />
							<Quality version={chosen} />
							<Curves model={model.model} version={chosen} other={other} />
							<Facts version={chosen} />
							<History history={history} />
						</>
					);
				}}
			</Loaded>
		</div>
	);
}
