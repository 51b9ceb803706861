import { useId } from "preact/hooks";
import { metric, words } from "./format.ts";
import type { Version } from "./types.ts";

/** Why a version cannot be asked; empty if it can. */
const obstacle = (version: Version): string =>
	version.may_ask ? "" : version.retired ? "retired" : "needs the privilege train";

/** A version as a line of a list. */
function lineOf(version: Version): string {
	return [
		`version ${version.version}`,
		version.stage ?? "",
		words(version.kind),
		version.f1 === null ? "" : `F1 ${metric(version.f1)}`,
		obstacle(version),
	]
		.filter((part) => part !== "")
		.join(" · ");
}

/** A list of a model's versions; before them one entry without a version. */
export function VersionChoice(props: {
	label: string;
	/** What the entry without a version says. */
	none: string;
	versions: Version[] | undefined;
	value: number | null;
	onChange: (version: number | null) => void;
}) {
	const id = useId();
	const { value, versions = [] } = props;
	return (
		<div class="version-choice">
			<label for={id}>{props.label}</label>
			<select
				id={id}
				value={value === null ? "" : String(value)}
				onChange={(event) => props.onChange(versionOf(event.currentTarget.value))}
			>
				<option value="">{props.none}</option>
				{value !== null && versions.every((version) => version.version !== value) && (
					<option value={String(value)}>version {value}</option>
				)}
				{versions.map((version) => (
					<option
						key={version.version}
						value={String(version.version)}
						disabled={!version.may_ask && version.version !== value}
					>
						{lineOf(version)}
					</option>
				))}
			</select>
		</div>
	);
}

/** The number of a version as an address or a list has it; null for none. */
export function versionOf(text: string | undefined): number | null {
	return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}
