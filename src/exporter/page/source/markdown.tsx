import type { ComponentChildren } from "preact";

/**
 * The part of Markdown that model cards use, as elements: headings, paragraphs, lists, tables, code, quotes,
 * emphasis, links within the web. Nothing is ever taken for HTML.
 */
const inlinePattern =
	/(\\[\\`*_{}[\]()#+\-.!|<>~&])|(`+)(.+?)\2(?!`)|\*\*(.+?)\*\*|(?<![\w*])[*_](?![\s*_])(.+?)(?<!\s)[*_](?!\w)|\[([^\]]+)\]\((https?:\/\/[^\s)]+)\)/g;

function inline(text: string): ComponentChildren[] {
	const parts: ComponentChildren[] = [];
	let end = 0;
	for (const match of text.matchAll(inlinePattern)) {
		parts.push(text.slice(end, match.index));
		end = match.index + match[0].length;
		const [, escaped, , code, strong, emphasis, link, address] = match;
		if (escaped !== undefined) parts.push(escaped.slice(1));
		else if (code !== undefined) parts.push(<code>{code.trim()}</code>);
		else if (strong !== undefined) parts.push(<strong>{inline(strong)}</strong>);
		else if (emphasis !== undefined) parts.push(<em>{inline(emphasis)}</em>);
		else
			parts.push(
				<a href={address} rel="noopener noreferrer nofollow">
					{link}
				</a>,
			);
	}
	parts.push(text.slice(end));
	return parts;
}

const cells = (line: string): string[] =>
	line
		.trim()
		.replace(/^\||(?<!\\)\|$/g, "")
		.split(/(?<!\\)\|/)
		.map((cell) => cell.trim().replaceAll("\\|", "|"));

const isRule = (line: string | undefined): boolean =>
	line !== undefined && /^\s*\|?\s*:?-{3,}:?\s*(\|\s*:?-{3,}:?\s*)*\|?\s*$/.test(line);

function MarkdownTable(props: { lines: string[]; name: string }) {
	const [head = "", rule = "", ...body] = props.lines;
	const alignments = cells(rule).map((cell) => (cell.endsWith(":") ? "number" : ""));
	return (
		<div class="table-frame" role="group" aria-label={props.name} tabIndex={0}>
			<table>
				<thead>
					<tr>
						{cells(head).map((cell, i) => (
							<th key={i} scope="col" class={alignments[i]}>
								{cell === "" ? <span class="hidden">name</span> : inline(cell)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{body.map((line, i) => (
						<tr key={i}>
							{cells(line).map((cell, k) => (
								<td key={k} class={alignments[k]}>
									{inline(cell)}
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
}

/** `level` is that of the uppermost heading. */
export function Markdown(props: { text: string; level: number }) {
	const lines = props.text.replaceAll("\r\n", "\n").split("\n");
	const blocks: ComponentChildren[] = [];
	let heading = "Table";
	let at = 0;
	/** The lines from here on for which something holds. */
	const take = (holds: (line: string) => boolean): string[] => {
		const start = at;
		while (at < lines.length && holds(lines[at]!)) at++;
		return lines.slice(start, at);
	};
	while (at < lines.length) {
		const line = lines[at]!;
		const title = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
		if (line.trim() === "") at++;
		else if (title) {
			const level = Math.min(6, title[1]!.length + props.level - 1);
			const Heading = `h${level}` as "h2";
			heading = title[2]!;
			blocks.push(<Heading>{inline(heading)}</Heading>);
			at++;
		} else if (line.startsWith("```")) {
			at++;
			const code = take((other) => !other.startsWith("```"));
			at++;
			blocks.push(
				<pre tabIndex={0}>
					<code>{code.join("\n")}</code>
				</pre>,
			);
		} else if (line.includes("|") && isRule(lines[at + 1]))
			blocks.push(<MarkdownTable name={heading} lines={take((other) => other.includes("|"))} />);
		else if (/^\s*([-*+]|\d+[.)])\s+/.test(line)) {
			const ordered = /^\s*\d/.test(line);
			const items: string[] = [];
			for (const item of take((other) => /^\s*([-*+]|\d+[.)])\s+/.test(other) || /^\s{2,}\S/.test(other))) {
				const start = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/.exec(item);
				if (start) items.push(start[1]!);
				else items[items.length - 1] += ` ${item.trim()}`;
			}
			const content = items.map((item, i) => <li key={i}>{inline(item)}</li>);
			blocks.push(ordered ? <ol>{content}</ol> : <ul>{content}</ul>);
		} else if (line.startsWith(">"))
			blocks.push(
				<blockquote>
					<p>
						{inline(
							take((other) => other.startsWith(">"))
								.map((other) => other.replace(/^>\s?/, ""))
								.join(" "),
						)}
					</p>
				</blockquote>,
			);
		else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
			blocks.push(<hr />);
			at++;
		} else {
			const first = lines[at++]!;
			const rest = take(
				(other) =>
					other.trim() !== "" && !/^(#{1,6}\s|```|>|\s*[-*+]\s)/.test(other) && !other.startsWith("|"),
			);
			blocks.push(<p>{inline([first, ...rest].join(" "))}</p>);
		}
	}
	return <div class="markdown">{blocks}</div>;
}
