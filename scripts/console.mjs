// Builds dist/console/: the page of the console, as files that browsers get unchanged, compressed with gzip. Their names contain a hash, so a
// browser may keep them for ever. manifest.json says which of them the page begins with.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const dayMs = 24 * 60 * 60 * 1_000;

/**
 * Writes the files, and resolves with the modules in them (as `bundledPackages` reads them) and with the names of files of earlier builds,
 * which stay for a day: a router that runs may send them yet.
 */
export async function writeConsole(root) {
  const folder = `${root}dist/console`;
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { console: "src/console/page/main.tsx" },
    outdir: folder,
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
  mkdirSync(folder, { recursive: true });
  const fresh = new Set(["manifest.json"]);
  for (const { path, contents } of outputFiles) {
    const name = `${basename(path)}.gz`;
    fresh.add(name);
    writeFileSync(`${folder}/${name}`, gzipSync(contents, { level: 9 }));
  }
  writeFileSync(`${folder}/manifest.json`, `${JSON.stringify(manifestOf(metafile))}\n`);
  const modules = Object.fromEntries(Object.keys(metafile.inputs).map((path) => [resolve(root, path), {}]));
  return { modules, stale: removeOld(folder, fresh) };
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

function removeOld(folder, fresh) {
  const stale = readdirSync(folder).filter((name) => !fresh.has(name));
  return stale.filter((name) => {
    const isOld = Date.now() - statSync(`${folder}/${name}`).mtimeMs > dayMs;
    if (isOld) rmSync(`${folder}/${name}`);
    return !isOld;
  });
}

/** Bytes of the first load, compressed: the script, what it imports, and the style. */
export function firstLoadBytes(root) {
  const folder = `${root}dist/console`;
  const { script, style, preload } = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf8"));
  return [script, style, ...preload].reduce((sum, name) => sum + statSync(`${folder}/${name}.gz`).size, 0);
}
