// The page's modules that need no browser, each against figures that were worked out by hand.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const page = fileURLToPath(new URL("../../src/exporter/page/", import.meta.url));
const { build } = createRequire(join(page, "package.json"))("esbuild");
const folder = await mkdtemp(join(page, "node_modules/.test-"));
after(() => rm(folder, { recursive: true }));
const names = ["compare", "contributions", "prometheus", "pareto", "format", "routing"];
await build({
	entryPoints: names.map((name) => join(page, `source/${name}.ts`)),
	outdir: folder,
	outExtension: { ".js": ".mjs" },
	bundle: true,
	format: "esm",
	platform: "node",
});
const load = (name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);
const { attribute } = await load("contributions");
const { parseMetrics, sum, sumBy, cumulative, increase, quantile } = await load("prometheus");
const { paretoFront } = await load("pareto");
const { compareLabels, compareTerms } = await load("compare");
const format = await load("format");
const { hashOf, parseHash } = await load("routing");

const term = (name, contribution) => ({ term: name, weight: 1, contribution });
/** The contribution of each word of an attribution. */
const byWord = (attribution) =>
	Object.fromEntries(
		attribution.pieces
			.filter((piece) => piece.contribution !== null)
			.map((piece) => [piece.text, Number(piece.contribution.toFixed(6))]),
	);

test("runs of words are shared out to their words", () => {
	const answer = attribute("Not good, not bad.", [
		term("not", 1),
		term("not good", 0.5),
		term("(intercept)", -2),
	]);
	assert.equal(answer.pieces.map((piece) => piece.text).join(""), "Not good, not bad.");
	assert.deepEqual(
		answer.pieces.filter((piece) => piece.contribution !== null).map((piece) => piece.contribution),
		[0.75, 0.25, 0.5, 0],
	);
	assert.deepEqual(answer.elsewhere, [term("(intercept)", -2)]);
	assert.equal(answer.largest, 0.75);
});

test("nothing is lost or added", () => {
	const contributions = [
		term("a b", 1),
		term("b c", -3),
		term("c", 0.5),
		term("missing", 7),
		term("(text_len)", 2),
	];
	const answer = attribute("A b c; a B, c c", contributions);
	const words = answer.pieces.reduce((total, piece) => total + (piece.contribution ?? 0), 0);
	const elsewhere = answer.elsewhere.reduce((total, part) => total + part.contribution, 0);
	assert.ok(Math.abs(words + elsewhere - 7.5) < 1e-9);
	assert.deepEqual(
		answer.elsewhere.map((part) => part.term),
		["missing", "(text_len)"],
	);
});

test("stop words between, stems, scripts without spaces, emoji, no words", () => {
	assert.deepEqual(byWord(attribute("waste of money", [term("waste money", 1)])), {
		waste: 0.5,
		of: 0,
		money: 0.5,
	});
	assert.deepEqual(byWord(attribute("Happy readers", [term("happi", 1), term("reader", 2)])), {
		Happy: 1,
		readers: 2,
	});
	assert.deepEqual(byWord(attribute("很好吃", [term("很好", 1), term("好吃", 2)])), {
		很: 0.5,
		好: 1.5,
		吃: 1,
	});
	assert.deepEqual(byWord(attribute("yum 😀!", [term("😀", 1)])), {
		yum: 0,
		"😀": 1,
	});
	assert.deepEqual(attribute("", [term("x", 1)]).pieces, []);
	assert.deepEqual(byWord(attribute("<b>bold</b>", [term("bold", 1)])), {
		b: 0,
		bold: 1,
	});
});

const metrics = parseMetrics(
	[
		"# HELP requests_total Requests",
		'requests_total{endpoint="/predict",status="200"} 10',
		'requests_total{endpoint="/metrics",status="200"} 4',
		'odd{name="a \\"quoted\\" \\\\ {},=\\n name"} 1.5e3',
		'time_bucket{le="0.1"} 2',
		'time_bucket{le="1"} 6',
		'time_bucket{le="+Inf"} 8',
		"up 1 1700000000000",
		"nonsense",
	].join("\n"),
);

