// Values of inputs, made up: whatever a config gives to a recipe, what the recipe's author wrote around the value
// stays around it, or the config is refused.

import { resolve } from "node:path";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { hostOfUrl } from "../../../src/host-name.ts";
import { isWithin } from "../../../src/within.ts";
import { openProject, type Project } from "../../support/proven.ts";
import { type Attack, attempt, tail, text } from "./attack.ts";

let project: Project;
beforeAll(() => {
  project = openProject();
});

/** Pieces that mean something in a URL, a path, a glob, a header, YAML, a template or an expression. */
const pieces = [
  ...[
    "a",
    "b.c",
    "evil.example",
    "..",
    ".",
    "/",
    "\\",
    "//",
    "@",
    ":",
    ":80",
    "#",
    "?",
    "%2e%2e",
    "%2f",
    "~",
  ],
  ...[
    "*",
    "**",
    "{",
    "}",
    "{..,a}",
    "[",
    "]",
    ",",
    " ",
    "\t",
    "\r\n",
    "\0",
    "${inputs.a}",
    "${HOME}",
    "{{",
    "}}",
  ],
  ...["{{env}}", "\u202e", "．．", "／", "é", "-", "--", "'", '"', "&x", "*x", "!!js", "<<", "C:"],
];
const value = fc
  .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(""));

/** The text itself: a config reads `${...}` in it, and that is the user's own. */
const literal = (a: string) => a.replaceAll("${", () => "$${");

interface Found {
  readonly options: Record<string, never>;
  readonly launch: string | undefined;
}

/** The options of the source that would run; undefined when the config is refused. */
async function acceptedWith(recipe: Attack["recipe"], a: string): Promise<Found | undefined> {
  const { plan, issues } = await attempt(project, { recipe, with: { a: literal(a) } });
  if (issues.length > 0) return undefined;
  const [source] = plan.sources;
  return { options: source?.options as Found["options"], launch: source?.launch?.name };
}

const runs = { numRuns: 120 };
const inputs = text("a");

test("an input within a host cannot change the domain", async () => {
  const name = "${inputs.a}.api.example";
  const sources = { x: { type: "poll", url: `https://${name}/items` } };
  await fc.assert(
    fc.asyncProperty(value, async (a) => {
      const found = await acceptedWith({ inputs, capabilities: { hosts: [name] }, sources }, a);
      if (found === undefined) return;
      const url = String(found.options.url);
      expect(hostOfUrl(url)).toMatch(/\.api\.example$/);
      expect(new URL(url).hostname).toMatch(/\.api\.example$/);
    }),
    runs,
  );
});

test("an input within a path cannot leave the folder before it", async () => {
  const file = "logs/${inputs.a}.log";
  await fc.assert(
    fc.asyncProperty(value, async (a) => {
      const found = await acceptedWith({ inputs, capabilities: { files: [file] }, sources: tail(file) }, a);
      if (found === undefined) return;
      const [written] = found.options.files as unknown as string[];
      expect(isWithin(resolve(project.folder, String(written)), resolve(project.folder, "logs"))).toBe(true);
    }),
    runs,
  );
});

test("an input after a declared host cannot lead to another host", async () => {
  const sources = {
    x: { type: "poll", url: "https://api.example${inputs.a}", headers: { "x-a": "${inputs.a}" } },
  };
  await fc.assert(
    fc.asyncProperty(value, async (a) => {
      const found = await acceptedWith({ inputs, capabilities: { hosts: ["api.example"] }, sources }, a);
      if (found === undefined) return;
      expect(hostOfUrl(String(found.options.url))).toBe("api.example");
      expect(JSON.stringify(found.options.headers)).not.toMatch(/\\[rn]/);
    }),
    runs,
  );
});

test("an input within a route stays below the route before it", async () => {
  const path = "/hooks/${inputs.a}";
  const sources = { x: { type: "http", path } };
  await fc.assert(
    fc.asyncProperty(value, async (a) => {
      const found = await acceptedWith({ inputs, capabilities: { listen: ["/hooks"] }, sources }, a);
      if (found === undefined) return;
      expect(String(found.options.path)).toMatch(/^\/hooks\//);
      expect(String(found.options.path).split("/")).not.toContain("..");
    }),
    runs,
  );
});

test("an input cannot change which program runs", async () => {
  const sources = { x: { type: "command", command: ["true", "--", "${inputs.a}"] } };
  await fc.assert(
    fc.asyncProperty(value, async (a) => {
      const found = await acceptedWith({ inputs, capabilities: { commands: ["true"] }, sources }, a);
      if (found === undefined) return;
      expect(found.options.command).toEqual(["true", "--", a]);
      expect(found.launch).toBe("true");
    }),
    runs,
  );
});

test("an input value in a template is plain text", async () => {
  const recipe = {
    inputs,
    capabilities: {},
    sources: { x: { type: "cron", at: "@daily" } },
    channels: { c: { from: "x", content: "before ${inputs.a} after" } },
  };
  await fc.assert(
    fc.asyncProperty(value, async (a) => {
      const { plan, issues } = await attempt(project, { recipe, with: { a: literal(a) } });
      expect(issues).toEqual([]);
      const shown = plan.channels[0]?.content?.render({ data: {} } as never);
      expect(shown).toBe(`before ${a.replaceAll("\0", "\ufffd")} after`);
    }),
    runs,
  );
});
