import { useState } from "preact/hooks";
import type { ViewProps } from "../application.tsx";
import { ScatterChart } from "../charts/scatter_chart.tsx";
import { Badge, Choice, Empty, Loaded, Panel, Table } from "../components.tsx";
import { ago, bytes, count, figure, metric, moment, nothing, percent, seconds, words } from "../format.ts";
import { paretoFront } from "../pareto.ts";
import { pathOf, useResource } from "../request.ts";
import { rowSets } from "../row_sets.ts";
import type {
	Finding,
	GateCheck,
	Job,
	OperationsAnswer,
	PipelineRun,
	PipelineStep,
	Retraining,
	Validation,
	Version,
	VersionsAnswer,
} from "../types.ts";

const good = new Set(["succeeded", "success", "promoted", "deployed", "done", "completed", "ok", "finished"]);
const bad = new Set(["failed", "error"]);
const open = new Set(["running", "started", "starting", "pending", "waiting"]);

function Status(props: { status: string | null }) {
	const { status } = props;
	if (!status) return <>{nothing}</>;
	const tone = good.has(status) ? "good" : bad.has(status) ? "bad" : open.has(status) ? "accent" : "neutral";
	return <Badge tone={tone}>{words(status)}</Badge>;
}

function duration(from: string | null, to: string | null): string {
	if (!from || !to) return nothing;
	return seconds((new Date(to).getTime() - new Date(from).getTime()) / 1000);
}

function Jobs(props: { jobs: Job[]; model: string }) {
	return (
		<Panel title="Jobs" wide>
			{props.jobs.length === 0 ? (
				<Empty
					title="Nothing is scheduled"
					sql={`SELECT sentiment_schedule('${props.model}', '0 3 * * *', 'check_and_retrain');`}
				>
					A job checks for drift and retrains by itself, every night say. It needs pg_cron, and{" "}
					<code>sentiment_monitor</code> to know what to watch.
				</Empty>
			) : (
				<Table<Job>
					caption="Scheduled jobs"
					rows={props.jobs}
					keyOf={(row) => row.job}
					columns={[
						{ head: "Job", rowHead: true, wrap: true, cell: (row) => row.job },
						{ head: "Task", cell: (row) => words(row.task) },
						{ head: "Schedule", cell: (row) => <code>{row.schedule}</code> },
						{ head: "Last run", cell: (row) => ago(row.last_started_at) },
						{
							head: "Outcome",
							cell: (row) =>
								row.active === false ? (
									<Badge tone="warning">paused</Badge>
								) : (
									<Status status={row.last_status} />
								),
						},
						{
							head: "Took",
							number: true,
							cell: (row) => duration(row.last_started_at, row.last_finished_at),
						},
						{ head: "Message", wrap: true, cell: (row) => row.last_message },
					]}
				/>
			)}
		</Panel>
	);
}

/** The checks of a gate, each with what was reached against what was asked for. */
function Gate(props: { checks: GateCheck[] }) {
	if (props.checks.length === 0) return <>{nothing}</>;
	return (
		<ul class="checks">
			{props.checks.map((check) => (
				<li key={check.check_name}>
					<Badge tone={check.passed === null ? "neutral" : check.passed ? "good" : "bad"}>
						{words(check.check_name)}
					</Badge>{" "}
					{check.value !== null && (
						<span class="note">
							{figure(check.value)}
							{check.threshold !== null && ` against ${figure(check.threshold)}`}
						</span>
					)}
				</li>
			))}
		</ul>
	);
}

function Started(props: { retraining: Retraining }) {
	const { started_at, finished_at } = props.retraining;
	return (
		<>
			{moment(started_at)}
			<span class="cell-note">took {duration(started_at, finished_at)}</span>
		</>
	);
}

/** What the gate compared versions by. */
function figureOfGate(retraining: Retraining): string {
	const detail = retraining.gate?.find((check) => check.check_name === "must_beat")?.detail;
	const place = detail?.indexOf(" against ") ?? -1;
	return place > 0 && detail !== undefined && detail !== null ? detail.slice(0, place) : "figure";
}

/** From which version to which, with both's figure on the same rows. */
function Versions(props: { retraining: Retraining }) {
	const { version, previous_version, f1, previous_f1 } = props.retraining;
	return (
		<>
			{previous_version ?? nothing} → {version ?? nothing}
			{f1 !== null && (
				<span class="cell-note">
					{figureOfGate(props.retraining)} {metric(previous_f1)} → {metric(f1)}
				</span>
			)}
		</>
	);
}

/** Why it was retrained, and what is to be said of how it went. */
function Reason(props: { retraining: Retraining }) {
	const { reason, trigger, message } = props.retraining;
	return (
		<>
			{reason ?? words(trigger)}
			{message && <span class="cell-note">{message}</span>}
		</>
	);
}

