// Builds dist/console.bin: the page of the console. A line of JSON says what the page begins with and where each file is; the files follow, as
// browsers get them, compressed with gzip. Their names contain a hash, so a browser may keep them for ever.
import { readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** Writes the file, and resolves with the modules in it, as `bundledPackages` reads them. */
export async function writeConsole(root) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { console: "src/console/page/main.tsx" },
    outdir: `${root}dist/console`,
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["chrome111", "firefox115", "safari16.4"],
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    legalComments: "none",
    charset: "utf8",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  const files = {};
  const parts = [];
  let offset = 0;
  for (const { path, contents } of outputFiles) {
    const bytes = gzipSync(contents, { level: 9 });
    files[basename(path)] = [offset, bytes.length];
    offset += bytes.length;
    parts.push(bytes);
  }
  const head = Buffer.from(`${JSON.stringify({ ...manifestOf(metafile), files })}\n`);
  writeFileSync(`${root}dist/console.bin`, Buffer.concat([head, ...parts]));
  return Object.fromEntries(Object.keys(metafile.inputs).map((path) => [resolve(root, path), {}]));
}

/** What the page loads at its start: `preload` are the scripts that the first one imports. */
function manifestOf({ outputs }) {
  const [path, entry] = Object.entries(outputs).find(
    ([, one]) => one.entryPoint === "src/console/page/main.tsx",
  );
  const preload = [];
  const follow = ({ imports }) => {
    for (const { path, kind } of imports) {
      if (kind !== "import-statement" || preload.includes(basename(path))) continue;
      preload.push(basename(path));
      follow(outputs[path]);
    }
  };
  follow(entry);
  return { script: basename(path), style: basename(entry.cssBundle), preload };
}

/** The head of the file, and its files by name. */
export function readConsole(root) {
  const bytes = readFileSync(`${root}dist/console.bin`);
  const end = bytes.indexOf(10);
  const { files, ...manifest } = JSON.parse(bytes.subarray(0, end).toString());
  const at = ([offset, length]) => bytes.subarray(end + 1 + offset, end + 1 + offset + length);
  return { manifest, files: new Map(Object.entries(files).map(([name, span]) => [name, at(span)])) };
}

/** Bytes of the first load, compressed: the script, what it imports, and the style. */
export function firstLoadBytes(root) {
  const { manifest, files } = readConsole(root);
  const { script, style, preload } = manifest;
  return [script, style, ...preload].reduce((sum, name) => sum + files.get(name).length, 0);
}
