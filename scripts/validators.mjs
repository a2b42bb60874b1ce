// Compiles an option schema to the validator that `import { validate } from "./options.ts?validator"` gives: esbuild and vitest
// both load such imports through here, so that no generated code is in git and none can be stale.
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const query = "?validator";

/** The words that our schemas have beyond JSON Schema. */
const vocabulary = [
  "x-secret",
  "x-inert",
  "x-credential",
  "x-shown",
  "x-template",
  "x-cel",
  "x-regex",
  "x-glob",
  "x-argv",
  "x-deep",
  "x-order",
];

/** For `plugins` of esbuild. */
export const validators = {
  name: "validators",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\?validator$/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice(0, -query.length)),
      namespace: "validator",
    }));
    onLoad({ filter: /.*/, namespace: "validator" }, async ({ path }) => {
      const { schema, read } = await readSchema(path);
      return { contents: await compile(schema), loader: "js", resolveDir: root, watchFiles: read };
    });
  },
};

/** The same for `plugins` of Vite, and so of vitest: what it loads cannot `require`, so the run-time parts of Ajv are bundled in. */
export function viteValidators() {
  return {
    name: "validators",
    enforce: "pre",
    resolveId(source, importer) {
      if (!source.endsWith(query) || importer === undefined) return null;
      return `${resolve(dirname(importer), source.slice(0, -query.length))}${query}`;
    },
    async load(id) {
      if (!id.endsWith(query)) return null;
      const { schema, read } = await readSchema(id.slice(0, -query.length));
      for (const path of read) this.addWatchFile(path);
      const { outputFiles } = await build({
        absWorkingDir: root,
        stdin: { contents: await compile(schema), resolveDir: root, loader: "js" },
        bundle: true,
        format: "esm",
        platform: "node",
        write: false,
        // Nobody reads generated code, and short names make it a third smaller.
        minify: true,
        legalComments: "none",
      });
      return outputFiles[0].text;
    },
  };
}

/** Imports a TypeScript file that holds plain data or pure functions; `read` are the absolute paths of all files that it took. */
export async function load(path) {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [path],
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    metafile: true,
  });
  const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`;
  return {
    module: await import(url),
    read: Object.keys(metafile.inputs).map((input) => resolve(root, input)),
  };
}

/** The one schema that a file exports, by its name, without the default that it has inside another schema. */
async function readSchema(path) {
  const { module, read } = await load(path);
  const names = Object.keys(module).filter((name) => /(?:Options|Schema)$/.test(name));
  if (names.length !== 1)
    throw new Error(
      `${path}: "${query}" needs one export named ...Options or ...Schema, found ${names.length}`,
    );
  const { default: _, ...schema } = module[names[0]];
  return { schema, read };
}

/** Undefined until the first schema is compiled. */
let unitFormats;

async function compile(schema) {
  unitFormats ??= load("src/config/schema/unit-formats.ts");
  const { module } = await unitFormats;
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    strict: true,
    allowUnionTypes: true,
    // Errors are explained from their keyword and its parameters.
    messages: false,
    code: { source: true, esm: true, lines: true },
  });
  ajv.addVocabulary(vocabulary);
  for (const [name, pattern] of Object.entries(module.unitFormats)) ajv.addFormat(name, pattern);
  return standalone(ajv, ajv.compile(withoutTexts(schema)));
}

/** Keys below which names are the user's, and not those of JSON Schema. */
const named = new Set(["properties", "patternProperties", "$defs"]);

/** The generated code has the whole schema in it: what only people read is left out. */
function withoutTexts(schema) {
  if (Array.isArray(schema)) return schema.map(withoutTexts);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).filter(([key]) => key !== "description" && key !== "examples");
  return Object.fromEntries(
    entries.map(([key, value]) => {
      if (["default", "const", "enum"].includes(key)) return [key, value];
      if (!named.has(key)) return [key, withoutTexts(value)];
      const inner = Object.entries(value).map(([name, one]) => [name, withoutTexts(one)]);
      return [key, Object.fromEntries(inner)];
    }),
  );
}
