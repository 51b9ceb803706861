import type { ViewProps } from "../application.tsx";
import { Choice, Empty, Loaded, Panel, Table, Tile, Tiles } from "../components.tsx";
import { ago, count, figure, moment, pValue } from "../format.ts";
import { pathOf, useResource } from "../request.ts";
import { hashOf } from "../routing.ts";
import type { DriftAnswer, DriftReport } from "../types.ts";
import { Bins, Course, findingKey, Findings, sortedFindings, Verdict } from "./drift_parts.tsx";
import { LiveDrift } from "./live_drift.tsx";

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

/** The reports that are stored. */
function StoredReports(props: ViewProps) {
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
				const findings = sortedFindings(
					answer.features.filter((finding) => finding.report_id === chosen.report_id),
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
							<Findings
								caption="Findings of this report, the strongest first"
								findings={findings}
								shown={shown}
								hrefOf={(row) =>
									hashOf("drift", {
										model: model.model,
										report: route.parameters.report,
										finding: findingKey(row),
									})
								}
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

const live = "live";

export function DriftView(props: ViewProps) {
	const { model, route } = props;
	const source = route.parameters.source === live ? live : "stored";
	return (
		<>
			<div class="view-choice">
				<Choice
					legend="What is compared with the training"
					value={source}
					options={[
						{ value: "stored", label: "Stored reports" },
						{ value: live, label: "Live traffic" },
					]}
					onChange={(value) => {
						location.hash = hashOf("drift", { model: model.model, source: value === live ? live : null });
					}}
				/>
			</div>
			{source === live ? <LiveDrift {...props} /> : <StoredReports {...props} />}
		</>
	);
}
