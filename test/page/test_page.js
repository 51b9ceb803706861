// The page in Chromium, in front of the real exporter and database of run_page.sh: every view in both themes and
// on a phone, checked by axe; the keyboard; what is dangerous; what goes wrong. Screenshots stay in
// build/screenshots.
import assert from "node:assert/strict";
import { execSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

const require = createRequire(new URL("../../src/exporter/page/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const {
	PAGE_ADDRESS,
	PAGE_ADDRESS_TOKEN,
	PAGE_ADDRESS_LATE,
	PAGE_TOKEN,
	PAGE_CREATE_LATE,
	PAGE_SCREENSHOTS,
} = process.env;
const dangerous = '<script>alert("model")</script>';
const desktop = { width: 1280, height: 860 };
const phone = { width: 320, height: 640 };
const timeout = 15_000;

let browser;
before(async () => {
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		args: "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync".split(
			" ",
		),
	});
});
after(() => browser?.close());

const hashOf = (view, parameters = {}) =>
	`/#/${view}?${new URLSearchParams({ model: "food", ...parameters })}`;

/** Open the page at a place; answers the tab and what went wrong in it (console errors, scripts that ran). */
async function open(place, { address = PAGE_ADDRESS, viewport = desktop, colorScheme = "light" } = {}) {
	const context = await browser.newContext({
		viewport,
		colorScheme,
		locale: "en-GB",
		timezoneId: "UTC",
		reducedMotion: "reduce",
	});
	const tab = await context.newPage();
	const wrong = [];
	tab.setDefaultTimeout(timeout);
	tab.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
	tab.on("pageerror", (error) => wrong.push(String(error)));
	tab.on("dialog", async (dialog) => {
		wrong.push(`a script ran: ${dialog.message()}`);
		await dialog.dismiss();
	});
	await tab.addInitScript(() => {
		window.layoutShift = 0;
		new PerformanceObserver((list) => {
			for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShift += entry.value;
		}).observe({ type: "layout-shift", buffered: true });
	});
	await tab.goto(address + place);
	return { tab, wrong, close: () => context.close() };
}

/** What axe finds wrong, as lines. Its code is evaluated by the browser's debugger: the page's own policy holds. */
async function findingsOfAxe(tab) {
	await tab.evaluate(axe);
	const results = await tab.evaluate(() =>
		window.axe.run(document, {
			runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
		}),
	);
	return results.violations.flatMap((violation) =>
		violation.nodes.map((node) => `${violation.id}: ${node.target.join(" ")} ${node.failureSummary}`),
	);
}

/** Whether something is wider than the window. */
const overflows = (tab) =>
	tab.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

/** Ask for predictions from within the page, one after another. */
const ask = (tab, requests) =>
	tab.evaluate(async (n) => {
		for (let i = 0; i < n; i++)
			await fetch("predict", {
				method: "POST",
				headers: { "Content-Type": "application/json" },
				body: JSON.stringify({
					texts: i % 3 ? ["great coffee", "awful tea"] : ["great coffee"],
					model: "food",
				}),
			});
	}, requests);

/** Traffic over more than two readings of the live view. */
async function askForAWhile(tab) {
	for (let i = 0; i < 5; i++) {
		await ask(tab, 20 + 15 * (i % 3));
		await tab.waitForTimeout(900);
	}
}

// what each view must show once it is there; of some views two forms are looked at
const views = {
	try: { title: "Try it", ready: (tab) => tab.locator(".words .word").first() },
	"try-compare": {
		path: "try",
		parameters: { version: 1, against: 2 },
		title: "Try it",
		ready: (tab) => tab.getByRole("heading", { name: "Beside each other" }),
	},
	models: {
		title: "Models",
		ready: (tab) => tab.locator('svg[aria-label^="Calibration"] circle').first(),
	},
	// which finding is the strongest may depend on the sample of the traffic, and not every one has bins
	drift: {
		parameters: { finding: "(score) psi" },
		title: "Drift",
		ready: (tab) => tab.locator("svg rect.area").first(),
	},
	"drift-live": {
		path: "drift",
		parameters: { source: "live", finding: "(score) psi" },
		title: "Drift",
		ready: (tab) => tab.locator("svg rect.area").first(),
	},
	operations: {
		title: "Operations",
		ready: (tab) => tab.locator('svg[aria-label^="Macro F1 against"] circle').first(),
	},
	live: {
		title: "Live",
		prepare: askForAWhile,
		ready: (tab) => tab.locator('svg[aria-label^="Latency"] path.line[d*="L"]').first(),
	},
	experiments: {
		title: "Experiments",
		ready: (tab) => tab.locator(".interval").first(),
	},
	search: {
		title: "Search",
		ready: (tab) => tab.locator('svg[aria-label*=" against "] circle').first(),
	},
	card: {
		title: "Model card",
		ready: (tab) => tab.locator(".markdown table").first(),
	},
};

