/** What the routes below /api answer: one interface a row of their queries. */

export interface Model {
	model: string;
	owner: string | null;
	deployed_version: number | null;
	kind: string | null;
	f1: number | null;
	accuracy: number | null;
	labels: string[] | null;
	positive_label: string | null;
	rows_trained: number | null;
	trained_at: string | null;
	deployed_at: string | null;
	deployed_by: string | null;
	versions: number;
}

export interface ClassReport {
	f1: number;
	precision: number;
	recall: number;
	support: number;
}

export interface Metrics {
	f1?: number;
	macro_f1?: number;
	accuracy?: number;
	roc_auc?: number;
	log_loss?: number;
	brier_score?: number;
	/** 95 % intervals by metric. */
	intervals?: Record<string, [number, number] | null>;
	/** A number of the rows that the figures are of: others, if it differs. */
	row_set?: string;
	report?: {
		rows: number;
		classes: Record<string, ClassReport>;
		confusion_matrix?: { labels: string[]; counts: number[][] };
		matthews_correlation?: number;
	};
	[name: string]: unknown;
}

export interface Version {
	version: number;
	stage: string | null;
	retired: boolean;
	/** Whether the exporter's role may ask this version by its number. */
	may_ask: boolean;
	share: number;
	shadow_share: number | null;
	kind: string;
	f1: number | null;
	macro_f1: number | null;
	accuracy: number | null;
	roc_auc: number | null;
	rows_trained: number;
	rows_held_out: number;
	features: number | null;
	image_bytes: number;
	seconds: number | null;
	prediction_seconds: number | null;
	source: string | null;
	text_column: string | null;
	label_column: string | null;
	labels: string[];
	parameters: Record<string, unknown>;
	metrics: Metrics;
	trained_by: string | null;
	trained_at: string;
}

export interface HistoryEntry {
	history_id: number;
	action: string;
	stage: string | null;
	version: number | null;
	previous_version: number | null;
	traffic: Record<string, number> | null;
	forced: boolean | null;
	reason: string | null;
	done_by: string | null;
	done_at: string;
}

export interface VersionsAnswer {
	versions: Version[];
	history: HistoryEntry[];
}

/** Points of a curve; of a calibration with the number of rows as the third coordinate. */
export interface Curve {
	curve: "roc" | "precision_recall" | "calibration";
	label: string;
	points: number[][];
}

export interface DriftReport {
	report_id: number;
	version: number;
	drifted: boolean | null;
	findings: number;
	tests: number;
	p_value: number | null;
	alpha: number;
	rows: number;
	reference_rows: number;
	source: string | null;
	filter: string | null;
	checked_at: string;
}

/** What was found of a feature, by one statistic. */
export interface DriftFinding {
	feature: string;
	statistic: string;
	value: number | null;
	p_value: number | null;
	threshold: number;
	drifted: boolean | null;
}

export interface DriftFeature extends DriftFinding {
	report_id: number;
}

export interface DriftAnswer {
	reports: DriftReport[];
	features: DriftFeature[];
}

/** What predictions have seen, against the reference; features are null where nothing can be compared. */
export interface LiveDriftAnswer {
	counted: boolean;
	version: number | null;
	reference_rows: number | null;
	versions: { version: number; predictions: number; since: string }[];
	features: DriftFinding[] | null;
}

export interface DriftBin {
	kind?: "range" | "value" | "other" | "missing";
	label?: string | null;
	lower?: number | null;
	upper?: number | null;
	reference: number;
	current: number;
}

export interface DriftBins {
	feature: string;
	statistic: string;
	bins: DriftBin[];
}

export interface Job {
	job: string;
	task: string;
	schedule: string;
	active: boolean | null;
	last_status: string | null;
	last_message: string | null;
	last_started_at: string | null;
	last_finished_at: string | null;
}

/** What a version had to reach, and did or did not. */
export interface GateCheck {
	check_name: string;
	passed: boolean | null;
	value: number | null;
	threshold: number | null;
	detail: string | null;
}

export interface Retraining {
	retraining_id: number;
	trigger: string;
	reason: string | null;
	status: string;
	version: number | null;
	previous_version: number | null;
	/** Of both versions on the same held-out rows. */
	f1: number | null;
	previous_f1: number | null;
	gate: GateCheck[] | null;
	message: string | null;
	started_at: string;
	finished_at: string | null;
}

export interface PipelineStep {
	step: string;
	kind: string | null;
	status: string;
	version: number | null;
	f1: number | null;
	in_worker: boolean;
	message: string | null;
	started_at: string | null;
	finished_at: string | null;
}

export interface PipelineRun {
	run_id: number;
	status: string;
	version: number | null;
	message: string | null;
	started_at: string;
	finished_at: string | null;
	steps: PipelineStep[];
}

export interface Finding {
	check_name: string;
	severity: "error" | "warning" | "info";
	rows: number | null;
	share: number | null;
	detail: string | null;
	example: string | null;
}

export interface Validation {
	validated_at: string;
	rows: number;
	errors: number;
	warnings: number;
	seconds: number;
	source: string;
	findings: Finding[];
}

export interface OperationsAnswer {
	jobs: Job[];
	retrainings: Retraining[];
	runs: PipelineRun[];
	validation: Validation | null;
}

export interface Arm {
	version: number;
	share: number | null;
	is_main: boolean;
	outcomes: number;
	successes: number;
	rate: number | null;
	rate_lower: number | null;
	rate_upper: number | null;
	difference: number | null;
	difference_lower: number | null;
	difference_upper: number | null;
	p_value: number | null;
	since: string | null;
}

export interface Shadow {
	version: number;
	shadow_share: number;
	compared: number | null;
	disagreed: number | null;
	disagreement: number | null;
	failed: number | null;
}

export interface ExperimentsAnswer {
	arms: Arm[];
	shadows: Shadow[];
}

export interface SearchTrial {
	trial: number;
	kind: string;
	state: "complete" | "pruned" | "failed";
	params: Record<string, unknown>;
	value: number | null;
	metrics: Record<string, number>;
	on_front: boolean | null;
	best: boolean;
	seconds: number;
	message: string | null;
}

export interface Search {
	search_id: number;
	kinds: string[];
	objectives: string[];
	limits: Record<string, number>;
	/** By kind, what was searched: ranges or choices by parameter. */
	spaces: Record<string, Record<string, unknown>>;
	status: string;
	folds: number;
	best_value: number | null;
	version: number | null;
	seconds: number;
	started_at: string;
	done_by: string | null;
	trials: SearchTrial[];
}

export interface RunningSearch {
	pid: number;
	kind: string | null;
	trial: number | null;
	trials: number;
	pruned: number;
	failed: number;
	objective: string;
	best_value: number | null;
	started_at: string;
}

export interface SearchesAnswer {
	searches: Search[];
	running: RunningSearch[];
}
