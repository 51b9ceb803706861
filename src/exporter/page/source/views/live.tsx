import { useEffect, useRef, useState } from "preact/hooks";
import { LineChart } from "../charts/line_chart.tsx";
import { Badge, Panel, Problem, Table, Tile, Tiles } from "../components.tsx";
import { bytes, count, figure, percent, seconds, timeOfDay } from "../format.ts";
import { cumulative, increase, parseMetrics, quantile, sum, sumBy, type Sample } from "../prometheus.ts";
import { request, RequestError, tokenChanged } from "../request.ts";

const every = 2000; // milliseconds between two readings
const kept = 150; // readings: five minutes
const shortest = 60_000; // milliseconds that a chart shows at least
const duration = "api_request_duration_seconds";

/** What people ask of the exporter; the readings of this page and of Prometheus are left out. */
const asked = (labels: Record<string, string>): boolean => /predict/.test(labels.endpoint ?? "");

/** What was read at a moment, and what it says of the time since the reading before. */
interface Reading {
	at: number;
	samples: Sample[];
	requests: number;
	predictions: number;
	errors: number;
	p50: number;
	p95: number;
	p99: number;
}

function readingOf(at: number, samples: Sample[], before: Reading | undefined): Reading {
	const elapsed = before ? (at - before.at) / 1000 : 0;
	const rate = (name: string, where?: (labels: Record<string, string>) => boolean): number => {
		if (!before || elapsed <= 0) return 0;
		const now = sum(samples, name, where);
		const then = sum(before.samples, name, where);
		return Math.max(0, now >= then ? now - then : now) / elapsed;
	};
	const buckets = increase(
		before ? cumulative(before.samples, duration, asked) : cumulative(samples, duration, asked),
		cumulative(samples, duration, asked),
	);
	return {
		at,
		samples,
		requests: rate("api_requests_total", asked),
		predictions: rate("predictions_total"),
		errors: rate("api_errors_total"),
		p50: quantile(buckets, 0.5),
		p95: quantile(buckets, 0.95),
		p99: quantile(buckets, 0.99),
	};
}

/** Read /metrics again and again while the page is visible. */
function useReadings(running: boolean) {
	const [readings, setReadings] = useState<Reading[]>([]);
	const [error, setError] = useState<RequestError>();
	const last = useRef<Reading>(undefined);
	useEffect(() => {
		if (!running) return;
		const controller = new AbortController();
		let timer: ReturnType<typeof setTimeout>;
		const read = async () => {
			try {
				if (!document.hidden) {
					const text = await (
						await request("metrics", { signal: controller.signal, headers: { Accept: "text/plain" } })
					).text();
					const reading = readingOf(Date.now(), parseMetrics(text), last.current);
					last.current = reading;
					setReadings((before) => [...before, reading].slice(-kept));
					setError(undefined);
				}
			} catch (problem) {
				if (controller.signal.aborted) return;
				setError(problem instanceof RequestError ? problem : new RequestError(0, String(problem)));
			}
			timer = setTimeout(read, every);
		};
		const now = () => {
			clearTimeout(timer);
			void read();
		};
		void read();
		tokenChanged.addEventListener("change", now);
		return () => {
			controller.abort();
			clearTimeout(timer);
			tokenChanged.removeEventListener("change", now);
		};
	}, [running]);
	return { readings, error };
}

function Endpoints(props: { samples: Sample[] }) {
	const requests = sumBy(props.samples, "api_requests_total", "endpoint");
	const errors = sumBy(props.samples, "api_errors_total", "endpoint");
	const rows = [...requests]
		.filter(([, n]) => n > 0)
		.sort((a, b) => b[1] - a[1])
		.map(([endpoint, n]) => {
			const buckets = cumulative(props.samples, duration, (labels) => labels.endpoint === endpoint);
			return {
				endpoint,
				n,
				errors: errors.get(endpoint) ?? 0,
				p50: quantile(buckets, 0.5),
				p99: quantile(buckets, 0.99),
			};
		});
	return (
		<Table
			caption="Requests since the exporter started, by endpoint"
			rows={rows}
			keyOf={(row) => row.endpoint}
			columns={[
				{ head: "Endpoint", rowHead: true, cell: (row) => <code>{row.endpoint}</code> },
				{ head: "Requests", number: true, cell: (row) => count(row.n) },
				{ head: "Errors", number: true, cell: (row) => count(row.errors) },
				{ head: "Median", number: true, cell: (row) => seconds(row.p50) },
				{ head: "p99", number: true, cell: (row) => seconds(row.p99) },
			]}
		/>
	);
}

