// The house rules of docs/architecture.md, read from the import lines: who may know whom, who may speak where.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { folderSizes, functionsIn, importCycles } from "../scripts/measure-house.mjs";
import { exportedNames, glossaryTerms, headNoun } from "../scripts/nouns.mjs";
import { fieldTerms } from "./support/field-terms.ts";

const src = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"))
  .map((file) => ({ file, text: readFileSync(join(src, file), "utf8") }));
const written = files;

/** What every room may use: types, errors, the exit for text, the spelling helper of messages, dates, charsets, buffers and waiting. */
const shared = [
  "addresses",
  "byte-buffer",
  "charset",
  "contract",
  "dates",
  "did-you-mean",
  "errors",
  "host-name",
  "interpreting-variables",
  "json",
  "key-parts",
  "not-supported",
  "regular-file",
  "semver",
  "text",
  "time-zone",
  "waiting",
  "within",
  "yield-to-event-loop",
];
/** Everything below the program. No room imports one that is above it in this table; `daemon` alone builds the parts together. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  // What every room may use.
  addresses: [],
  "byte-buffer": [],
  charset: [],
  contract: ["text"],
  dates: ["time-zone"],
  "did-you-mean": [],
  errors: ["contract"],
  "host-name": [],
  "interpreting-variables": [],
  json: ["contract"],
  "key-parts": ["contract"],
  "not-supported": [],
  "regular-file": [],
  semver: [],
  text: [],
  "time-zone": [],
  version: [],
  // The real one. All others get theirs from whoever starts them.
  clock: ["contract"],
  waiting: ["contract"],
  within: [],
  "yield-to-event-loop": [],
  // Pure: the config language, and what it is compiled to.
  config: ["version", ...shared],
  filters: shared,
  shaping: shared,
  templates: shared,
  plan: ["config", "filters", "shaping", "templates", ...shared],
  // The parts of the running program. None of them knows another one, but for what is written here.
  access: shared,
  files: shared,
  chat: ["files", ...shared],
  intake: shared,
  journal: ["files", ...shared],
  http: ["files", ...shared],
  host: ["clock", "files", "plan", ...shared],
  router: ["access", "clock", "host", "http", "journal", "plan", "shaping", ...shared],
  dispatch: ["journal", "plan", "shaping", ...shared],
  cluster: ["files", ...shared],
  session: shared,
  browser: ["http", ...shared],
  connectors: ["browser", "chat", "files", "http", "intake", ...shared],
  recipes: ["config", "files", "semver", ...shared],
  // The program, and what drives it.
  control: ["access", "cluster", "plan", "session", ...shared],
  daemon: [
    "access",
    "chat",
    "clock",
    "cluster",
    "config",
    "connectors",
    "control",
    "dispatch",
    "files",
    "filters",
    "host",
    "http",
    "journal",
    "plan",
    "router",
    "session",
    "shaping",
    "templates",
    "version",
    ...shared,
  ],
  testing: [
    "config",
    "daemon",
    "dispatch",
    "filters",
    "host",
    "plan",
    "router",
    "session",
    "shaping",
    "templates",
    ...shared,
  ],
  console: [
    "recipes",
    "access",
    "browser",
    "chat",
    "clock",
    "cluster",
    "config",
    "connectors",
    "control",
    "daemon",
    "dispatch",
    "files",
    "filters",
    "host",
    "http",
    "journal",
    "plan",
    "router",
    "session",
    "shaping",
    "templates",
    "testing",
    "version",
    ...shared,
  ],
  cli: [
    "access",
    "clock",
    "cluster",
    "config",
    "connectors",
    "console",
    "control",
    "daemon",
    "files",
    "host",
    "http",
    "journal",
    "plan",
    "recipes",
    "router",
    "shaping",
    "templates",
    "testing",
    "version",
    ...shared,
  ],
  main: ["cli", "daemon"],
};
const onlyIn: Readonly<Record<string, string>> = {
  yaml: "config",
  handlebars: "templates",
  "@modelcontextprotocol/sdk": "session",
  "@marcbachmann/cel-js": "filters",
  chokidar: "files",
};

const room = (file: string) =>
  file.includes("/") ? file.slice(0, file.indexOf("/")) : file.replace(/\.ts$/, "");
/** What runs in a browser. */
const isPage = (file: string) => file.startsWith("console/page/");

