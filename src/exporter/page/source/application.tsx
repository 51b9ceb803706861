import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { FunctionComponent } from "preact";
import { Choice, Empty, Loaded } from "./components.tsx";
import { useResource } from "./request.ts";
import { hashOf, useRoute, type Route } from "./routing.ts";
import { chooseTheme, storedTheme, type Theme } from "./theme.ts";
import type { Model } from "./types.ts";
import { DriftView } from "./views/drift.tsx";
import { ExperimentsView } from "./views/experiments.tsx";
import { SearchView } from "./views/search.tsx";
import { LiveView } from "./views/live.tsx";
import { ModelCardView } from "./views/model_card.tsx";
import { ModelsView } from "./views/models.tsx";
import { OperationsView } from "./views/operations.tsx";
import { TryView } from "./views/try_it.tsx";

/** What every view is given. */
export interface ViewProps {
	model: Model;
	models: Model[];
	route: Route;
}

interface View {
	path: string;
	title: string;
	intro: string;
	/** Works without any model. */
	alone?: boolean;
	component: FunctionComponent<ViewProps>;
}

const views: View[] = [
	{
		path: "try",
		title: "Try it",
		intro: "Type a review and see what the model makes of it, word by word.",
		component: TryView,
	},
	{
		path: "models",
		title: "Models",
		intro: "Versions, how good they are on texts that they have not seen, and which one answers.",
		component: ModelsView,
	},
	{
		path: "drift",
		title: "Drift",
		intro: "Whether present rows still look like those that the model learned from.",
		component: DriftView,
	},
	{
		path: "operations",
		title: "Operations",
		intro: "Jobs, retrainings, pipeline runs, validation, and the trade between quality and cost.",
		component: OperationsView,
	},
	{
		path: "live",
		title: "Live",
		intro: "Throughput and latency of this exporter, as they are now.",
		component: LiveView,
		alone: true,
	},
	{
		path: "experiments",
		title: "Experiments",
		intro: "Versions that share the traffic, and what came of it.",
		component: ExperimentsView,
	},
	{
		path: "search",
		title: "Search",
		intro: "Searches of hyperparameters: what was tried, and what it was worth.",
		component: SearchView,
	},
	{
		path: "card",
		title: "Model card",
		intro: "What the model is for, what it learned from, and where it ends.",
		component: ModelCardView,
	},
];

function ThemeChoice() {
	const [theme, setTheme] = useState<Theme>(storedTheme);
	return (
		<Choice
			legend="Colours"
			value={theme}
			options={[
				{ value: "system", label: "Auto" },
				{ value: "light", label: "Light" },
				{ value: "dark", label: "Dark" },
			]}
			onChange={(value) => {
				chooseTheme(value);
				setTheme(value);
			}}
		/>
	);
}

/** The list of models; it has its place before it is known. */
function ModelChoice(props: { models: Model[]; model: Model | undefined; view: string }) {
	const id = useId();
	return (
		<div class="model-choice">
			<label for={id}>Model</label>
			<select
				id={id}
				value={props.model?.model ?? ""}
				disabled={props.models.length === 0}
				onChange={(event) => {
					location.hash = hashOf(props.view, { model: event.currentTarget.value });
				}}
			>
				{props.models.length === 0 && <option value="">none</option>}
				{props.models.map((model) => (
					<option key={model.model} value={model.model}>
						{model.model}
					</option>
				))}
			</select>
		</div>
	);
}

const firstModel =
	"CREATE EXTENSION IF NOT EXISTS sentiment;\nSELECT * FROM sentiment_train('my_reviews', 'reviews',\n    text_column => 'text', label_column => 'label');";

export function Application() {
	const route = useRoute();
	const view = views.find((candidate) => candidate.path === route.view) ?? views[0]!;
	const models = useResource<Model[]>("api/models", 30);
	const heading = useRef<HTMLHeadingElement>(null);
	const shown = useRef<string | null>(null);

	const list = models.data ?? [];
	const model = list.find((candidate) => candidate.model === route.parameters.model) ?? list[0];
	const Component = view.component;

	// a new view is told by its title, and read from its heading on
	useEffect(() => {
		document.title = `${view.title} · sentiment`;
		if (shown.current !== null && shown.current !== view.path) {
			heading.current?.focus({ preventScroll: true });
			scrollTo(0, 0);
		}
		shown.current = view.path;
		// on a phone the views are a row that scrolls
		document
			.querySelector('.views a[aria-current="page"]')
			?.scrollIntoView({ block: "nearest", inline: "center" });
	}, [view]);

	const skip = (event: MouseEvent) => {
		event.preventDefault();
		heading.current?.focus();
	};

	return (
		<>
			<a class="skip" href="#main" onClick={skip}>
				Skip to the content
			</a>
			<header class="top">
				<a class="brand" href={hashOf("try", { model: model?.model })}>
					<svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
						<rect width="32" height="32" rx="8" class="brand-ground" />
						<rect x="6" y="17" width="5" height="8" rx="1.5" fill="#f0a860" />
						<rect x="13.5" y="12" width="5" height="13" rx="1.5" fill="#fff" />
						<rect x="21" y="7" width="5" height="18" rx="1.5" fill="#9cc7f5" />
					</svg>
					sentiment
				</a>
				<ModelChoice models={list} model={model} view={view.path} />
				<ThemeChoice />
			</header>
			<nav class="views" aria-label="Views">
				<ul>
					{views.map((candidate) => (
						<li key={candidate.path}>
							<a
								href={hashOf(candidate.path, { model: model?.model })}
								aria-current={candidate === view ? "page" : undefined}
							>
								{candidate.title}
							</a>
						</li>
					))}
				</ul>
			</nav>
			<main id="main">
				<div class="view-head">
					<h1 ref={heading} tabIndex={-1}>
						{view.title}
					</h1>
					<p>{view.intro}</p>
				</div>
				{view.alone ? (
					<Component model={model!} models={list} route={route} />
				) : (
					<Loaded resource={models}>
						{() =>
							model ? (
								<Component key={`${view.path} ${model.model}`} model={model} models={list} route={route} />
							) : (
								<Empty title="There is no model yet that this exporter may use" sql={firstModel}>
									A table with texts and labels is all it takes. If there are models already, grant them to
									the exporter's role:{" "}
									<code>SELECT sentiment_grant('my_reviews', 'its_role', 'predict');</code>
								</Empty>
							)
						}
					</Loaded>
				)}
			</main>
			<footer class="bottom">
				<p>
					<a href="metrics">Metrics</a> · <a href="openapi.json">OpenAPI</a> · <a href="metadata">Metadata</a>
				</p>
			</footer>
		</>
	);
}