function Labels(props: { samples: Sample[] }) {
	const labels = [...sumBy(props.samples, "prediction_labels_total", "label")].sort((a, b) => b[1] - a[1]);
	const total = labels.reduce((n, [, m]) => n + m, 0);
	return (
		<Table
			caption="Predictions since the exporter started, by label"
			rows={labels}
			keyOf={([label]) => label}
			columns={[
				{ head: "Label", rowHead: true, wrap: true, cell: ([label]) => label },
				{ head: "Predictions", number: true, cell: ([, n]) => count(n) },
				{ head: "Share", number: true, cell: ([, n]) => percent(n / total) },
			]}
		/>
	);
}

export function LiveView() {
	const [running, setRunning] = useState(true);
	const { readings, error } = useReadings(running);
	const last = readings.at(-1);
	const points = readings.slice(1);
	const end = last?.at ?? Date.now();
	const span: [number, number] = [Math.min(readings[0]?.at ?? end, end - shortest), end];
	const course = (of: (reading: Reading) => number) =>
		points.flatMap((reading): [number, number][] =>
			Number.isFinite(of(reading)) ? [[reading.at, of(reading)]] : [],
		);
	const axis = { captionHidden: true, time: true, xDomain: span, xName: "time", xFormat: timeOfDay };
	const databaseUp = last ? sum(last.samples, "sentiment_exporter_database_up") === 1 : undefined;
	const recent = points.filter((reading) => reading.requests > 0).at(-1);

	return (
		<div class="panels">
			<Panel
				title="Now"
				wide
				note="Every two seconds from /metrics, while this page is visible."
				actions={
					<button type="button" class="quiet" aria-pressed={!running} onClick={() => setRunning(!running)}>
						{running ? "Pause" : "Go on"}
					</button>
				}
			>
				{error && <Problem error={error} />}
				<Tiles>
					<Tile
						label="Database"
						value={
							databaseUp === undefined ? (
								"…"
							) : databaseUp ? (
								<Badge tone="good">up</Badge>
							) : (
								<Badge tone="bad">down</Badge>
							)
						}
					/>
					<Tile label="Requests" value={figure(last?.requests)} note="a second" />
					<Tile label="Predictions" value={figure(last?.predictions)} note="a second" />
					<Tile label="Errors" value={figure(last?.errors)} note="a second" />
					<Tile label="Median latency" value={seconds(recent?.p50)} note="of the last requests" />
					<Tile label="p99" value={seconds(recent?.p99)} note="of the last requests" />
					<Tile
						label="Memory"
						value={bytes(last && sum(last.samples, "process_resident_memory_bytes"))}
						note="of the exporter"
					/>
				</Tiles>
			</Panel>
			<Panel title="Throughput">
				<LineChart
					{...axis}
					title="Requests and predictions a second"
					summary={`Now ${figure(last?.requests)} requests and ${figure(last?.predictions)} predictions a second.`}
					series={[
						{ name: "requests", points: course((reading) => reading.requests), colour: 1 },
						{ name: "predictions", points: course((reading) => reading.predictions), colour: 2 },
						{ name: "errors", points: course((reading) => reading.errors), colour: 4 },
					]}
					yName="a second"
					yFormat={figure}
				/>
			</Panel>
			<Panel title="Latency">
				<LineChart
					{...axis}
					title="Latency of prediction requests"
					summary={
						recent
							? `Of the last requests, the median took ${seconds(recent.p50)} and one in a hundred longer than ${seconds(recent.p99)}.`
							: "No requests yet."
					}
					series={[
						{ name: "median", points: course((reading) => reading.p50), colour: 1 },
						{ name: "p95", points: course((reading) => reading.p95), colour: 3 },
						{ name: "p99", points: course((reading) => reading.p99), colour: 2 },
					]}
					yName="seconds"
					yFormat={seconds}
				/>
			</Panel>
			{last && (
				<>
					<Panel title="By endpoint" note="Since the exporter started.">
						<Endpoints samples={last.samples} />
					</Panel>
					<Panel title="By label" note="Since the exporter started.">
						<Labels samples={last.samples} />
					</Panel>
				</>
			)}
		</div>
	);
}