function Retrainings(props: { retrainings: Retraining[]; model: string }) {
	return (
		<Panel
			title="Retrainings"
			wide
			note="A retraining ends with the gate: is the new version good enough, and better on the same held-out rows?"
		>
			{props.retrainings.length === 0 ? (
				<Empty
					title="It was never retrained"
					sql={`SELECT * FROM sentiment_retrain('${props.model}', 'new reviews');`}
				/>
			) : (
				<Table<Retraining>
					caption="Retrainings, newest first"
					rows={props.retrainings}
					keyOf={(row) => row.retraining_id}
					columns={[
						{ head: "Started", rowHead: true, cell: (row) => <Started retraining={row} /> },
						{ head: "Outcome", cell: (row) => <Status status={row.status} /> },
						{ head: "Version", cell: (row) => <Versions retraining={row} /> },
						{ head: "Gate", cell: (row) => <Gate checks={row.gate ?? []} /> },
						{ head: "Reason", wrap: true, cell: (row) => <Reason retraining={row} /> },
					]}
				/>
			)}
		</Panel>
	);
}

/** Steps as bars over the time of their run. */
function Run(props: { run: PipelineRun }) {
	const { run } = props;
	const start = new Date(run.started_at).getTime();
	const ends = [run.finished_at, ...run.steps.map((step) => step.finished_at)].flatMap((end) =>
		end ? [new Date(end).getTime()] : [],
	);
	const length = Math.max(1, Math.max(start, ...ends) - start);
	const place = (step: PipelineStep) => {
		const from = step.started_at ? (new Date(step.started_at).getTime() - start) / length : 0;
		const to = step.finished_at
			? (new Date(step.finished_at).getTime() - start) / length
			: step.started_at
				? 1
				: 0;
		return { "--from": from.toFixed(4), "--part": Math.max(0.004, to - from).toFixed(4) };
	};
	return (
		<section class="run" aria-label={`Run ${run.run_id}`}>
			<h3>
				Run {run.run_id} <Status status={run.status} />{" "}
				<span class="note">
					{moment(run.started_at)}, {duration(run.started_at, run.finished_at)}
				</span>
			</h3>
			{run.message && <p class="note">{run.message}</p>}
			<Table<PipelineStep>
				caption={`Steps of run ${run.run_id}`}
				rows={run.steps}
				keyOf={(row, index) => `${index} ${row.step}`}
				columns={[
					{
						head: "Step",
						rowHead: true,
						cell: (row) => words(row.step) + (row.kind ? `: ${words(row.kind)}` : ""),
					},
					{ head: "Status", cell: (row) => <Status status={row.status} /> },
					{ head: "Took", number: true, cell: (row) => duration(row.started_at, row.finished_at) },
					{
						head: "When",
						cell: (row) => (
							<span class="span-bar" aria-hidden="true">
								<span class={bad.has(row.status) ? "bad" : ""} style={place(row)} />
							</span>
						),
					},
					{ head: "F1", number: true, cell: (row) => metric(row.f1) },
					{ head: "Message", wrap: true, cell: (row) => row.message },
				]}
			/>
		</section>
	);
}

function Runs(props: { runs: PipelineRun[]; model: string }) {
	return (
		<Panel title="Pipeline runs" wide>
			{props.runs.length === 0 ? (
				<Empty
					title="The pipeline has not run"
					sql={`SELECT * FROM sentiment_run_pipeline('${props.model}');`}
				>
					One call validates, trains the kinds beside each other, selects, passes the gate, deploys and
					reports.
				</Empty>
			) : (
				props.runs.map((run) => <Run key={run.run_id} run={run} />)
			)}
		</Panel>
	);
}

function LastValidation(props: { validation: Validation | null; model: string }) {
	const { validation } = props;
	const tone = { error: "bad", warning: "warning", info: "neutral" } as const;
	const contract = `SELECT sentiment_set_contract('${props.model}',\n    sentiment_suggest_contract('reviews', 'text', 'label'));\nSELECT * FROM sentiment_validate('${props.model}', 'reviews', store => true);`;
	if (!validation)
		return (
			<Panel title="Validation" wide>
				<Empty title="No rows were validated yet" sql={contract}>
					A contract says what rows must look like; every training then keeps to it.
				</Empty>
			</Panel>
		);
	return (
		<Panel
			title="Validation"
			wide
			note={`${ago(validation.validated_at)}, ${count(validation.rows)} rows of ${validation.source}: ${validation.errors} errors, ${validation.warnings} warnings.`}
		>
			{validation.findings.length === 0 ? (
				<p>
					<Badge tone="good">The rows keep the contract</Badge>
				</p>
			) : (
				<Table<Finding>
					caption="Findings of the last validation"
					rows={validation.findings}
					keyOf={(row, index) => `${index} ${row.check_name}`}
					columns={[
						{ head: "Check", rowHead: true, cell: (row) => words(row.check_name) },
						{
							head: "Severity",
							cell: (row) => <Badge tone={tone[row.severity] ?? "neutral"}>{row.severity}</Badge>,
						},
						{ head: "Rows", number: true, cell: (row) => count(row.rows) },
						{ head: "Share", number: true, cell: (row) => percent(row.share) },
						{ head: "Detail", wrap: true, cell: (row) => row.detail },
						{ head: "Example", wrap: true, cell: (row) => row.example },
					]}
				/>
			)}
		</Panel>
	);
}

