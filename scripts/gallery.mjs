// Writes docs/gallery.md: for each bundled recipe the first event that its tests deliver, as Claude reads it, its cost and its requirements.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { version } from "./bundle.mjs";
import { validators } from "./validators.mjs";

/** Returns the page unchanged if the recipes have not changed: to run all of their tests is slow, and a test compares the page. */
export async function currentGallery(root, page) {
  return page?.includes(`from recipes/ ${digestOf(root)}.`) ? page : galleryPage(root);
}

/** The page. Throws if a recipe has a problem. */
export async function galleryPage(root) {
  const recipeSample = await loadSample(root);
  const names = readdirSync(`${root}recipes`)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.slice(0, -".yaml".length))
    .sort();
  const all = [];
  for (const name of names) all.push({ name, ...(await recipeSample(`${root}recipes/${name}.yaml`)) });
  const rows = all.map(
    ({ name, recipe, tokens }) =>
      `| [\`${name}\`](#${name}) | ${cell(recipe.title)} | ${tokens === undefined ? "" : `~${tokens.median}`} |`,
  );
  const costs = all.flatMap(({ tokens }) => tokens?.median ?? []).sort((a, b) => a - b);
  const median = costs[Math.floor((costs.length - 1) / 2)];
  return `${[
    "# Gallery",
    "",
    `<!-- Written by npm run generate from recipes/ ${digestOf(root)}. -->`,
    `The ${names.length} bundled [recipes](recipes.md), each with an event as Claude reads it, from the recipe's first test. The median cost is ${median} tokens per event. \`<name>\` is an input.`,
    "`channel-router recipes show NAME` prints the inputs and the setup, `channel-router recipes add NAME` adds it to your config.",
    "",
    "| recipe | what arrives | tokens per event |",
    "|---|---|---|",
    ...rows,
    ...all.flatMap(section),
  ].join("\n")}\n`;
}

/** Identifies the recipes and the payloads of their tests. */
function digestOf(root) {
  const hash = createHash("sha256");
  const files = readdirSync(`${root}recipes`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath}/${name}`.replaceAll("\\", "/"))
    .sort();
  for (const file of files) hash.update(`${file.slice(root.length)}\0${readFileSync(file)}\0`);
  return hash.digest("hex").slice(0, 16);
}

/** Bundles the program's own code; packages are imported from node_modules. */
async function loadSample(root) {
  // Below the root, so that node finds the libraries.
  mkdirSync(`${root}dist`, { recursive: true });
  const outfile = `${root}dist/.recipe-sample-${process.pid}.mjs`;
  try {
    await build({
      absWorkingDir: root,
      entryPoints: ["src/testing/recipe-sample.ts"],
      outfile,
      bundle: true,
      packages: "external",
      format: "esm",
      platform: "node",
      // The code of a validator requires parts of Ajv.
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      },
      define: { __VERSION__: JSON.stringify(version) },
      plugins: [validators],
      logLevel: "error",
    });
    return (await import(pathToFileURL(outfile).href)).recipeSample;
  } finally {
    rmSync(outfile, { force: true });
  }
}

function section({ name, recipe, block, tokens, types }) {
  return [
    "",
    `## ${name}`,
    "",
    recipe.description,
    ...(block === undefined ? [] : ["", "```text", ...block.split("\n"), "```"]),
    "",
    ...(tokens === undefined
      ? []
      : [
          `- ~${tokens.median} tokens per event${tokens.least === tokens.most ? "" : ` (${tokens.least} to ${tokens.most} in its tests)`}`,
        ]),
    `- needs ${needs(recipe, types).join("; ") || "nothing"}`,
    ...(recipe.status === undefined
      ? []
      : [`- ${recipe.status}: the sender's format was not confirmed from a public source`]),
  ];
}

function needs({ inputs = {}, capabilities = {} }, types) {
  const required = Object.entries(inputs).filter(([, input]) => input.default === undefined);
  const secrets = required.filter(([, input]) => input.type === "secret" || input.secret === true);
  const others = required.filter((entry) => !secrets.includes(entry));
  const variable = ([name, { example, examples }]) =>
    /\w{2,}/.exec(String(example ?? examples?.[0] ?? ""))?.[0] ?? name;
  return [
    ...(types.includes("http") ? ["a URL that the sender can reach"] : []),
    ...(capabilities.hosts?.length > 0 ? [`connections to ${listed(capabilities.hosts)}`] : []),
    ...(capabilities.commands?.length > 0
      ? [`${counted("program", capabilities.commands)} ${listed(capabilities.commands)}`]
      : []),
    ...(capabilities.files?.length > 0 ? [`files in ${listed(capabilities.files)}`] : []),
    ...(secrets.length > 0 ? [`${counted("secret", secrets)} ${listed(secrets.map(variable))}`] : []),
    ...(others.length > 0 ? [`${counted("input", others)} ${listed(others.map(([name]) => name))}`] : []),
  ];
}

function counted(noun, list) {
  return `the ${noun}${list.length === 1 ? "" : "s"}`;
}

function listed(names) {
  return names
    .map((name) => (name === "." ? "the project" : `\`${name.replace(/\$\{inputs\.(\w+)\}/g, "<$1>")}\``))
    .join(", ");
}

function cell(text) {
  return String(text).replaceAll("|", "\\|");
}
