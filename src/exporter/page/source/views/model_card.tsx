import { useId } from "preact/hooks";
import type { ViewProps } from "../application.tsx";
import { Loaded } from "../components.tsx";
import { Markdown } from "../markdown.tsx";
import { pathOf, useResource } from "../request.ts";
import { hashOf } from "../routing.ts";
import type { VersionsAnswer } from "../types.ts";

export function ModelCardView(props: ViewProps) {
	const { model, route } = props;
	const id = useId();
	const version = route.parameters.version ? Number(route.parameters.version) : model.deployed_version;
	const versions = useResource<VersionsAnswer>(pathOf("api/versions", { model: model.model }));
	const card = useResource<{ markdown: string }>(pathOf("api/model_card", { model: model.model, version }));
	return (
		<article class="panel wide card" aria-label={`Model card of ${model.model}`}>
			<div class="row spread">
				<div class="model-choice">
					<label for={id}>Version</label>
					<select
						id={id}
						value={String(version ?? "")}
						onChange={(event) => {
							location.hash = hashOf("card", { model: model.model, version: event.currentTarget.value });
						}}
					>
						{(versions.data?.versions ?? []).map((entry) => (
							<option key={entry.version} value={String(entry.version)}>
								{entry.version}
								{entry.version === model.deployed_version ? " (answers)" : ""}
							</option>
						))}
					</select>
				</div>
				<a
					class="button quiet"
					href={
						card.data
							? `data:text/markdown;charset=utf-8,${encodeURIComponent(card.data.markdown)}`
							: undefined
					}
					download={`${model.model}-model-card.md`}
				>
					Save as Markdown
				</a>
			</div>
			<Loaded resource={card}>{({ markdown }) => <Markdown text={markdown} level={2} />}</Loaded>
		</article>
	);
}