type Cost = "image" | "training" | "prediction";
const costs: Record<
	Cost,
	{ label: string; of: (version: Version) => number | null; format: (value: number) => string; name: string }
> = {
	prediction: {
		label: "Latency",
		of: (version) => version.prediction_seconds,
		format: seconds,
		name: "time of a prediction",
	},
	image: { label: "Size", of: (version) => version.image_bytes, format: bytes, name: "size" },
	training: {
		label: "Training",
		of: (version) => version.seconds,
		format: seconds,
		name: "time of training",
	},
};

function Trade(props: { versions: Version[]; current: number | null }) {
	const known = (name: Cost) => props.versions.filter((version) => (costs[name].of(version) ?? 0) > 0).length;
	const available = (Object.keys(costs) as Cost[]).filter((name) => known(name) > 0);
	// the one that most versions have
	const first = [...available].sort((a, b) => known(b) - known(a))[0];
	const [wanted, setWanted] = useState<Cost>();
	const chosen = wanted ?? first ?? "image";
	const cost = costs[chosen];
	const measured = props.versions
		.map((version) => ({
			version,
			cost: cost.of(version) ?? 0,
			quality: version.macro_f1 ?? version.f1 ?? NaN,
		}))
		.filter((point) => point.cost > 0 && Number.isFinite(point.quality));
	const front = paretoFront(measured);
	const best = measured.filter((_, i) => front[i]);
	return (
		<Panel
			title="Quality against cost"
			wide
			note={`On the Pareto front, no other version is at least as good for less. The ring marks the version that answers. Latency is known of versions that have answered. ${rowSets(measured.map((point) => point.version))}`.trim()}
			actions={
				<Choice
					legend="Cost"
					value={chosen}
					options={available.map((name) => ({ value: name, label: costs[name].label }))}
					onChange={setWanted}
				/>
			}
		>
			{measured.length === 0 ? (
				<Empty title="No version has both figures yet" />
			) : (
				<ScatterChart
					title={`Macro F1 against ${cost.name}`}
					summary={`${best.length} of ${measured.length} versions are on the Pareto front: ${best.map((point) => `version ${point.version.version}`).join(", ")}.`}
					points={measured.map((point, i) => ({
						name: `v${point.version.version}`,
						x: point.cost,
						y: point.quality,
						front: front[i] ?? false,
						current: point.version.version === props.current,
					}))}
					xName={cost.name}
					yName="macro F1"
					xFormat={cost.format}
					yFormat={metric}
				/>
			)}
			{measured.length > 0 && (
				<Table
					caption="Versions with their quality and cost"
					rows={measured.map((point, i) => ({ ...point, front: front[i] ?? false }))}
					keyOf={(row) => row.version.version}
					columns={[
						{ head: "Version", rowHead: true, cell: (row) => `Version ${row.version.version}` },
						{ head: "Kind", cell: (row) => words(row.version.kind) },
						{ head: "Macro F1", number: true, cell: (row) => metric(row.quality) },
						{ head: "A prediction", number: true, cell: (row) => seconds(row.version.prediction_seconds) },
						{ head: "Size", number: true, cell: (row) => bytes(row.version.image_bytes) },
						{ head: "Training", number: true, cell: (row) => seconds(row.version.seconds) },
						{ head: "On the front", cell: (row) => (row.front ? <Badge tone="good">yes</Badge> : "no") },
					]}
				/>
			)}
		</Panel>
	);
}

export function OperationsView(props: ViewProps) {
	const { model } = props;
	const quoted = model.model.replaceAll("'", "''");
	const operations = useResource<OperationsAnswer>(pathOf("api/operations", { model: model.model }), 10);
	const versions = useResource<VersionsAnswer>(pathOf("api/versions", { model: model.model }), 30);
	return (
		<div class="panels">
			<Loaded resource={operations}>
				{({ jobs, retrainings, runs, validation }) => (
					<>
						<Jobs jobs={jobs} model={quoted} />
						<Retrainings retrainings={retrainings} model={quoted} />
						<Runs runs={runs} model={quoted} />
						<LastValidation validation={validation} model={quoted} />
						<Loaded resource={versions}>
							{(answer) => <Trade versions={answer.versions} current={model.deployed_version} />}
						</Loaded>
					</>
				)}
			</Loaded>
		</div>
	);
}
