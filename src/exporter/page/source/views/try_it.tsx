import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import type { ViewProps } from "../application.tsx";
import { Details, Panel, Problem, Table } from "../components.tsx";
import { attribute, type Contribution } from "../contributions.ts";
import { percent, signed } from "../format.ts";
import { predict, type Prediction } from "../prediction.ts";
import { passes, RequestError } from "../request.ts";

const examples = [
	"Delicious! My kids love them, will buy again.",
	"Arrived stale and far too salty. Do not waste your money.",
	"The taste is fine, but the price is a joke.",
];
const pause = 180; // milliseconds without a key after which is asked
const quietPause = 900; // and after which the answer is read out
const longest = 10_000;

/** The answer to a text, asked for once typing pauses; an answer to an older text is never shown. */
function usePrediction(model: string, text: string) {
	const [state, setState] = useState<{
		text: string;
		prediction?: Prediction;
		error?: RequestError;
		busy: boolean;
	}>({
		text: "",
		busy: false,
	});
	const [turn, setTurn] = useState(0);
	useEffect(() => {
		if (text.trim() === "") {
			setState({ text, busy: false });
			return;
		}
		const controller = new AbortController();
		let again: ReturnType<typeof setTimeout> | undefined;
		setState((before) => ({ ...before, busy: true }));
		const timer = setTimeout(() => {
			predict(model, text, controller.signal).then(
				(prediction) => setState({ text, prediction, busy: false }),
				(error: unknown) => {
					if (controller.signal.aborted) return;
					const problem = error instanceof RequestError ? error : new RequestError(0, String(error));
					setState((before) => ({ ...before, error: problem, busy: false }));
					if (passes(problem)) again = setTimeout(() => setTurn((n) => n + 1), 2000);
				},
			);
		}, pause);
		return () => {
			clearTimeout(timer);
			clearTimeout(again);
			controller.abort();
		};
	}, [model, text, turn]);
	return { ...state, retry: () => setTurn((n) => n + 1) };
}

/** A text that follows another one once it rests. */
function useRested(text: string, milliseconds: number): string {
	const [rested, setRested] = useState(text);
	useEffect(() => {
		const timer = setTimeout(() => setRested(text), milliseconds);
		return () => clearTimeout(timer);
	}, [text, milliseconds]);
	return rested;
}

/** Seven steps, from strongly against (-3) to strongly for (3). */
function stepOf(contribution: number, largest: number): number {
	if (largest === 0) return 0;
	const part = contribution / Math.max(largest, 0.05);
	const size = Math.abs(part) < 0.04 ? 0 : Math.abs(part) < 0.25 ? 1 : Math.abs(part) < 0.6 ? 2 : 3;
	return Math.sign(part) * size;
}

const stepClass = (step: number): string =>
	step === 0 ? "word" : step > 0 ? `word for-${step}` : `word against-${-step}`;

function Words(props: { text: string; label: string; contributions: Contribution[] }) {
	const { pieces, elsewhere, largest } = useMemo(
		() => attribute(props.text, props.contributions),
		[props.text, props.contributions],
	);
	const intercept = elsewhere.find((part) => part.term === "(intercept)");
	const rest = elsewhere.filter((part) => part !== intercept && Math.abs(part.contribution) >= 0.005);
	return (
		<>
			<p class="words" aria-label="The text with what each word adds">
				{pieces.map((piece, i) => {
					if (piece.contribution === null) return <span key={i}>{piece.text}</span>;
					const step = stepOf(piece.contribution, largest);
					return (
						<span key={i} class={stepClass(step)} title={`${piece.text}: ${signed(piece.contribution)}`}>
							{piece.text}
							{step !== 0 && <span class="hidden"> ({signed(piece.contribution)}) </span>}
						</span>
					);
				})}
			</p>
			<div class="scale" aria-hidden="true">
				<span>against “{props.label}”</span>
				<span class="scale-steps">
					{[-3, -2, -1, 0, 1, 2, 3].map((step) => (
						<span key={step} class={stepClass(step)} />
					))}
				</span>
				<span>for “{props.label}”</span>
			</div>
			<p class="note">
				What a word adds to the output for “{props.label}” (up to {signed(largest)}); runs of words are shared
				out to their words.
				{intercept && ` Before any word, the model starts at ${signed(intercept.contribution)}.`}
				{rest.length > 0 &&
					` Besides the words: ${rest.map((part) => `${part.term} ${signed(part.contribution)}`).join(", ")}.`}
			</p>
		</>
	);
}

