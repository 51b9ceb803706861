import { compareLabels, compareTerms, difference } from "./compare.ts";
import { Badge, Details, Table } from "./components.tsx";
import { percent, signed, signedPoints } from "./format.ts";
import type { Prediction } from "./prediction.ts";

const nameOf = (prediction: Prediction): string => `Version ${prediction.version ?? "?"}`;

/** Two versions' answers to one text, in figures. */
export function Comparison(props: { one: Prediction; other: Prediction }) {
	const { one, other } = props;
	const labels = compareLabels(one, other);
	const shown = labels.slice(0, 8);
	const agree = one.label === other.label;
	return (
		<>
			<p class="row">
				{agree ? <Badge tone="good">both say {one.label}</Badge> : <Badge tone="warning">they differ</Badge>}
				<span class="note">
					{nameOf(one)}: {one.label}, {percent(one.probability)}. {nameOf(other)}: {other.label},{" "}
					{percent(other.probability)}.
				</span>
			</p>
			<Table
				caption="Probability of each label by both versions"
				rows={shown}
				keyOf={(row) => row.label}
				columns={[
					{ head: "Label", rowHead: true, wrap: true, cell: (row) => row.label },
					{ head: nameOf(one), number: true, cell: (row) => percent(row.one) },
					{
						// the same version twice is still two columns
						head: one.version === other.version ? `${nameOf(other)} again` : nameOf(other),
						number: true,
						cell: (row) => percent(row.other),
					},
					{ head: "Difference", number: true, cell: (row) => signedPoints(difference(row)) },
				]}
			/>
			{labels.length > shown.length && (
				<p class="note">And {labels.length - shown.length} labels that differ less.</p>
			)}
			{agree && one.contributions && other.contributions && (
				<Details summary={`Terms that speak for ${one.label}, beside each other`}>
					{() => (
						<Table
							caption={`What terms add for ${one.label} in both versions, the most different first`}
							rows={compareTerms(one.contributions!, other.contributions!)}
							keyOf={(row) => row.term}
							columns={[
								{ head: "Term", rowHead: true, wrap: true, cell: (row) => row.term },
								{
									head: nameOf(one),
									number: true,
									cell: (row) => (row.one === null ? undefined : signed(row.one)),
								},
								{
									head: one.version === other.version ? `${nameOf(other)} again` : nameOf(other),
									number: true,
									cell: (row) => (row.other === null ? undefined : signed(row.other)),
								},
								{ head: "Difference", number: true, cell: (row) => signed(difference(row)) },
							]}
						/>
					)}
				</Details>
			)}
		</>
	);
}
