import { useId, useState } from "preact/hooks";
import type { ViewProps } from "../application.tsx";
import { ScatterChart } from "../charts/scatter_chart.tsx";
import { Badge, Empty, Loaded, Panel, Table, Tile, Tiles } from "../components.tsx";
import { ago, bytes, count, figure, metric, nothing, seconds, words } from "../format.ts";
import { pathOf, useResource } from "../request.ts";
import { hashOf } from "../routing.ts";
import type { Search, SearchesAnswer, SearchTrial } from "../types.ts";

/** How a figure of a trial is shown. */
function shown(name: string, value: number | null | undefined): string {
	if (value === null || value === undefined) return nothing;
	if (name === "bytes") return bytes(value);
	if (name === "latency") return seconds(value / 1e6);
	return metric(value);
}

/** The value of a parameter as a number on an axis, if it is one above 0. */
function placeOf(trial: SearchTrial, parameter: string): number {
	const value = trial.params[parameter];
	return typeof value === "number" && value > 0 ? value : NaN;
}

/** What of a trial is on the x axis: a parameter, or another figure. */
interface Axis {
	name: string;
	of: (trial: SearchTrial) => number;
	format: (value: number) => string;
}

/** Parameters that were chosen from numbers, and the figures besides the first objective. */
function axesOf(search: Search): Axis[] {
	const figures = search.objectives.slice(1).map((name) => ({
		name: words(name),
		of: (trial: SearchTrial) => trial.metrics[name] ?? NaN,
		format: (value: number) => shown(name, value),
	}));
	const searched = new Set(Object.values(search.spaces).flatMap((space) => Object.keys(space)));
	const parameters = [...searched]
		.sort()
		.filter((name) => search.trials.some((trial) => Number.isFinite(placeOf(trial, name))))
		.map((name) => ({ name, of: (trial: SearchTrial) => placeOf(trial, name), format: figure }));
	return [...figures, ...parameters];
}

function Points(props: { search: Search }) {
	const { search } = props;
	const id = useId();
	const axes = axesOf(search);
	const [wanted, setWanted] = useState<string>();
	const axis = axes.find((candidate) => candidate.name === wanted) ?? axes[0];
	const objective = search.objectives[0] ?? "f1";
	if (!axis) return <Empty title="No number was searched" />;
	const points = search.trials.filter(
		(trial) => trial.state === "complete" && trial.value !== null && axis.of(trial) > 0,
	);
	const isFigure = search.objectives.slice(1).some((name) => words(name) === axis.name);
	return (
		<Panel
			title="Trials"
			wide
			note="The ring marks the best trial. The line joins trials on the Pareto front, which no other beats in all objectives."
			actions={
				<div class="version-choice">
					<label for={id}>Against</label>
					<select id={id} value={axis.name} onChange={(event) => setWanted(event.currentTarget.value)}>
						{axes.map(({ name }) => (
							<option key={name} value={name}>
								{name}
							</option>
						))}
					</select>
				</div>
			}
		>
			{points.length === 0 ? (
				<Empty title="No trial has both figures" />
			) : (
				<ScatterChart
					thing="trial"
					title={`${words(objective)} against ${axis.name}`}
					summary={`${points.length} complete trials, ${points.filter((trial) => trial.on_front).length} of them on the Pareto front.`}
					points={points.map((trial) => ({
						name: `trial ${trial.trial}`,
						x: axis.of(trial),
						y: trial.value ?? NaN,
						front: isFigure && search.objectives.length === 2 && (trial.on_front ?? false),
						current: trial.best,
					}))}
					xName={axis.name}
					yName={words(objective)}
					xFormat={axis.format}
					yFormat={(value) => shown(objective, value)}
				/>
			)}
		</Panel>
	);
}

/** The parameters of a trial that were searched. */
function chosen(search: Search, trial: SearchTrial): string {
	return Object.keys(search.spaces[trial.kind] ?? {})
		.filter((name) => name in trial.params)
		.map((name) => {
			const value = trial.params[name];
			return `${name} ${typeof value === "number" ? figure(value) : JSON.stringify(value)}`;
		})
		.join(", ");
}

