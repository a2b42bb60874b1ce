// docs/limits.md says what the constants are, and all of these.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** By the words of the docs: where the number stands. */
const limits: Readonly<Record<string, readonly [file: string, constant: string]>> = {
  "size of a file": ["config/read.ts", "maxFileBytes"],
  "YAML tokens of a file": ["config/read.ts", "maxTokens"],
  "levels of nesting": ["config/read.ts", "maxDepth"],
  "entries of a list or mapping": ["config/yaml/tree.ts", "maxEntries"],
  "characters of one text": ["config/yaml/tree.ts", "maxText"],
  "characters of an expression, template or pattern": ["config/yaml/long-code.ts", "maxCode"],
  "values that aliases add": ["config/yaml/tree.ts", "maxAliasedNodes"],
  "uses of recipes": ["config/recipe/expand.ts", "maxUses"],
  "size of all recipes that are used": ["config/recipe/expand.ts", "maxRecipeText"],
  "size of a `.env` file": ["config/variables/environment.ts", "maxDotenvBytes"],
  "size of a `${file:}`": ["config/variables/value-files.ts", "maxValueBytes"],
  "problems or warnings of a file that are listed": ["config/yaml/issue-location.ts", "maxListed"],
  "characters of a `regex`": ["filters/regex.ts", "maxPatternLength"],
  "size of a `regex`, compiled": ["filters/regex.ts", "maxSize"],
  "characters of a text that a `regex` looks at": ["filters/regex.ts", "maxTextLength"],
  "steps of a CEL expression on one event": ["filters/cel/meter.ts", "maxSteps"],
  "memory of a CEL expression on one event": ["filters/cel/meter.ts", "maxBytes"],
  "elements that a CEL macro goes through": ["filters/cel/guard.ts", "maxLoopLength"],
  "tags of a template, placeholders included": ["templates/size.ts", "maxTags"],
  "blocks of a template, with their `else`": ["templates/size.ts", "maxBlocks"],
  "characters of one tag of a template": ["templates/size.ts", "maxTagLength"],
  "size of what a template gives": ["templates/limits.ts", "maxOutputLength"],
  "turns of the loops of a template, with the blocks, functions and placeholders in them": [
    "templates/limits.ts",
    "maxSteps",
  ],
  "characters of a meta value": ["text/neutralise.ts", "maxMetaLength"],
  "declared arguments of a sink, nested ones included": ["plan/compile/input-schema.ts", "maxDeclared"],
  "values in the arguments of one call": ["plan/compile/input-schema.ts", "maxValues"],
  "values in the arguments of one call, with `uniqueItems`": ["plan/compile/input-schema.ts", "maxCompared"],
  "levels of nesting of JSON": ["json.ts", "maxJsonDepth"],
  "values of a JSON text": ["json.ts", "maxJsonValues"],
  "events of a source that wait to be committed": ["router/emit.ts", "maxOutstanding"],
  "connections of the HTTP server": ["http/bounded-server.ts", "maxConnections"],
  "headers of a request": ["http/bounded-server.ts", "maxHeaders"],
  "fields of a form": ["intake/form.ts", "maxFormFields"],
  "characters of a `Link` header that are read": ["intake/link-header.ts", "maxLength"],
  "redirects that are followed": ["host/http-client.ts", "maxRedirects"],
  "cursors, files or ids of one source": ["journal/table/cursor-table.ts", "maxOfSource"],
  "cursors, files or ids of all sources": ["journal/table/cursor-table.ts", "maxOfAll"],
  "size of what waits for the disk": ["journal/commit-queue.ts", "maxWaitingBytes"],
  "characters of a reply that are read as Markdown": ["chat/markdown.ts", "maxLength"],
  "size of one answer of `pending`": ["dispatch/pending.ts", "maxBytes"],
  "events of one thread or key in a minute before the loop guard keeps the rest back": [
    "dispatch/breaker.ts",
    "maxPerWindow",
  ],
  "programs that read `/events` at once": ["console/event-feed.ts", "maxReaders"],
  "events that such a program gets after it was away": ["console/event-feed.ts", "maxMissed"],
  "series of one metric": ["daemon/metrics/series.ts", "maxSeries"],
};

const units: Readonly<Record<string, number>> = { KiB: 1_024, MiB: 1_024 * 1_024 };

function shown(cell: string): number {
  const [number = "", unit] = cell.split(" ");
  return Number(number.replaceAll(",", "")) * (unit === undefined ? 1 : (units[unit] ?? Number.NaN));
}

function constant(file: string, name: string): number {
  const source = readFileSync(join(root, "src", file), "utf8");
  const written = new RegExp(`^(?:export )?const ${name} = ([\\d_* ]+);`, "m").exec(source)?.[1] ?? "";
  return written
    .replaceAll("_", "")
    .split("*")
    .reduce((product, factor) => product * Number(factor), 1);
}

test("every limit in the docs has its number, and none is missing", () => {
  const text = readFileSync(join(root, "docs/limits.md"), "utf8");
  const rows = [...text.matchAll(/^\| (.+) \| ([\d,]+(?: [KM]iB)?) \|$/gm)];
  const found = Object.fromEntries(rows.map(([, what = "", most = ""]) => [what, shown(most)]));
  const wanted = Object.fromEntries(
    Object.entries(limits).map(([what, [file, name]]) => [what, constant(file, name)]),
  );
  expect(found).toEqual(wanted);
});