// each view on a phone first, where it would move about most, then on a desk in both themes
for (const [view, { path = view, parameters, title, prepare, ready }] of Object.entries(views))
	test(`${view}: phone, light, dark`, async () => {
		const { tab, wrong, close } = await open(hashOf(path, parameters), { viewport: phone });
		await prepare?.(tab);
		await ready(tab).waitFor({ state: "attached" });
		assert.equal(await tab.locator("h1").textContent(), title);
		assert.equal(await tab.title(), `${title} · sentiment`);
		assert.equal(await tab.locator('nav a[aria-current="page"]').textContent(), title);
		const shift = await tab.evaluate(() => window.layoutShift);
		assert.ok(shift < 0.1, `moves about by ${shift}`);
		for (const [look, viewport, colorScheme] of [
			["phone", phone, "light"],
			["light", desktop, "light"],
			["dark", desktop, "dark"],
		]) {
			await tab.setViewportSize(viewport);
			await tab.emulateMedia({ colorScheme });
			await tab.evaluate(
				() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
			);
			await tab.screenshot({
				path: `${PAGE_SCREENSHOTS}/${view}-${look}.png`,
				fullPage: true,
			});
			assert.equal(await overflows(tab), false, `${look}: wider than the window`);
			assert.deepEqual(await findingsOfAxe(tab), [], look);
		}
		assert.deepEqual(wrong, []);
		await close();
	});

test("an answer as one types: debounced, never an older one", async () => {
	const { tab, wrong, close } = await open(hashOf("try"));
	const asked = [];
	tab.on(
		"request",
		(request) => request.url().endsWith("/predict") && asked.push(request.postDataJSON().texts[0]),
	);
	const field = tab.getByRole("textbox", { name: "Review" });
	await field.fill("");
	await tab.getByText("Type a review: the answer appears here").waitFor();
	const text = "stale awful coffee, the taste is terrible";
	await field.pressSequentially(text, { delay: 15 });
	await tab.locator(".words", { hasText: "terrible" }).waitFor();
	assert.ok(
		asked.length >= 1 && asked.length < text.length / 3,
		`${asked.length} requests for ${text.length} keys`,
	);
	assert.equal(asked.at(-1), text);
	assert.equal(await tab.locator(".verdict-label").textContent(), "neg");
	// what speaks for the label is blue, and has its figure for screen readers
	const awful = tab.locator(".word", { hasText: "awful" });
	assert.match(await awful.getAttribute("class"), /for-[123]/);
	assert.match(await awful.textContent(), /\(\+\d+\.\d+\)/);
	// an answer that comes late does not replace a newer one
	await tab.route("**/predict", async (route) => {
		const late = route.request().postDataJSON().texts[0] === "slow";
		if (late) await new Promise((resolve) => setTimeout(resolve, 1200));
		await route.continue().catch(() => {});
	});
	await field.fill("slow");
	await tab.waitForTimeout(400);
	await field.fill("wonderful and perfect");
	await tab.locator(".words", { hasText: "perfect" }).waitFor();
	await tab.waitForTimeout(1300);
	assert.match(await tab.locator(".words").textContent(), /wonderful/);
	assert.equal(await tab.locator(".verdict-label").textContent(), "pos");
	assert.match(await tab.locator('p[role="status"]').textContent(), /^pos, \d+\.\d %$/);
	assert.deepEqual(wrong, []);
	await close();
});

