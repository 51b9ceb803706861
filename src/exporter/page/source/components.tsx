import type { ComponentChildren, TargetedEvent } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { nothing } from "./format.ts";
import { passes, type RequestError, type Resource, setToken, token } from "./request.ts";

export function Panel(props: {
	title: string;
	note?: ComponentChildren;
	actions?: ComponentChildren;
	children: ComponentChildren;
	wide?: boolean;
}) {
	const id = useId();
	return (
		<section class={props.wide ? "panel wide" : "panel"} aria-labelledby={id}>
			<div class="panel-head">
				<h2 id={id}>{props.title}</h2>
				{props.actions}
			</div>
			{props.note && <p class="note">{props.note}</p>}
			{props.children}
		</section>
	);
}

/** A column of a table: its head, what a row shows there, and whether that is a number. */
export interface Column<Row> {
	head: string;
	cell: (row: Row) => ComponentChildren;
	number?: boolean;
	rowHead?: boolean;
	wrap?: boolean;
}

export function Table<Row>(props: {
	caption: string;
	columns: Column<Row>[];
	rows: Row[];
	keyOf: (row: Row, index: number) => string | number;
	current?: (row: Row) => boolean;
	showCaption?: boolean;
}) {
	return (
		<div class="table-frame" role="group" aria-label={props.caption} tabIndex={0}>
			<table>
				<caption class={props.showCaption ? "" : "hidden"}>{props.caption}</caption>
				<thead>
					<tr>
						{props.columns.map((column) => (
							<th key={column.head} scope="col" class={column.number ? "number" : ""}>
								{column.head}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{props.rows.map((row, index) => (
						<tr key={props.keyOf(row, index)} class={props.current?.(row) ? "current" : ""}>
							{props.columns.map((column) => {
								const content = column.cell(row) ?? nothing;
								const name = `${column.number ? "number" : ""} ${column.wrap ? "wrap" : ""}`.trim();
								return column.rowHead ? (
									<th key={column.head} scope="row" class={name}>
										{content}
									</th>
								) : (
									<td key={column.head} class={name}>
										{content}
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

/** Details whose content is made only when it is looked at. */
export function Details(props: { summary: string; children: () => ComponentChildren; open?: boolean }) {
	const [open, setOpen] = useState(props.open ?? false);
	return (
		<details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
			<summary>{props.summary}</summary>
			{open && props.children()}
		</details>
	);
}

/** SQL to take away. */
export function Sql(props: { children: string }) {
	const [copied, setCopied] = useState(false);
	const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
	useEffect(() => () => clearTimeout(timer.current), []);
	const copy = () =>
		void navigator.clipboard?.writeText(props.children).then(() => {
			setCopied(true);
			clearTimeout(timer.current);
			timer.current = setTimeout(() => setCopied(false), 2000);
		});
	return (
		<div class="sql">
			<pre tabIndex={0} aria-label="SQL">
				<code>{props.children}</code>
			</pre>
			{"clipboard" in navigator && (
				<button type="button" class="quiet" onClick={copy} aria-live="polite">
					{copied ? "Copied" : "Copy"}
				</button>
			)}
		</div>
	);
}

/** Nothing is there yet: what to do about it. */
export function Empty(props: { title: string; children?: ComponentChildren; sql?: string }) {
	return (
		<div class="empty">
			<p class="empty-title">{props.title}</p>
			{props.children && <p>{props.children}</p>}
			{props.sql && <Sql>{props.sql}</Sql>}
		</div>
	);
}

/** A short word with a meaning: a stage, a status, a verdict. The mark tells it without colour. */
export function Badge(props: {
	tone: "good" | "bad" | "warning" | "neutral" | "accent";
	children: ComponentChildren;
}) {
	const marks = { good: "✓", bad: "✕", warning: "!", neutral: "", accent: "●" };
	return (
		<span class={`badge ${props.tone}`}>
			{marks[props.tone] && <span aria-hidden="true">{marks[props.tone]} </span>}
			{props.children}
		</span>
	);
}

export function Tile(props: { label: string; value: ComponentChildren; note?: ComponentChildren }) {
	return (
		<div class="tile">
			<dt>{props.label}</dt>
			<dd>
				<span class="tile-value">{props.value}</span>
				{props.note && <span class="tile-note">{props.note}</span>}
			</dd>
		</div>
	);
}

export const Tiles = (props: { children: ComponentChildren }) => <dl class="tiles">{props.children}</dl>;

function TokenForm(props: { wrong: boolean }) {
	const id = useId();
	const submit = (event: TargetedEvent<HTMLFormElement>) => {
		event.preventDefault();
		setToken(String(new FormData(event.currentTarget).get("token") ?? "").trim());
	};
	return (
		<form class="token-form" onSubmit={submit}>
			<label for={id}>Bearer token</label>
			<div class="row">
				<input
					id={id}
					name="token"
					type="password"
					autocomplete="off"
					required
					aria-describedby={`${id}-note`}
				/>
				<button type="submit">Continue</button>
			</div>
			<p id={`${id}-note`} class="note">
				{props.wrong ? "The exporter did not accept this token. " : ""}The one with which the exporter was
				started. It stays in this tab, and is forgotten when the tab is closed.
			</p>
		</form>
	);
}

function titleOf(error: RequestError): string {
	if (error.status === 0) return "The exporter does not answer";
	if (error.status === 429) return "Too many requests";
	if (error.status === 404) return "It is not there";
	const titles: Record<string, string> = {
		database_unavailable: "The database does not answer",
		database_timeout: "The database takes too long",
		model_unavailable: "No model answers",
		extension_missing: "The database has no extension sentiment, or an older one",
		overloaded: "The exporter has too much to do",
		forbidden: "The exporter's role may not do that",
	};
	return titles[error.code] ?? "That did not work";
}

/** What an error means, and what to do. */
export function Problem(props: { error: RequestError; retry?: () => void }) {
	const { error } = props;
	if (error.status === 401)
		return (
			<div class="problem token" role="alert">
				<p class="empty-title">This exporter wants a token</p>
				<TokenForm wrong={token() !== ""} />
			</div>
		);
	return (
		<div class="problem" role="alert">
			<p class="empty-title">{titleOf(error)}</p>
			<p>
				{error.message && `${error.message.replace(/[.!]?$/, ".")} `}
				{error.hint && `${error.hint} `}
				{passes(error) && "This page tries again by itself."}
			</p>
			{error.code === "extension_missing" && (
				<Sql>{"CREATE EXTENSION sentiment;\nALTER EXTENSION sentiment UPDATE;"}</Sql>
			)}
			{props.retry && (
				<button type="button" onClick={props.retry}>
					Try again
				</button>
			)}
		</div>
	);
}

/** A resource's content; until it is there, a place of about its height. */
export function Loaded<T>(props: { resource: Resource<T>; children: (data: T) => ComponentChildren }) {
	const { data, error, reload } = props.resource;
	return (
		<>
			{error && <Problem error={error} retry={reload} />}
			{data !== undefined && error?.status !== 401
				? props.children(data)
				: !error && <div class="loading" role="status" aria-label="Loading" />}
		</>
	);
}

/** Choices of which one holds, as radio buttons. */
export function Choice<T extends string>(props: {
	legend: string;
	value: T;
	options: { value: T; label: string }[];
	onChange: (value: T) => void;
}) {
	const name = useId();
	return (
		<fieldset class="choice">
			<legend class="hidden">{props.legend}</legend>
			{props.options.map((option) => (
				<label key={option.value}>
					<input
						type="radio"
						name={name}
						value={option.value}
						checked={props.value === option.value}
						onChange={() => props.onChange(option.value)}
					/>
					<span>{option.label}</span>
				</label>
			))}
		</fieldset>
	);
}