function Terms(props: { contributions: Contribution[]; label: string }) {
	const largest = Math.max(...props.contributions.map((part) => Math.abs(part.contribution)));
	return (
		<Table
			caption={`Terms and what they add for ${props.label}`}
			rows={props.contributions}
			keyOf={(row, index) => `${index} ${row.term}`}
			columns={[
				{ head: "Term", cell: (row) => row.term, rowHead: true, wrap: true },
				{
					head: "Weight",
					cell: (row) => (row.weight === null ? undefined : signed(row.weight)),
					number: true,
				},
				{ head: "Contribution", cell: (row) => signed(row.contribution), number: true },
				{
					head: "Size",
					cell: (row) => (
						<span class="balance" aria-hidden="true">
							<span
								class={row.contribution < 0 ? "against" : "for"}
								style={{ "--part": String(largest > 0 ? Math.abs(row.contribution) / largest : 0) }}
							/>
						</span>
					),
				},
			]}
		/>
	);
}

function Answer(props: { text: string; prediction: Prediction }) {
	const { prediction, text } = props;
	const sorted = [...prediction.probabilities].sort((a, b) => b.probability - a.probability);
	const shown = sorted.slice(0, 8);
	return (
		<>
			<p class="verdict">
				<span class="verdict-label">{prediction.label}</span>
				<span class="verdict-probability">{percent(prediction.probability)}</span>
			</p>
			<dl class="probabilities">
				{shown.map((entry) => (
					<div key={entry.label} class={entry.label === prediction.label ? "chosen" : ""}>
						<dt>{entry.label}</dt>
						<dd>
							<span class="bar" aria-hidden="true">
								<span style={{ "--part": String(entry.probability) }} />
							</span>
							<span class="number">{percent(entry.probability)}</span>
						</dd>
					</div>
				))}
			</dl>
			{sorted.length > shown.length && (
				<p class="note">And {sorted.length - shown.length} labels that are less probable.</p>
			)}
			{prediction.warnings.length > 0 && (
				<ul class="warnings">
					{prediction.warnings.map((warning) => (
						<li key={warning}>{warning}</li>
					))}
				</ul>
			)}
			{prediction.contributions && prediction.contributions.length > 0 && (
				<>
					<h3>Word by word</h3>
					<Words text={text} label={prediction.label} contributions={prediction.contributions} />
					<Details summary={`All ${prediction.contributions.length} terms with their figures`}>
						{() => <Terms contributions={prediction.contributions!} label={prediction.label} />}
					</Details>
				</>
			)}
		</>
	);
}

export function TryView(props: ViewProps) {
	const { model } = props;
	const id = useId();
	const field = useRef<HTMLTextAreaElement>(null);
	const [text, setText] = useState(examples[0]!);
	const { prediction, error, busy, text: answered, retry } = usePrediction(model.model, text);
	const spoken = useRested(
		prediction ? `${prediction.label}, ${percent(prediction.probability)}` : "",
		quietPause,
	);
	const answering = prediction?.version ?? model.deployed_version;

	return (
		<div class="two-columns">
			<Panel title="Review">
				<label class="hidden" for={id}>
					Review
				</label>
				<textarea
					id={id}
					ref={field}
					rows={7}
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
						{answering !== null && answering !== undefined && `, version ${answering}`}
						{model.kind && ` · ${model.kind.replaceAll("_", " ")}`}
					</span>
					<span>
						{text.length.toLocaleString("en")} / {longest.toLocaleString("en")}
					</span>
				</p>
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
			<Panel title="Answer">
				<div class="answer" aria-busy={busy}>
					{error && <Problem error={error} retry={retry} />}
					{prediction ? (
						<Answer text={answered} prediction={prediction} />
					) : (
						!error && (
							<p class="empty-title">
								{text.trim() === "" ? "Type a review: the answer appears here as you type." : "…"}
							</p>
						)
					)}
				</div>
				<p class="hidden" role="status">
					{spoken}
				</p>
			</Panel>
		</div>
	);
}
