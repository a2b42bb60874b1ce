// Writes what users read of the option schemas, which are declared once, in src/config/schema/core.ts and
// src/connectors/<type>/options.ts: schema/*.json and the tables in docs/. `--check` writes nothing and fails when a file is stale.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { editorSchema, recipeEditorSchema } from "./editor-schema.mjs";
import { currentGallery } from "./gallery.mjs";
import { optionsTable } from "./options-table.mjs";
import { load } from "./validators.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const checkOnly = process.argv.includes("--check");
const stale = [];

const { coreSchema, mayBeEmpty } = (await load("src/config/schema/core.ts")).module;
const { recipeSchema } = (await load("src/config/recipe/schema.ts")).module;
const { testsSchema } = (await load("src/config/schema/tests.ts")).module;
const folders = readdirSync(`${root}src/connectors`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

// Loaded apart from the rest when there are tests; to an editor they are one.
for (const schema of [coreSchema, recipeSchema]) schema.properties.tests = testsSchema;
const sources = await derive("", "Options", "options");
const sinks = await derive("/sink", "SinkOptions", "sink-options");
const recipes = readdirSync(`${root}recipes`)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.slice(0, -".yaml".length))
  .sort();
write(
  "schema/channels.schema.json",
  jsonText(editorSchema(coreSchema, { sources, sinks }, mayBeEmpty, recipes)),
);
write("schema/recipe.schema.json", jsonText(recipeEditorSchema(recipeSchema)));

const gallery = `${root}docs/gallery.md`;
write(
  "docs/gallery.md",
  await currentGallery(root, existsSync(gallery) ? readFileSync(gallery, "utf8") : undefined),
);

if (stale.length > 0) {
  console.error(`stale: ${stale.join(", ")}\nrun: npm run generate`);
  process.exit(1);
}

/** Writes what follows from the options of each connector that has a file of them in `below`. */
async function derive(below, suffix, mark) {
  const found = [];
  for (const type of folders) {
    const folder = `src/connectors/${type}${below}`;
    if (!existsSync(`${root}${folder}/options.ts`)) continue;
    const { module } = await load(`${folder}/options.ts`);
    const options = module[`${type}${suffix}`];
    found.push({ type, options });
    updateDocs(`docs/connectors/${type}.md`, `${mark}:${type}`, options);
  }
  return found;
}

function updateDocs(path, mark, options) {
  if (!existsSync(`${root}${path}`)) return;
  const text = readFileSync(`${root}${path}`, "utf8");
  const table = optionsTable(options);
  write(
    path,
    text.replace(
      new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*?(<!-- /options -->)`),
      (_, start, end) => `${start}${table}${end}`,
    ),
  );
}

function write(path, text) {
  const target = `${root}${path}`;
  const current = existsSync(target) ? readFileSync(target, "utf8") : undefined;
  if (current === text) return;
  if (checkOnly) {
    stale.push(path);
    return;
  }
  mkdirSync(target.slice(0, target.lastIndexOf("/")), { recursive: true });
  writeFileSync(target, text);
}

/** What fits into a line is on one: half of an indented schema would be white space, in a package of limited size. */
function jsonText(schema) {
  const written = (value, indent) => {
    const line = JSON.stringify(value);
    if (typeof value !== "object" || value === null || indent + line.length <= 110) return line;
    const inner = " ".repeat(indent + 1);
    const items = Array.isArray(value)
      ? value.map((one) => written(one, indent + 1))
      : Object.entries(value)
          .filter(([, one]) => one !== undefined)
          .map(([key, one]) => `${JSON.stringify(key)}: ${written(one, indent + 1)}`);
    const [open, close] = Array.isArray(value) ? "[]" : "{}";
    return `${open}\n${items.map((item) => inner + item).join(",\n")}\n${" ".repeat(indent)}${close}`;
  };
  return `${written(JSON.parse(JSON.stringify(schema)), 0)}\n`;
}