test("a version by its number, and two beside each other as one types", async () => {
	const { tab, wrong, close } = await open(hashOf("try"));
	const asked = [];
	tab.on("request", (request) => request.url().endsWith("/predict") && asked.push(request.postDataJSON()));
	const field = tab.getByRole("textbox", { name: "Review" });
	const choice = tab.getByLabel("Version", { exact: true });
	const other = tab.getByLabel("Compare with");
	/** What the database itself answers. */
	const answerOf = (text, version) =>
		tab.evaluate(
			async (body) =>
				(
					await fetch("predict", {
						method: "POST",
						headers: { "Content-Type": "application/json" },
						body: JSON.stringify(body),
					})
				).json(),
			{ texts: [text], model: "food", version, explain: true },
		);
	const panel = (name) => tab.getByRole("region", { name, exact: true });
	const percent = (value) => `${(100 * value).toFixed(1)} %`;

	// the list has every version, with its stage
	const { versions } = await tab.evaluate(async () => (await fetch("api/versions?model=food")).json());
	await choice.locator("option").nth(versions.length).waitFor({ state: "attached" });
	assert.deepEqual(
		(await choice.locator("option").allTextContents()).slice(1).map((text) => text.split(" · ").slice(0, 2)),
		versions.map((version) => [`version ${version.version}`, version.stage]),
	);
	// one version
	await choice.selectOption("3");
	await field.fill("stale tea");
	await tab.locator(".words", { hasText: "tea" }).waitFor();
	assert.match(tab.url(), /version=3/);
	assert.equal(asked.at(-1).version, 3);
	const third = await answerOf("stale tea", 3);
	assert.equal(third.version, 3);
	const shown = async (where) =>
		(await where.locator(".probabilities .number").allTextContents()).sort().join();
	assert.equal(await shown(panel("Answer")), third.probs[0].map(percent).sort().join());
	// a second one beside it
	await other.selectOption("2");
	await panel("Version 2").locator(".words", { hasText: "tea" }).waitFor();
	await panel("Beside each other").waitFor();
	const text = "wonderful coffee, but stale bread";
	await field.fill("");
	await panel("Beside each other").waitFor({ state: "detached" });
	await field.pressSequentially(text, { delay: 12 });
	const beside = panel("Beside each other");
	for (const version of [3, 2]) {
		const where = panel(`Version ${version}`);
		await where.locator(".words", { hasText: "bread" }).waitFor();
		const answer = await answerOf(text, version);
		assert.equal(await where.locator(".verdict-label").textContent(), answer.labels[0]);
		assert.equal(await shown(where), answer.probs[0].map(percent).sort().join());
		// the words are coloured by that version
		const own = answer.explanations[0].filter((part) => part.term === "wonderful");
		const title = await where.locator(".word", { hasText: "wonderful" }).getAttribute("title");
		assert.ok(own.length === 0 || Math.sign(own[0].contribution) === (title.includes("−") ? -1 : 1), title);
	}
	assert.ok(asked.length < text.length, `${asked.length} requests for ${text.length} keys`);
	const [one, two] = [await answerOf(text, 3), await answerOf(text, 2)];
	const row = beside.locator("tbody tr", { hasText: "pos" });
	const place = one.classes.indexOf("pos");
	assert.deepEqual((await row.locator("td").allTextContents()).slice(0, 2), [
		percent(one.probs[0][place]),
		percent(two.probs[0][place]),
	]);
	assert.match(
		await beside.locator(".badge").textContent(),
		one.labels[0] === two.labels[0] ? new RegExp(`both say ${one.labels[0]}`) : /they differ/,
	);
	await tab.waitForFunction(() =>
		/^version 3: (pos|neg), \d+\.\d %; version 2: (pos|neg), \d+\.\d %$/.test(
			document.querySelector('p[role="status"]').textContent,
		),
	);
	// terms of both, where they say the same
	await field.fill("awful and stale");
	for (const version of [3, 2])
		await panel(`Version ${version}`).locator(".words", { hasText: "awful" }).waitFor();
	await beside.getByText("both say neg").waitFor();
	await beside.getByText(/^Terms that speak for neg/).click();
	await beside.getByRole("rowheader", { name: "awful", exact: true }).waitFor();
	// what is open stays open while the text changes
	await field.pressSequentially(" and salty", { delay: 12 });
	await beside.getByRole("rowheader", { name: "salty", exact: true }).waitFor();
	// back by the browser's own button
	await tab.goBack();
	await panel("Answer").waitFor();
	assert.equal(await other.inputValue(), "");
	assert.equal(await choice.inputValue(), "3");
	assert.deepEqual(wrong, []);
	await close();
});