function Trials(props: { search: Search }) {
	const { search } = props;
	const names = [...search.objectives.slice(1), ...Object.keys(search.limits)].filter(
		(name, i, all) => name !== search.objectives[0] && all.indexOf(name) === i,
	);
	return (
		<Panel title="All trials" wide note={`Figures are means of ${search.folds} folds.`}>
			<Table<SearchTrial>
				caption={`Trials of search ${search.search_id}`}
				rows={search.trials}
				keyOf={(row) => row.trial}
				current={(row) => row.best}
				columns={[
					{ head: "Trial", rowHead: true, cell: (row) => `Trial ${row.trial}` },
					{ head: "Kind", cell: (row) => words(row.kind) },
					{
						head: "State",
						cell: (row) => (
							<>
								<Badge tone={row.state === "failed" ? "bad" : row.best ? "good" : "neutral"}>
									{row.best ? "best" : row.state}
								</Badge>
								{row.on_front && search.objectives.length > 1 && <Badge tone="accent">on the front</Badge>}
							</>
						),
					},
					{
						head: words(search.objectives[0]),
						number: true,
						cell: (row) => shown(search.objectives[0] ?? "f1", row.value),
					},
					...names.map((name) => ({
						head: words(name),
						number: true,
						cell: (row: SearchTrial) => shown(name, row.metrics[name]),
					})),
					{ head: "Took", number: true, cell: (row) => seconds(row.seconds) },
					{ head: "Parameters", wrap: true, cell: (row) => row.message ?? chosen(search, row) },
				]}
			/>
		</Panel>
	);
}

function Searches(props: { model: string; searches: Search[]; current: Search }) {
	return (
		<Panel title="Searches" wide>
			<Table<Search>
				caption={`Searches of ${props.model}`}
				rows={props.searches}
				keyOf={(row) => row.search_id}
				current={(row) => row === props.current}
				columns={[
					{
						head: "Search",
						rowHead: true,
						cell: (row) => (
							<a
								href={hashOf("search", { model: props.model, search: row.search_id })}
								aria-current={row === props.current ? "true" : undefined}
							>
								Search {row.search_id}
							</a>
						),
					},
					{ head: "Kinds", cell: (row) => row.kinds.map(words).join(", "), wrap: true },
					{ head: "Objectives", cell: (row) => row.objectives.map(words).join(", ") },
					{ head: "Trials", number: true, cell: (row) => count(row.trials.length) },
					{ head: "Best", number: true, cell: (row) => shown(row.objectives[0] ?? "f1", row.best_value) },
					{ head: "Version", number: true, cell: (row) => row.version ?? nothing },
					{ head: "Took", number: true, cell: (row) => seconds(row.seconds) },
					{ head: "Begun", cell: (row) => ago(row.started_at) },
					{ head: "By", cell: (row) => row.done_by },
				]}
			/>
		</Panel>
	);
}

function Running(props: { running: SearchesAnswer["running"] }) {
	return (
		<>
			{props.running.map((row) => (
				<Panel key={row.pid} title="A search is running" wide>
					<Tiles>
						<Tile label="Trial" value={count(row.trial)} note={`of ${count(row.trials)}`} />
						<Tile label="Kind" value={words(row.kind)} />
						<Tile label="Best" value={shown(row.objective, row.best_value)} note={words(row.objective)} />
						<Tile label="Pruned" value={count(row.pruned)} />
						<Tile label="Failed" value={count(row.failed)} />
						<Tile label="Begun" value={ago(row.started_at)} />
					</Tiles>
				</Panel>
			))}
		</>
	);
}

export function SearchView(props: ViewProps) {
	const { model, route } = props;
	const quoted = model.model.replaceAll("'", "''");
	const resource = useResource<SearchesAnswer>(pathOf("api/searches", { model: model.model }), 10);
	return (
		<div class="panels">
			<Loaded resource={resource}>
				{({ searches, running }) => {
					const wanted = Number(route.parameters.search);
					const current = searches.find((search) => search.search_id === wanted) ?? searches[0];
					return (
						<>
							<Running running={running} />
							{current ? (
								<>
									<Searches model={model.model} searches={searches} current={current} />
									<Points key={current.search_id} search={current} />
									<Trials search={current} />
								</>
							) : (
								<Panel title="Searches" wide>
									<Empty
										title="No hyperparameters were searched for this model"
										sql={`SELECT * FROM sentiment_search('${quoted}', 'reviews', objectives => '{f1,bytes}');`}
									/>
								</Panel>
							)}
						</>
					);
				}}
			</Loaded>
		</div>
	);
}