test("Prometheus' text is read", () => {
	assert.equal(metrics.length, 7);
	assert.equal(sum(metrics, "requests_total"), 14);
	assert.equal(
		sum(metrics, "requests_total", (labels) => labels.endpoint === "/predict"),
		10,
	);
	assert.deepEqual(
		[...sumBy(metrics, "requests_total", "endpoint")],
		[
			["/predict", 10],
			["/metrics", 4],
		],
	);
	assert.equal(metrics.find((sample) => sample.name === "odd").labels.name, 'a "quoted" \\ {},=\n name');
	assert.equal(sum(metrics, "odd"), 1500);
	assert.equal(sum(metrics, "up"), 1);
});

test("quantiles as histogram_quantile has them", () => {
	const buckets = cumulative(metrics, "time");
	assert.deepEqual(buckets, [
		[0.1, 2],
		[1, 6],
		[Infinity, 8],
	]);
	assert.equal(quantile(buckets, 0.125), 0.05); // half of the first bucket
	assert.ok(Math.abs(quantile(buckets, 0.5) - (0.1 + (0.9 * 2) / 4)) < 1e-12);
	assert.equal(quantile(buckets, 0.99), 1); // beyond the last edge
	assert.ok(
		Number.isNaN(
			quantile(
				[
					[1, 0],
					[Infinity, 0],
				],
				0.5,
			),
		),
	);
	assert.deepEqual(
		increase(
			[
				[0.1, 1],
				[1, 2],
				[Infinity, 2],
			],
			buckets,
		),
		[
			[0.1, 1],
			[1, 4],
			[Infinity, 6],
		],
	);
	assert.deepEqual(
		increase(
			[
				[0.1, 9],
				[1, 9],
				[Infinity, 9],
			],
			buckets,
		),
		buckets,
	); // restarted
});

test("the Pareto front", () => {
	const points = [
		[1, 0.5],
		[2, 0.8],
		[3, 0.7],
		[2, 0.8],
		[4, 0.9],
		[1, 0.4],
	].map(([cost, quality]) => ({ cost, quality }));
	assert.deepEqual(paretoFront(points), [true, true, false, true, true, false]);
});

test("figures for people", () => {
	assert.equal(format.seconds(0.0000123), "12.3 µs");
	assert.equal(format.seconds(0.25), "250 ms");
	assert.equal(format.seconds(600), "10 min");
	assert.equal(format.bytes(1_536_000), "1.5 MB");
	assert.equal(format.percent(0.1234), "12.3 %");
	assert.equal(format.pValue(0.0000001), "< 0.001");
	assert.equal(format.pValue(0.013), "0.013");
	assert.equal(format.signed(-1.234), "−1.23");
	assert.equal(format.signed(-0.001), "0.00");
	assert.equal(format.figure(13.647), "13.6");
	assert.equal(format.figure(1234567), "1.23M");
	for (const value of [null, undefined, NaN]) assert.equal(format.metric(value), "—");
});

test("places within the page", () => {
	const model = "a & b=c #<script>";
	const hash = hashOf("models", { model, version: 3, report: null });
	assert.deepEqual(parseHash(hash), {
		view: "models",
		parameters: { model, version: "3" },
	});
	assert.deepEqual(parseHash(""), { view: "", parameters: {} });
});

test("two versions are compared by label and by term, the most different first", () => {
	const one = {
		probabilities: [
			{ label: "a", probability: 0.5 },
			{ label: "b", probability: 0.5 },
		],
	};
	const other = {
		probabilities: [
			{ label: "a", probability: 0.4 },
			{ label: "c", probability: 0.6 },
		],
	};
	assert.deepEqual(compareLabels(one, other), [
		{ label: "c", one: null, other: 0.6 },
		{ label: "b", one: 0.5, other: null },
		{ label: "a", one: 0.5, other: 0.4 },
	]);
	assert.deepEqual(
		compareTerms(
			[term("good", 1), term("good", 0.5), term("tea", 0.1)],
			[term("good", 1.25), term("(intercept)", -2)],
		),
		[
			{ term: "(intercept)", one: null, other: -2 },
			{ term: "good", one: 1.5, other: 1.25 },
			{ term: "tea", one: 0.1, other: null },
		],
	);
	assert.deepEqual(compareTerms([], []), []);
});

test("differences of shares are told in points", () => {
	assert.equal(format.signedPoints(0.1234), "+12.3 points");
	assert.equal(format.signedPoints(-1), "−100.0 points");
	assert.equal(format.signedPoints(-0.0004), "0.0 points");
});