test("a version that may not be asked says why, and does not show another one's answer", async () => {
	const { tab, close } = await open(hashOf("try", { model: dangerous, against: 2 }));
	await tab.locator(".words").first().waitFor();
	const alert = tab.getByRole("alert");
	await alert.waitFor();
	assert.match(await alert.textContent(), /role may not do that.*version 2.*sentiment_promote/s);
	assert.equal(await tab.getByRole("region", { name: "Version 2" }).locator(".words").count(), 0);
	assert.deepEqual(await findingsOfAxe(tab), []);
	await tab.screenshot({ path: `${PAGE_SCREENSHOTS}/try-forbidden.png`, fullPage: true });
	const lines = tab.getByLabel("Version", { exact: true }).locator("option:disabled");
	await lines.nth(1).waitFor({ state: "attached" });
	assert.match(
		(await lines.allTextContents()).join(),
		/version 3.*retired.*version 2.*needs the privilege train/,
	);
	await tab.evaluate(
		(hash) => (location.hash = hash),
		hashOf("try", { model: dangerous, version: 3 }).slice(1),
	);
	await tab.getByRole("alert").getByText("It is not there").waitFor();
	assert.match(await tab.getByRole("alert").textContent(), /is retired/);
	assert.equal(await tab.locator(".words").count(), 0);
	await tab.evaluate(
		(hash) => (location.hash = hash),
		hashOf("try", { model: dangerous, version: 1 }).slice(1),
	);
	await tab.locator(".words").waitFor();
	assert.equal(await tab.getByRole("alert").count(), 0);
	await close();
});

test("contributions add up to what the database says", async () => {
	const { tab, close } = await open(hashOf("try"));
	await tab.getByRole("textbox", { name: "Review" }).fill("awful");
	await tab.locator(".words", { hasText: "awful" }).waitFor();
	const answer = await tab.evaluate(async () => {
		const response = await fetch("predict", {
			method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ texts: ["awful"], model: "food", explain: true }),
		});
		return response.json();
	});
	const own = answer.explanations[0].find((part) => part.term === "awful").contribution;
	const shown = (await tab.locator(".word", { hasText: "awful" }).getAttribute("title")).replace("−", "-");
	assert.ok(Math.abs(Number(shown.split(": ")[1]) - own) < 0.0051, `${shown} for ${own}`);
	await close();
});

