import { useId } from "preact/hooks";
import type { ViewProps } from "../application.tsx";
import { Empty, Loaded, Panel, Tile, Tiles } from "../components.tsx";
import { ago, count, figure, moment, pValue, words } from "../format.ts";
import { pathOf, useResource } from "../request.ts";
import { hashOf } from "../routing.ts";
import type { DriftAnswer, DriftFinding, DriftReport, LiveDriftAnswer } from "../types.ts";
import { versionOf } from "../version_choice.tsx";
import { Bins, Course, findingKey, Findings, sortedFindings, Verdict } from "./drift_parts.tsx";

const every = 15; // seconds

/** The versions that were asked; to see another one's traffic. */
function TrafficChoice(props: { answer: LiveDriftAnswer; onChange: (version: number) => void }) {
	const id = useId();
	const { versions, version } = props.answer;
	if (versions.length < 2) return null;
	return (
		<div class="version-choice">
			<label for={id}>Traffic of</label>
			<select
				id={id}
				value={String(version)}
				onChange={(event) => props.onChange(Number(event.currentTarget.value))}
			>
				{versions.map((entry) => (
					<option key={entry.version} value={String(entry.version)}>
						version {entry.version} · {count(entry.predictions)} predictions
					</option>
				))}
			</select>
		</div>
	);
}

/** Why live traffic cannot be compared. */
function Nothing(props: { answer: LiveDriftAnswer; quoted: string }) {
	const { answer, quoted } = props;
	if (!answer.counted)
		return (
			<Empty
				title="Predictions are not counted on this server"
				sql={"ALTER SYSTEM SET shared_preload_libraries = 'sentiment';\n-- then restart the server"}
			>
				Live traffic lives in shared memory, which the extension gets when the server starts.
			</Empty>
		);
	if (answer.version === null)
		return <Empty title="No version is deployed" sql={`SELECT sentiment_deploy('${quoted}', 1);`} />;
	return (
		<Empty title={`Version ${answer.version} has no reference`}>
			No row was held out when it was trained: there is nothing to compare its traffic with.
		</Empty>
	);
}

/** Whether a report is of live traffic against a version. */
const isLive =
	(version: number) =>
	(report: DriftReport): boolean =>
		report.source === null && report.version === version;

/** A feature over the stored reports of live traffic up to now, and its bins in the last one of them. */
function Shown(props: {
	model: string;
	finding: DriftFinding;
	version: number;
	stored: DriftAnswer | undefined;
}) {
	const { model, finding, version, stored } = props;
	const reports = stored?.reports.filter(isLive(version)) ?? [];
	const newest = reports[0];
	const quoted = model.replaceAll("'", "''");
	return (
		<>
			<Panel title="Over time">
				{stored && <Course finding={finding} answer={stored} among={isLive(version)} now={Date.now()} />}
			</Panel>
			<Panel
				title="Reference against live traffic"
				note={newest && `As the report of ${moment(newest.checked_at)} has it.`}
			>
				{newest ? (
					<Bins model={model} report={newest} finding={finding} />
				) : (
					<Empty
						title="No report of live traffic is stored yet"
						sql={`SELECT * FROM sentiment_check_drift('${quoted}', version => ${version});`}
					>
						Bins, and a course over time, are kept with stored reports; a schedule makes them a habit.
					</Empty>
				)}
			</Panel>
		</>
	);
}

/** What the predictions of a version see now, against the held-out rows of its training. */
export function LiveDrift(props: ViewProps) {
	const { model, route } = props;
	const version = versionOf(route.parameters.version);
	const place = (parameters: Record<string, string | number | null | undefined>) =>
		hashOf("drift", { model: model.model, source: "live", version, ...parameters });
	const resource = useResource<LiveDriftAnswer>(
		pathOf("api/live_drift", { model: model.model, version }),
		every,
	);
	const stored = useResource<DriftAnswer>(pathOf("api/drift", { model: model.model }), 60).data;
	const quoted = model.model.replaceAll("'", "''");
	return (
		<Loaded resource={resource}>
			{(answer) => {
				const { features } = answer;
				if (features === null || answer.version === null) return <Nothing answer={answer} quoted={quoted} />;
				const verdict = features.find((finding) => finding.statistic === "holm");
				const all = sortedFindings(features);
				const findings = all.filter((finding) => finding.value !== null);
				const unseen = [
					...new Set(all.filter((finding) => finding.value === null).map(({ feature }) => feature)),
				].filter((feature) => findings.every((finding) => finding.feature !== feature));
				const traffic = answer.versions.find((entry) => entry.version === answer.version);
				const shown =
					findings.find((finding) => findingKey(finding) === route.parameters.finding) ?? findings[0];
				return (
					<div class="panels">
						<Panel
							title="Live traffic"
							wide
							note={`What predictions have seen since counting began, without a stored report; asked anew every ${every} seconds. No text is kept: one prediction in 64 goes into histograms.`}
							actions={
								<TrafficChoice
									answer={answer}
									onChange={(chosen) => {
										location.hash = place({ version: chosen });
									}}
								/>
							}
						>
							<Tiles>
								<Tile label="Live traffic is" value={<Verdict drifted={verdict?.drifted ?? null} />} />
								<Tile
									label="Findings"
									value={`${verdict?.value ?? 0} of ${findings.length}`}
									note="tests that found drift"
								/>
								<Tile
									label="p-value"
									value={pValue(verdict?.p_value)}
									note={`corrected by Holm, at level ${figure(verdict?.threshold)}`}
								/>
								<Tile
									label="Predictions"
									value={count(traffic?.predictions ?? 0)}
									note={traffic ? `since ${ago(traffic.since)}` : "none yet"}
								/>
								<Tile
									label="Reference"
									value={`version ${answer.version}`}
									note={`${count(answer.reference_rows)} held-out rows`}
								/>
							</Tiles>
						</Panel>
						<Panel
							title="Features"
							wide
							note="A feature has drifted if it moved by more than its threshold and more than chance explains. Choose one to see it below."
						>
							{findings.length > 0 ? (
								<Findings
									caption="Findings of live traffic, the strongest first"
									findings={findings}
									shown={shown}
									hrefOf={(row) => place({ finding: findingKey(row) })}
								/>
							) : (
								<Empty title="Too few predictions were sampled yet" />
							)}
							{unseen.length > 0 && (
								<p class="note">Not compared in live traffic: {unseen.map(words).join(", ")}.</p>
							)}
						</Panel>
						{shown && <Shown model={model.model} finding={shown} version={answer.version} stored={stored} />}
					</div>
				);
			}}
		</Loaded>
	);
}