function imports(text: string): { readonly from: string; readonly typeOnly: boolean }[] {
  const pattern =
    /(?:^|\n)\s*(import|export)\s+(type\s)?[^"'`;]*?from\s+"([^"]+)"|import\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s+"([^"]+)"/g;
  return [...text.matchAll(pattern)].map((match) => ({
    from: (match[3] ?? match[4] ?? match[5]) as string,
    typeOnly: match[2] !== undefined,
  }));
}

function target(file: string, from: string): string | undefined {
  return from.startsWith(".") ? normalize(join(dirname(file), from)) : undefined;
}

describe.each(Object.keys(mayImport))("%s", (name) => {
  test("imports only the rooms it may", () => {
    const wrong = written
      .filter(({ file }) => room(file) === name)
      .flatMap(({ file, text }) =>
        imports(text)
          .map(({ from }) => target(file, from))
          .filter((to) => to !== undefined && !to.startsWith(".."))
          .filter((to) => room(to as string) !== name && !mayImport[name]?.includes(room(to as string)))
          .map((to) => `${file} -> ${to}`),
      );
    expect(wrong).toEqual([]);
  });
});

test("every room is in the table", () => {
  expect([...new Set(files.map(({ file }) => room(file)))].sort()).toEqual(Object.keys(mayImport).sort());
});

test("plan takes only types from config", () => {
  const wrong = written
    .filter(({ file }) => room(file) === "plan")
    .flatMap(({ file, text }) => imports(text).map((line) => ({ ...line, file })))
    .filter(({ file, from, typeOnly }) => !typeOnly && target(file, from)?.startsWith("config/"));
  expect(wrong).toEqual([]);
});

test("connectors do not know each other", () => {
  const folder = (file: string) => file.split("/")[1];
  const wrong = written
    .filter(({ file }) => room(file) === "connectors" && file !== "connectors/index.ts")
    .flatMap(({ file, text }) =>
      imports(text)
        .map(({ from }) => target(file, from))
        .filter((to) => to?.startsWith("connectors/") && folder(to) !== folder(file)),
    );
  expect(wrong).toEqual([]);
});

test.each(Object.entries(onlyIn))("only the room for it imports %s", (dependency, home) => {
  const wrong = files
    .filter(({ text }) =>
      imports(text).some(({ from }) => from === dependency || from.startsWith(`${dependency}/`)),
    )
    .filter(({ file }) => room(file) !== home);
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

/** A method of the global `console`; the room of that name has files and options. */
const prints = /\bconsole\.(?:log|error|warn|info|debug|trace|table|dir|dirxml|group|assert|count|time)\w*\(/;

test("the console's page knows the protocol and libraries for browsers, and nothing else knows the page", () => {
  const libraries =
    /^(?:preact(?:\/hooks)?|@preact\/signals|uplot(?:\/dist\/[\w.]+\.css)?|@codemirror\/[\w-]+|@lezer\/[\w-]+|eventsource-parser)$/;
  const wrong = files.flatMap(({ file, text }) =>
    imports(text)
      .filter(({ from, typeOnly }) => {
        const to = target(file, from);
        if (!isPage(file)) return to !== undefined && isPage(to);
        if (to === undefined) return !libraries.test(from);
        return !isPage(to) && !(to === "console/protocol.ts" && typeOnly);
      })
      .map(({ from }) => `${file} -> ${from}`),
  );
  expect(wrong).toEqual([]);
});

test("the console's page makes no HTML and no code of text", () => {
  const unsafe = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc/i;
  const wrong = files.filter(({ file, text }) => isPage(file) && unsafe.test(text));
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("stdout belongs to the protocol: only session writes there in the server, and only commands print", () => {
  const wrong = written.filter(
    ({ file, text }) =>
      room(file) !== "cli" && room(file) !== "session" && (/process\.stdout/.test(text) || prints.test(text)),
  );
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("the engine names no connector type", () => {
  const types = readdirSync(join(src, "connectors"), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const named = new RegExp(`["'\`](${types.map(({ name }) => name).join("|")})["'\`]`);
  // A process that attaches to give a command has that word for its role; "file" is also which config runs.
  const role = /\brole\b.*"command"|`command`|"file" \| "previous" \| "none"/g;
  const wrong = written.filter(
    ({ file, text }) =>
      ["cluster", "dispatch", "host", "http", "router", "session"].includes(room(file)) &&
      named.test(text.replaceAll(role, "")),
  );
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("imports form no cycle, imports of types included", () => {
  expect(importCycles(files)).toEqual([]);
});

test("files are small: none over 500 lines, half of them under 120", () => {
  const lengths = written.map(({ file, text }) => ({ file, lines: text.split("\n").length - 1 }));
  expect(lengths.filter(({ lines }) => lines > 500)).toEqual([]);
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
  expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThanOrEqual(120);
});

test("a function can be read without scrolling for long: none over 120 lines", () => {
  const long = written.flatMap(functionsIn).filter(({ lines }) => lines > 120);
  expect(long.map(({ file, name, lines }) => `${file} ${name}: ${lines} lines`)).toEqual([]);
});

test("only the exits hand text to the process' streams", () => {
  // The log's own stream takes what createLog made; a session writes lines of the protocol.
  const exits = ["cli/terminal.ts", "daemon/log.ts"];
  const wrong = written.filter(
    ({ file, text }) =>
      !exits.includes(file) && (/process\.std(?:out|err)\.write/.test(text) || prints.test(text)),
  );
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("only the exit for text makes text that is safe to show", () => {
  const cast = /as (?:unknown as )?(?:readonly )?(?:Safe(?:Text|Line)|ModelText)/;
  const wrong = written.filter(({ file, text }) => room(file) !== "text" && cast.test(text));
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test("a folder can be read at a glance: at most 25 files in it", () => {
  expect([...folderSizes(files)].filter(([, count]) => count > 25)).toEqual([]);
});

test("file names say something", () => {
  const empty = /(^|\/)(utils?|helpers?|managers?|base|common|misc)(\.|\/|$)/;
  expect(files.filter(({ file }) => empty.test(file)).map(({ file }) => file)).toEqual([]);
});

describe("what is exported is named with a term of the glossary or of the field", () => {
  const glossary = glossaryTerms(readFileSync(join(src, "../docs/glossary.md"), "utf8"));
  const names = files.flatMap(({ file, text }) => exportedNames(text).map((name) => ({ file, name })));

  test("every class, interface and type", () => {
    const unknown = names.filter(
      ({ name }) => !glossary.has(headNoun(name)) && !fieldTerms.has(headNoun(name)),
    );
    expect(unknown.map(({ file, name }) => `${file} ${name}: what is a ${headNoun(name)}?`)).toEqual([]);
  });

  test("no term of the field is listed that no name ends with, or that the glossary has", () => {
    const used = new Set(names.map(({ name }) => headNoun(name)));
    expect([...fieldTerms].filter((term) => !used.has(term) || glossary.has(term))).toEqual([]);
  });
});
