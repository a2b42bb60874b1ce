// Builds dist/: one entry that node runs directly, a few chunks beside it that are loaded when needed, the types, and the texts that ship.
// `--no-types` leaves out what only the package needs (the test suite needs the program).
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { transform } from "esbuild";
import { rolldown } from "rolldown";
import { minify } from "rolldown/utils";
import { bundleOptions, root } from "./bundle.mjs";
import { chunking } from "./chunks.mjs";
import { writeConsole } from "./console.mjs";
import { writeLibraries } from "./libraries.mjs";
import { writeManual } from "./manual.mjs";
import { bundledPackages, writeNotices } from "./notices.mjs";
import { writeRecipes } from "./recipes.mjs";
import { writeSbom } from "./sbom.mjs";
import { writeTypes } from "./types.mjs";

// Chunks of earlier builds stay for a day: processes that run may load them yet.
mkdirSync(`${root}dist/chunks`, { recursive: true });
for (const chunk of readdirSync(`${root}dist/chunks`)) {
  const path = `${root}dist/chunks/${chunk}`;
  if (Date.now() - statSync(path).mtimeMs > 24 * 60 * 60 * 1_000) rmSync(path);
}

/** Renames what is local to a library. Our own identifiers stay as they are: stack traces are for reading. */
const smallLibraries = {
  name: "small-libraries",
  transform: {
    filter: { id: /\/node_modules\/.*\.[cm]?js$/ },
    async handler(code) {
      const result = await transform(code, { minify: true, legalComments: "none", target: "node20.19" });
      return { code: result.code, map: { mappings: "" } };
    },
  },
};

/** The MCP SDK's validator of forms is Ajv with all formats. session/server.ts gives it another one, so no start has to load this one. */
const slimSdk = {
  name: "slim-sdk",
  load: {
    filter: { id: /sdk\/dist\/esm\/validation\/ajv-provider\.js$/ },
    handler: () =>
      "export class AjvJsonSchemaValidator { constructor() { throw new Error('none was passed'); } }",
  },
};

/** What host/http-client.ts uses of undici, and one of its two HTTP parsers: the one that runs on every processor. */
const slimUndici = {
  name: "slim-undici",
  load: {
    filter: { id: /\/undici\/(?:index|lib\/llhttp\/llhttp_simd-wasm)\.js$/ },
    handler: (id) =>
      id.endsWith("index.js")
        ? `const Dispatcher = require("./lib/dispatcher/dispatcher");
Dispatcher.prototype.connect = require("./lib/api/api-connect");
exports.Agent = require("./lib/dispatcher/agent");
exports.EnvHttpProxyAgent = require("./lib/dispatcher/env-http-proxy-agent");
exports.fetch = require("./lib/web/fetch").fetch;`
        : `throw new Error("the other parser is used");`,
  },
};

/** What is local gets short names; functions and classes keep theirs, for stack traces. */
async function withShortNames(code) {
  const names = { function: true, class: true };
  const result = await minify("chunk.js", code, {
    module: true,
    compress: false,
    mangle: { toplevel: true, keepNames: names },
    codegen: { removeWhitespace: false },
  });
  if (result.errors.length > 0) throw new Error(result.errors[0].message);
  return result.code;
}

/** In ASCII: V8 keeps a file with any other character in twice the memory. */
const smallChunks = {
  name: "small-chunks",
  async renderChunk(code) {
    const result = await transform(await withShortNames(code), {
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: "none",
      format: "esm",
      target: "node20.19",
      sourcemap: true,
      sourcesContent: false,
    });
    return { code: result.code, map: result.map };
  },
};

const { plugin, codeSplitting } = chunking(root);
const bundle = await rolldown(bundleOptions([slimSdk, slimUndici, smallLibraries, smallChunks, plugin]));
const { output } = await bundle.write({
  dir: `${root}dist`,
  cleanDir: false,
  format: "esm",
  chunkFileNames: "chunks/[name]-[hash].js",
  sourcemap: true,
  sourcemapExcludeSources: true,
  minify: false,
  codeSplitting,
});
await bundle.close();
chmodSync(`${root}dist/channel-router.js`, 0o755);

// npm packs what is in dist/, but for what is listed here: source maps, and the chunks of earlier builds.
const page = { modules: await writeConsole(root) };
const fresh = new Set(output.map(({ fileName }) => fileName));
const stale = readdirSync(`${root}dist/chunks`).filter(
  (name) => !name.endsWith(".map") && !fresh.has(`chunks/${name}`),
);
const ignored = ["*.map", ...stale.map((name) => `/chunks/${name}`)];
writeFileSync(`${root}dist/.npmignore`, `${ignored.join("\n")}\n`);

const packages = bundledPackages(root, [...output, page]);
writeNotices(root, packages);
await writeLibraries(root);
writeRecipes(root);
if (!process.argv.includes("--no-types")) {
  writeSbom(root, packages);
  writeManual(root);
  writeTypes(root);
}
