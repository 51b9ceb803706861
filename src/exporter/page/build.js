// Bundle the page into dist/: index.html, and its script, style and icon under names that hold a hash of what
// is in them, so that browsers may keep them for ever. The result depends on the sources only.
//
//   node build.js [FOLDER]
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(process.argv[2] ?? join(here, "dist"));
const largest = 300_000; // bytes of all files; the bundle is part of the exporter

/** Write a file under its name with a hash; answers that name. */
async function writeHashed(stem, extension, content) {
	const hash = createHash("sha256").update(content).digest("hex").slice(0, 10);
	const name = `${stem}-${hash}.${extension}`;
	await writeFile(join(folder, "assets", name), content);
	return `assets/${name}`;
}

/** The licences of the packages that are in the bundle, as a comment. */
async function licences() {
	const packages = new Set();
	for (const input of Object.keys(result.metafile.inputs)) {
		const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
		if (match) packages.add(match[1]);
	}
	const namesByText = new Map();
	for (const name of [...packages].sort()) {
		const text = (await readFile(join(here, "node_modules", name, "LICENSE"), "utf8")).trim();
		namesByText.set(text, [...(namesByText.get(text) ?? []), name]);
	}
	const parts = [...namesByText].map(([text, names]) => `${names.join(", ")}\n\n${text}`);
	return Buffer.from(`/*\n${parts.join("\n\n----\n\n").replaceAll("*/", "* /")}\n*/\n`);
}

const result = await build({
	entryPoints: [join(here, "source/main.tsx"), join(here, "source/style.css")],
	absWorkingDir: here,
	outdir: folder,
	bundle: true,
	minify: true,
	write: false,
	metafile: true,
	format: "esm",
	target: ["es2022"],
	jsx: "automatic",
	jsxImportSource: "preact",
	charset: "utf8",
	legalComments: "none",
	logLevel: "warning",
});

await rm(folder, { recursive: true, force: true });
await mkdir(join(folder, "assets"), { recursive: true });
const bundled = (extension) => result.outputFiles.find((file) => file.path.endsWith(extension)).contents;
const names = {
	script: await writeHashed("page", "js", Buffer.concat([await licences(), bundled(".js")])),
	style: await writeHashed("page", "css", bundled(".css")),
	icon: await writeHashed("icon", "svg", await readFile(join(here, "source/icon.svg"))),
};
const html = (await readFile(join(here, "source/index.html"), "utf8"))
	.replace("main.tsx", names.script)
	.replace("style.css", names.style)
	.replace("icon.svg", names.icon);
await writeFile(join(folder, "index.html"), html);

let bytes = 0;
for (const name of ["index.html", ...Object.values(names)])
	bytes += (await readFile(join(folder, name))).length;
if (bytes > largest) {
	console.error(`the page has ${bytes} bytes, more than ${largest}`);
	process.exit(1);
}
console.log(`page: ${bytes} bytes in ${folder}`);