test("scripts in names, labels and texts are text", async () => {
	const { tab, wrong, close } = await open(hashOf("try", { model: dangerous }));
	const shown = {
		try: async () => {
			await tab
				.getByRole("textbox", { name: "Review" })
				.fill('<script>alert(1)</script><img src=x onerror="alert(2)"> great');
			await tab.locator(".words", { hasText: "<img src=x onerror=" }).waitFor();
			assert.match(
				await tab.locator(".verdict-label").textContent(),
				/^(<img src=x onerror=alert\(1\)>|"><svg onload=alert\(2\)>)$/,
			);
		},
		models: () =>
			tab
				.locator("table.confusion th", {
					hasText: "<img src=x onerror=alert(1)>",
				})
				.first()
				.waitFor(),
		drift: () => tab.getByText("Bins tell of the training rows").waitFor(),
		operations: () => tab.getByText("Nothing is scheduled").waitFor(),
		live: () => tab.getByRole("group", { name: /by label/ }).waitFor(),
		experiments: () => tab.getByText("One version has all of the traffic").waitFor(),
		search: () => tab.getByText("No hyperparameters were searched for this model").waitFor(),
		card: () => tab.locator(".markdown h2", { hasText: "alert" }).first().waitFor(),
	};
	for (const [view, wait] of Object.entries(shown)) {
		await tab.evaluate((hash) => (location.hash = hash), hashOf(view, { model: dangerous }).slice(1));
		await wait();
		assert.equal(
			await tab.locator("main script, main img, main iframe, main [onerror], main [onload]").count(),
			0,
			view,
		);
		assert.equal(await tab.locator("select").first().inputValue(), dangerous);
		if (view === "models")
			await tab.screenshot({
				path: `${PAGE_SCREENSHOTS}/models-dangerous.png`,
				fullPage: true,
			});
	}
	assert.deepEqual(wrong, []);
	await close();
});

test("models: versions, curves and history are those of the database", async () => {
	const { tab, wrong, close } = await open(hashOf("models"));
	const answer = await tab.evaluate(async () => (await fetch("api/versions?model=food")).json());
	const rows = tab.getByRole("group", { name: "Versions of food" }).locator("tbody tr");
	await rows.first().waitFor();
	assert.equal(await rows.count(), answer.versions.length);
	for (const [i, version] of answer.versions.entries())
		assert.match(
			await rows.nth(i).textContent(),
			new RegExp(`^Version ${version.version}.*${version.f1.toFixed(3)}`),
		);
	const history = tab.getByRole("group", { name: "History of deployments" }).locator("tbody tr");
	assert.equal(await history.count(), answer.history.length);
	// another version is compared with the one that answers
	await tab.getByRole("link", { name: "Version 3", exact: true }).click();
	await tab.getByRole("heading", { name: "Version 3: figures" }).waitFor();
	assert.match(tab.url(), /version=3/);
	const legend = tab
		.locator("figure", { has: tab.locator('svg[aria-label^="Receiver"]') })
		.locator(".legend li");
	await legend.nth(1).waitFor();
	assert.deepEqual(await legend.allTextContents(), ["version 3", "version 1"]);
	// the data of a chart as a table
	const table = tab.locator("figure", {
		has: tab.locator('svg[aria-label^="Calibration"]'),
	});
	await table.getByText("Data as a table").click();
	await table.locator("tbody tr").nth(2).waitFor();
	await tab.goBack();
	await tab.getByRole("heading", { name: "Version 1: figures" }).waitFor();
	assert.deepEqual(wrong, []);
	await close();
});

test("drift: verdicts, course and histograms", async () => {
	const { tab, wrong, close } = await open(hashOf("drift"));
	await tab.locator(".tile .badge", { hasText: "drifted" }).waitFor();
	const answer = await tab.evaluate(async () => (await fetch("api/drift?model=food")).json());
	const [last, , first] = answer.reports;
	assert.deepEqual([last.drifted, first.drifted], [true, false]);
	await tab.getByRole("link", { name: "exclamation count" }).first().click();
	await tab.locator('svg[aria-label^="exclamation count: shares"]').waitFor();
	const course = tab.locator('svg[aria-label^="exclamation count, population stability index"]');
	assert.equal(await course.locator("circle.dot").count(), answer.reports.length);
	assert.equal(await course.locator("circle.marked").count(), 1);
	// an earlier report
	await tab.getByRole("group", { name: "Checks for drift" }).locator("tbody a").nth(2).click();
	await tab.locator(".tile .badge", { hasText: "steady" }).waitFor();
	assert.deepEqual(wrong, []);
	await close();
});

test("drift: live traffic against the reference", async () => {
	const { tab, wrong, close } = await open(hashOf("drift"));
	await tab.getByRole("radio", { name: "Live traffic" }).check();
	const rows = tab.getByRole("group", { name: "Findings of live traffic" }).locator("tbody tr");
	await rows.first().waitFor();
	const answer = await tab.evaluate(async () => (await fetch("api/live_drift?model=food")).json());
	assert.equal(answer.counted, true);
	const compared = answer.features.filter((row) => row.statistic !== "holm" && row.value !== null);
	assert.equal(await rows.count(), compared.length);
	assert.ok(compared.length > 10);
	const unseen = tab.getByText(/^Not compared in live traffic:/);
	assert.match(await unseen.textContent(), /: \(label\), \(domain classifier\)\.$/);
	const verdict = answer.features.find((row) => row.statistic === "holm");
	await tab.locator(".tile .badge", { hasText: verdict.drifted ? "drifted" : "steady" }).waitFor();
	const predictions = answer.versions.find((row) => row.version === answer.version).predictions;
	assert.ok(predictions >= 40_000);
	// the course ends now, after the stored report of live traffic; its bins are those of that report
	await tab.getByRole("link", { name: "word count" }).first().click();
	const course = tab.locator('svg[aria-label^="word count, population stability index"]');
	await course.waitFor();
	const reports = (await tab.evaluate(async () => (await fetch("api/drift?model=food")).json())).reports;
	const own = reports.filter((report) => report.source === null && report.version === answer.version);
	assert.ok(own.length > 0 && own.length < reports.length);
	assert.equal(await course.locator("circle.dot").count(), own.length + 1);
	await tab.locator('svg[aria-label^="word count: shares"]').waitFor();
	// another version that was asked
	await tab.getByLabel("Traffic of").selectOption("2");
	await tab.locator(".tile", { hasText: "Reference" }).getByText("version 2").waitFor();
	assert.match(tab.url(), /version=2/);
	await tab.getByText("No report of live traffic is stored yet").waitFor();
	// by keyboard back to the stored reports
	await tab.getByRole("radio", { name: "Live traffic" }).focus();
	await tab.keyboard.press("ArrowLeft");
	await tab.getByRole("group", { name: "Checks for drift" }).waitFor();
	assert.doesNotMatch(tab.url(), /source=/);
	assert.deepEqual(wrong, []);
	await close();
});

test("operations: jobs, retrainings, runs, validation, Pareto front", async () => {
	const { tab, wrong, close } = await open(hashOf("operations"));
	const answer = await tab.evaluate(async () => (await fetch("api/operations?model=food")).json());
	const rows = (name) => tab.getByRole("group", { name }).locator("tbody tr");
	await rows("Scheduled jobs").first().waitFor();
	assert.equal(await rows("Scheduled jobs").count(), 1);
	assert.match(await rows("Scheduled jobs").first().textContent(), /check and retrain.*0 3 \* \* \*/);
	assert.equal(answer.retrainings.length, 1);
	assert.match(await rows("Retrainings").first().textContent(), /everybody shouts/);
	assert.ok(answer.runs[0].steps.length >= 4);
	assert.equal(await rows(`Steps of run ${answer.runs[0].run_id}`).count(), answer.runs[0].steps.length);
	assert.equal(await rows("Findings of the last validation").count(), answer.validation.findings.length);
	await tab.getByRole("radio", { name: "Size" }).check();
	const chart = tab.locator('svg[aria-label^="Macro F1 against size"]');
	await chart.focus();
	await tab.keyboard.press("ArrowRight");
	assert.match(
		await tab.locator(".readout", { hasText: "macro F1" }).textContent(),
		/^v\d+: macro F1 0\.\d{3}, size .*B/,
	);
	assert.deepEqual(wrong, []);
	await close();
});

test("live: what is asked is seen", async () => {
	const { tab, wrong, close } = await open(hashOf("live"));
	await tab.locator(".tile", { hasText: "Database" }).locator(".badge", { hasText: "up" }).waitFor();
	await ask(tab, 60);
	await tab
		.locator(".tile", { hasText: "Median latency" })
		.locator(".tile-value", { hasText: /[µm]?s/ })
		.waitFor();
	const row = tab
		.getByRole("group", { name: /by endpoint/ })
		.locator("tr", { hasText: "/predict" })
		.first();
	assert.ok(Number((await row.locator("td").first().textContent()).replaceAll(",", "")) >= 60);
	assert.match(await tab.getByRole("group", { name: /by label/ }).textContent(), /pos.*neg|neg.*pos/s);
	await tab.getByRole("button", { name: "Pause" }).click();
	await tab.getByRole("button", { name: "Go on" }).waitFor();
	assert.deepEqual(wrong, []);
	await close();
});

test("experiments: shares, rates and p-values are those of the database", async () => {
	const { tab, wrong, close } = await open(hashOf("experiments"));
	const answer = await tab.evaluate(async () => (await fetch("api/experiments?model=food")).json());
	assert.equal(answer.arms.length, 2);
	const rows = tab.getByRole("group", { name: "Versions of the experiment" }).locator("tbody tr");
	await rows.nth(1).waitFor();
	for (const [i, arm] of answer.arms.entries()) {
		const text = await rows.nth(i).textContent();
		assert.match(text, new RegExp(`^Version ${arm.version}`));
		assert.ok(text.includes(`${(100 * arm.rate).toFixed(1)} %`), text);
	}
	assert.match(await rows.nth(1).textContent(), /better/);
	assert.equal(answer.shadows[0].version, 3);
	assert.ok(answer.shadows[0].compared > 0);
	assert.deepEqual(wrong, []);
	await close();
});

test("search: trials, the best one and the front are those of the database", async () => {
	const { tab, wrong, close } = await open(hashOf("search"));
	const answer = await tab.evaluate(async () => (await fetch("api/searches?model=food")).json());
	assert.equal(answer.searches.length, 2);
	assert.deepEqual(answer.running, []);
	const [last, first] = answer.searches;
	const rows = tab.getByRole("group", { name: `Trials of search ${last.search_id}` }).locator("tbody tr");
	await rows.nth(last.trials.length - 1).waitFor();
	assert.equal(await rows.count(), 12);
	for (const [i, trial] of last.trials.entries()) {
		const text = await rows.nth(i).textContent();
		assert.match(text, new RegExp(`^Trial ${trial.trial}\\D`));
		assert.ok(text.includes(trial.best ? "best" : trial.state), text);
		if (trial.message) assert.ok(text.includes(trial.message), text);
	}
	assert.ok(last.trials.some((trial) => trial.state === "failed"));
	const dots = tab.locator('svg[aria-label*=" against "] circle');
	await dots.first().waitFor();
	await tab.getByRole("link", { name: `Search ${first.search_id}` }).click();
	const table = tab.getByRole("group", { name: `Trials of search ${first.search_id}` });
	await table.waitFor();
	assert.equal(
		await table.getByText("on the front").count(),
		first.trials.filter((trial) => trial.on_front).length,
	);
	await tab.locator('svg[aria-label*="against bytes"] circle').first().waitFor();
	await tab.getByLabel("Against", { exact: true }).selectOption("C");
	await tab.locator('svg[aria-label*="against C"] circle').first().waitFor();
	assert.deepEqual(wrong, []);
	await close();
});

test("the model card can be saved", async () => {
	const { tab, wrong, close } = await open(hashOf("card"));
	await tab.locator(".markdown h2").first().waitFor();
	const download = tab.waitForEvent("download");
	await tab.getByText("Save as Markdown").click();
	const saved = readFileSync(await (await download).path(), "utf8");
	const { markdown } = await tab.evaluate(async () => (await fetch("api/model_card?model=food")).json());
	assert.equal(saved, markdown);
	assert.match(saved, /^# /);
	assert.deepEqual(wrong, []);
	await close();
});

/** The name and the role of what has the focus. */
const focused = (tab) =>
	tab.evaluate(() => {
		const element = document.activeElement;
		return `${element.tagName.toLowerCase()} ${element.labels?.[0]?.textContent ?? element.textContent ?? ""}`.trim();
	});

test("everything by keyboard", async () => {
	const { tab, wrong, close } = await open(hashOf("try"));
	await tab.locator(".words").waitFor();
	await tab.keyboard.press("Tab");
	assert.equal(await focused(tab), "a Skip to the content");
	assert.ok((await tab.locator(".skip").boundingBox()).y >= 0, "it is seen");
	await tab.keyboard.press("Enter");
	assert.equal(await focused(tab), "h1 Try it");
	await tab.keyboard.press("Tab");
	assert.equal(await focused(tab), "textarea Review");
	// two versions beside each other, and one again
	await tab.keyboard.press("Tab");
	assert.equal(await focused(tab), "select Version");
	await tab.keyboard.press("Tab");
	assert.equal(await focused(tab), "select Compare with");
	await tab.keyboard.press("ArrowDown");
	await tab.getByRole("heading", { name: "Beside each other" }).waitFor();
	await tab.keyboard.press("ArrowUp");
	await tab.getByRole("heading", { name: "Answer" }).waitFor();
	assert.equal(await focused(tab), "select Compare with");
	await tab.keyboard.press("Shift+Tab");
	await tab.keyboard.press("Shift+Tab");
	assert.equal(await focused(tab), "textarea Review");
	// backwards: footer is after; views are before the content
	await tab.keyboard.press("Shift+Tab");
	assert.equal(await focused(tab), "a Model card");
	for (let i = 0; i < 5; i++) await tab.keyboard.press("Shift+Tab");
	assert.equal(await focused(tab), "a Drift");
	await tab.keyboard.press("Enter");
	await tab.locator("h1", { hasText: "Drift" }).waitFor();
	// a new view is read from its heading
	await tab.waitForFunction(
		() => document.activeElement.textContent === "Drift" && document.activeElement.matches("h1"),
	);
	await tab.locator("svg rect.area").first().waitFor();
	// every stop is visible and named; Tab leaves the page at its end
	const seen = new Set();
	for (let i = 0; i < 80; i++) {
		await tab.keyboard.press("Tab");
		const stop = await tab.evaluate(() => {
			const element = document.activeElement;
			if (element === document.body) return null;
			const box = element.getBoundingClientRect();
			const name =
				element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
			const style = getComputedStyle(element);
			const ring =
				style.outlineStyle !== "none" ||
				getComputedStyle(element.nextElementSibling ?? element).outlineStyle !== "none";
			return {
				name: (name ?? "").trim(),
				visible: box.width > 0 && box.height > 0,
				ring,
			};
		});
		if (stop === null) break;
		assert.ok(stop.visible && stop.ring && stop.name !== "", JSON.stringify(stop));
		seen.add(stop.name);
	}
	assert.ok(
		[...seen].some((name) => name.startsWith("Findings of this report")),
		"the table can be scrolled",
	);
	assert.ok(
		[...seen].some((name) => name.includes("population stability index")),
		"the chart can be read",
	);
	// the chart by arrow keys
	await tab.locator('svg[aria-label*="population stability index"]').focus();
	await tab.keyboard.press("End");
	assert.match(await tab.locator(".readout").first().textContent(), /^checked .*: \d/);
	await tab.keyboard.press("Escape");
	assert.equal((await tab.locator(".readout").first().textContent()).trim(), "");
	// the model by the arrow keys of its list
	await tab.getByLabel("Model", { exact: true }).focus();
	await tab.keyboard.press("ArrowUp");
	await tab.keyboard.press("ArrowDown");
	assert.deepEqual(wrong, []);
	await close();
});

test("the theme is chosen, and remembered", async () => {
	const { tab, wrong, close } = await open(hashOf("try"));
	const ground = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const light = await ground();
	await tab.getByRole("radio", { name: "Auto" }).focus();
	await tab.keyboard.press("ArrowRight");
	assert.equal(await ground(), light);
	await tab.keyboard.press("ArrowRight");
	const dark = await ground();
	assert.notEqual(dark, light);
	await tab.reload();
	assert.equal(await ground(), dark);
	assert.ok(await tab.getByRole("radio", { name: "Dark" }).isChecked());
	await tab.getByRole("radio", { name: "Auto" }).check();
	assert.equal(await ground(), light);
	await tab.emulateMedia({ colorScheme: "dark" });
	assert.equal(await ground(), dark);
	assert.deepEqual(wrong, []);
	await close();
});

test("a token is asked for, and kept in this tab only", async () => {
	const { tab, close } = await open(hashOf("models"), {
		address: PAGE_ADDRESS_TOKEN,
	});
	const field = tab.getByLabel("Bearer token");
	await field.waitFor();
	assert.deepEqual(await findingsOfAxe(tab), []);
	await tab.screenshot({ path: `${PAGE_SCREENSHOTS}/token.png` });
	await field.fill("a wrong one");
	await field.press("Enter");
	await tab.getByText("did not accept this token").waitFor();
	await field.fill(PAGE_TOKEN);
	await tab.getByRole("button", { name: "Continue" }).click();
	await tab.getByRole("heading", { name: "Versions", exact: true }).waitFor();
	const kept = await tab.evaluate(() => [
		Object.values({ ...sessionStorage }),
		Object.values({ ...localStorage }),
		document.cookie,
	]);
	assert.deepEqual(kept, [[PAGE_TOKEN], [], ""]);
	assert.ok(!tab.url().includes("token"));
	await tab.reload();
	await tab.getByRole("heading", { name: "Versions", exact: true }).waitFor();
	const other = await open(hashOf("models"), { address: PAGE_ADDRESS_TOKEN });
	await other.tab.getByLabel("Bearer token").waitFor();
	await other.close();
	await close();
});

test("without a database the page waits for it; without a model it says what to do", async () => {
	const { tab, close } = await open("/", { address: PAGE_ADDRESS_LATE });
	await tab.getByText(/The database (does not answer|has no extension)/).waitFor();
	assert.equal(await tab.getByRole("alert").count(), 1);
	assert.deepEqual(await findingsOfAxe(tab), []);
	await tab.screenshot({ path: `${PAGE_SCREENSHOTS}/database-down.png` });
	execSync(PAGE_CREATE_LATE, { stdio: "pipe" });
	await tab.getByText("There is no model yet that this exporter may use").waitFor({ timeout: 40_000 });
	assert.match(await tab.locator(".sql").textContent(), /sentiment_train/);
	assert.equal(await tab.getByRole("alert").count(), 0);
	assert.deepEqual(await findingsOfAxe(tab), []);
	await tab.screenshot({ path: `${PAGE_SCREENSHOTS}/no-model.png` });
	await close();
});

test("the policy forbids scripts and styles in the document", async () => {
	const response = await fetch(PAGE_ADDRESS);
	const policy = response.headers.get("content-security-policy");
	assert.match(policy, /default-src 'none'/);
	assert.doesNotMatch(policy, /unsafe/);
	const html = await response.text();
	assert.doesNotMatch(html, /<script(?![^>]*src=)|<style| style=| on\w+=|https?:/);
	for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
		const asset = await fetch(`${PAGE_ADDRESS}/${path}`);
		assert.equal(asset.status, 200, path);
		assert.match(path, /-[0-9a-f]{10}\.(js|css|svg)$/);
	}
});
