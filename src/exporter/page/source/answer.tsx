import { useMemo } from "preact/hooks";
import { Details, Table } from "./components.tsx";
import { attribute, type Contribution } from "./contributions.ts";
import { percent, signed } from "./format.ts";
import type { Prediction } from "./prediction.ts";

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

/** What a version makes of a text: its label, the probabilities, and the words coloured by what they add. */
export function Answer(props: { text: string; prediction: Prediction }) {
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
