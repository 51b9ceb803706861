import { useId, useRef, useState } from "preact/hooks";
import { Answer } from "../answer.tsx";
import type { ViewProps } from "../application.tsx";
import { Comparison } from "../comparison.tsx";
import { Panel, Problem } from "../components.tsx";
import { percent, words } from "../format.ts";
import type { Prediction } from "../prediction.ts";
import { pathOf, useResource } from "../request.ts";
import { hashOf } from "../routing.ts";
import type { VersionsAnswer } from "../types.ts";
import { type Answered, usePrediction, useRested } from "../use_prediction.ts";
import { VersionChoice, versionOf } from "../version_choice.tsx";

const examples = [
	"Delicious! My kids love them, will buy again.",
	"Arrived stale and far too salty. Do not waste your money.",
	"The taste is fine, but the price is a joke.",
];
const quietPause = 900; // milliseconds without a key after which the answer is read out
const longest = 10_000;

/** An answer in words, for screen readers. */
const spokenOf = (prediction: Prediction | undefined): string =>
	prediction ? `${prediction.label}, ${percent(prediction.probability)}` : "";

/** One version's answer, or what is in its way. */
function AnswerPanel(props: { title: string; note?: string; answered: Answered; typed: boolean }) {
	const { prediction, error, busy, text, retry } = props.answered;
	return (
		<Panel title={props.title} note={props.note}>
			<div class="answer" aria-busy={busy}>
				{error && <Problem error={error} retry={retry} />}
				{prediction ? (
					<Answer text={text} prediction={prediction} />
				) : (
					!error && (
						<p class="empty-title">
							{props.typed ? "…" : "Type a review: the answer appears here as you type."}
						</p>
					)
				)}
			</div>
		</Panel>
	);
}

/** Two answers to the same text. While one of them is still of the text before, the last pair stays. */
function usePair(first: Answered, second: Answered): { one: Prediction; other: Prediction } | null {
	const pair = useRef<{ one: Prediction; other: Prediction } | null>(null);
	if (!first.prediction || !second.prediction) pair.current = null;
	else if (first.text === second.text) pair.current = { one: first.prediction, other: second.prediction };
	return pair.current;
}

export function TryView(props: ViewProps) {
	const { model, route } = props;
	const id = useId();
	const field = useRef<HTMLTextAreaElement>(null);
	const [text, setText] = useState(examples[0]!);
	const version = versionOf(route.parameters.version);
	const against = versionOf(route.parameters.against);
	const versions = useResource<VersionsAnswer>(pathOf("api/versions", { model: model.model }), 60).data
		?.versions;
	const first = usePrediction(model.model, version, text);
	const second = usePrediction(model.model, against, against === null ? "" : text);
	const pair = usePair(first, second);
	const spoken = useRested(
		against === null
			? spokenOf(first.prediction)
			: pair
				? `version ${pair.one.version}: ${spokenOf(pair.one)}; version ${pair.other.version}: ${spokenOf(pair.other)}`
				: "",
		quietPause,
	);
	const answering = version ?? first.prediction?.version ?? model.deployed_version;
	const typed = text.trim() !== "";
	const go = (parameters: { version?: number | null; against?: number | null }) => {
		location.hash = hashOf("try", { model: model.model, version, against, ...parameters });
	};
	const noteOf = (number: number | null): string => {
		const found = versions?.find((candidate) => candidate.version === number);
		return found ? `${words(found.kind)}${found.stage ? ` · ${found.stage}` : ""}` : "";
	};

	return (
		<div class="two-columns">
			<Panel title="Review" wide={against !== null}>
				<label class="hidden" for={id}>
					Review
				</label>
				<textarea
					id={id}
					ref={field}
					rows={against === null ? 7 : 4}
					value={text}
					maxLength={longest}
					spellcheck={false}
					placeholder="Type or paste a review"
					aria-describedby={`${id}-note`}
					onInput={(event) => setText(event.currentTarget.value)}
				/>
				<p id={`${id}-note`} class="note row spread">
					<span>
						{model.model}
						{answering !== null && `, version ${answering}`}
						{noteOf(answering) && ` · ${noteOf(answering)}`}
					</span>
					<span>
						{text.length.toLocaleString("en")} / {longest.toLocaleString("en")}
					</span>
				</p>
				<div class="version-choices">
					<VersionChoice
						label="Version"
						none={
							model.deployed_version === null
								? "what is deployed: nothing yet"
								: `what answers: version ${model.deployed_version}`
						}
						versions={versions}
						value={version}
						onChange={(chosen) => go({ version: chosen })}
					/>
					<VersionChoice
						label="Compare with"
						none="no other version"
						versions={versions}
						value={against}
						onChange={(chosen) => go({ against: chosen })}
					/>
				</div>
				<div class="examples">
					<span id={`${id}-examples`} class="note">
						Examples
					</span>
					<ul aria-labelledby={`${id}-examples`}>
						{examples.map((example) => (
							<li key={example}>
								<button
									type="button"
									class="quiet"
									onClick={() => {
										setText(example);
										field.current?.focus();
									}}
								>
									{example}
								</button>
							</li>
						))}
					</ul>
				</div>
			</Panel>
			{against === null ? (
				<AnswerPanel title="Answer" answered={first} typed={typed} />
			) : (
				<>
					<AnswerPanel
						title={answering === null ? "Answer" : `Version ${answering}`}
						note={noteOf(answering)}
						answered={first}
						typed={typed}
					/>
					<AnswerPanel
						title={`Version ${against}${against === answering ? " again" : ""}`}
						note={noteOf(against)}
						answered={second}
						typed={typed}
					/>
					{pair && (
						<Panel title="Beside each other" wide>
							<Comparison {...pair} />
						</Panel>
					)}
				</>
			)}
			<p class="hidden" role="status">
				{spoken}
			</p>
		</div>
	);
}
