// Try: an event through an edited text of the config, which can neither do anything nor read more than the config in use does.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { compareConfig } from "../../src/console/try/compare-config.ts";
import type { ActiveConfig } from "../../src/console/try/trial.ts";
import { type TryContext, tryConfig } from "../../src/console/try/try-config.ts";
import type { RouterEvent } from "../../src/contract.ts";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import { createMask } from "../../src/host/secret-mask.ts";
import { openProject } from "../support/proven.ts";

const project = openProject();
const env = {
  HOME: project.home,
  SECRET: "correct-horse-battery",
  PROJECT: "acme-rocket",
  OTHER: "nobody-else-sees-me",
};
const config = `sources:
  ci:
    type: http
    path: /ci
    verify: { scheme: bearer, secret: "\${SECRET}" }
  off: { type: http, path: /off, enabled: false }
channels:
  failed:
    from: ci
    match: { data.state: failed, data.repo: "\${PROJECT}" }
    content: "{{data.job}} failed"
  flip:
    from: ci
    match: { data.state: { any: [up, down] } }
    dedupe: { key: "{{data.job}}", for: 1h }
    content: "{{data.job}} is {{data.state}}"
tests:
  - name: from a file
    send: { source: ci, data: { file: sent/failed.json }, headers: { x-kind: job } }
    expect: { channel: failed }
`;

let active: ActiveConfig;
let context: TryContext;
const event: RouterEvent = {
  id: "0abc",
  source: "ci",
  connector: "http",
  timeMs: Date.UTC(2026, 0, 5, 9),
  trust: "verified",
  data: { state: "failed", job: "nightly", repo: "acme-rocket" },
  text: "{}",
};

beforeAll(async () => {
  await project.write({
    "channels.yaml": config.replace("any: [up, down]", "in: [up, down]"),
    "sent/failed.json": JSON.stringify({ state: "failed", job: "of a file", repo: "acme-rocket" }),
    "other.json": "{}",
    "value.txt": "value-of-a-file-beside",
    "recipe.yaml": "recipe: mine\nchannels: {}\n",
    "~/outside.txt": "value-of-a-file-outside",
  });
  const proven = await loadPlan(join(project.folder, "channels.yaml"), env);
  expect(proven.issues).toEqual([]);
  active = {
    loaded: proven.loaded,
    chosen: true,
    consent: { allows: () => false },
    mask: createMask(proven.loaded.secrets),
  };
  context = { active, env, now: () => event.timeMs, stored: async () => event };
});

const good = config.replace("any: [up, down]", "in: [up, down]");
const tryText = (text: string) => tryConfig(text, { event_id: event.id }, context);

describe("an event", () => {
  test("has each channel's answer, and what Claude would see of it", async () => {
    const answer = await tryText(good);
    expect(answer.issues).toEqual([]);
    expect(answer.channels).toMatchObject([
      { name: "failed", taken: true, tokens: expect.any(Number) },
      { name: "flip", taken: false, steps: [{ filter: "order", pass: false, detail: "failed came first" }] },
    ]);
    expect(answer.channels[0]?.block).toMatch(
      /^<channel source="router" channel="failed" event_id="0abc".*>\nnightly failed\n<\/channel>$/,
    );
    expect(answer.channels[1]).not.toHaveProperty("block");
  });

  test("is judged by the edited text, as often as it is tried", async () => {
    const edited = good.replace("data.state: failed", "data.state: broken").replace("[up, down]", "[failed]");
    for (const _ of [1, 2]) {
      const { channels } = await tryText(edited);
      expect(channels.map(({ taken }) => taken)).toEqual([false, true]);
      expect(channels[0]?.steps[0]?.detail).toBe('data.state: was "failed", wanted "broken"');
    }
  });

  test("may be pasted, with headers of any case", async () => {
    const text = good.replace("data.state: failed,", "headers.x-kind: job,");
    const pasted = {
      source: "ci",
      data: '{"repo": "acme-rocket", "job": "j"}',
      headers: { "X-Kind": "job" },
    };
    const { channels } = await tryConfig(text, pasted, context);
    expect(channels[0]).toMatchObject({ taken: true, block: expect.stringContaining("j failed") });
  });

  test("may be a payload of the config's own tests, and of no other file", async () => {
    const { channels } = await tryConfig(good, { fixture: "sent/failed.json" }, context);
    expect(channels[0]?.block).toContain("of a file failed");
    for (const fixture of ["other.json", "../home/outside.txt", "/etc/passwd", "channels.yaml"])
      await expect(tryConfig(good, { fixture }, context)).rejects.toThrow("no test of the config sends");
  });

  test.each([
    [{ source: "cj", data: "{}" }, "no source named cj"],
    [{ source: "off", data: "{}" }, "source off is disabled"],
    [{ source: "ci", data: "{" }, "JSON"],
  ])("that cannot be read is refused: %j", async (tried, message) => {
    await expect(tryConfig(good, tried, context)).rejects.toThrow(message);
  });
});

describe("a text with problems", () => {
  test("has them with what to underline, and no channels", async () => {
    const text = good.replace(
      "from: ci\n    match: { data.state: f",
      "from: cjj\n    match: { data.state: f",
    );
    const { issues, channels } = await tryText(text);
    expect(channels).toEqual([]);
    const line = text.split("\n").findIndex((one) => one.includes("cjj")) + 1;
    expect(issues).toMatchObject([{ line, column: 11, length: 3, frame: expect.stringContaining("^") }]);
  });

  test.each([
    ['content: "{{data.job failed"', '"{{data.job failed"'],
    ["contents: x", "contents"],
  ])("underlines %s", async (written, underlined) => {
    const text = good.replace('content: "{{data.job}} failed"', written);
    const { issues } = await tryText(text);
    const { line, column, length } = issues[0] ?? { line: 0, column: 0, length: 0 };
    const shown = (text.split("\n")[line - 1] ?? "").slice(column - 1, column - 1 + length);
    expect(underlined).toContain(shown);
    expect(shown).not.toBe("");
  });

  test("whatever it is, the answer has locations inside of it or at its start", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: good.length }),
        fc.nat({ max: 30 }),
        fc.string(),
        async (at, cut, put) => {
          const text = good.slice(0, at) + put + good.slice(at + cut);
          const lines = text.split("\n");
          const { issues } = await tryText(text).catch(() => ({ issues: [] }));
          for (const { line, column, length } of issues) {
            expect(line).toBeLessThanOrEqual(lines.length + 1);
            expect(column - 1 + length).toBeLessThanOrEqual((lines[line - 1] ?? "").length + 1);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("is refused beyond the size of a config", async () => {
    await expect(tryText(`# ${"x".repeat(1024 * 1024)}`)).rejects.toThrow("larger than 1024 KiB");
  });
});

const secrets = [env.SECRET, env.OTHER, "value-of-a-file-beside", "value-of-a-file-outside", "root:"];

describe("what the text must not learn", () => {
  const content = (written: string) => good.replace('"{{data.job}} failed"', JSON.stringify(written));
  const added = (lines: string) => good.replace("channels:\n", `channels:\n${lines}`);
  test.each([
    ["a secret", content("it is ${SECRET}")],
    ["a variable that is shown nowhere yet", content("it is ${PROJECT}")],
    ["a variable that the config does not use", content("it is ${OTHER}")],
    ["a file", content("it is ${file:value.txt}")],
    ["a file outside", content("it is ${file:~/outside.txt}")],
    ["a file of the system", content("it is ${file:/etc/passwd}")],
    ["the environment of a template", content("{{env}} {{env.SECRET}} {{process.env.SECRET}}")],
    ["the letters of a secret", content('{{upper "${SECRET}"}}')],
    [
      "a value that is computed",
      good.replace(
        'content: "{{data.job}} failed"',
        `vars: { x: "'\${SECRET}' + 'x'" }\n    content: "{{vars.x}}"`,
      ),
    ],
    ["the length of a secret in a trace", good.replace("data.state: failed,", 'data.state: "${SECRET}",')],
    ["a recipe beside it", `${good}use: { mine: { recipe: ./recipe.yaml } }\n`],
    ["a recipe elsewhere", `${good}use: { mine: { recipe: ../home/outside.txt } }\n`],
    [
      "meta",
      added(
        '  m: { from: ci, match: { data.job: nightly }, meta: { m: "${OTHER} ${SECRET}" }, content: m }\n',
      ),
    ],
  ])("%s", async (_, text) => {
    const answer = await tryText(text).catch((error: Error) => ({ message: error.message }));
    const shown = JSON.stringify(answer);
    for (const secret of [...secrets, env.SECRET.toUpperCase()]) expect(shown).not.toContain(secret);
    const compared = await compareConfig(text, 0, {
      ...context,
      journal: join(project.folder, "none"),
    }).catch((error: Error) => ({ message: error.message }));
    for (const secret of secrets) expect(JSON.stringify(compared)).not.toContain(secret);
  });

  test("whether a file exists that the config does not read", async () => {
    const problems = await Promise.all(
      ["./recipe.yaml", "./none.yaml", "../home/outside.txt", "../home/none.txt"].map(async (recipe) => {
        const { issues } = await tryText(`${good}use: { mine: { recipe: ${recipe} } }\n`);
        return issues.map(({ message }) => message);
      }),
    );
    expect(new Set(problems.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(problems[0]?.[0]).toContain("does not use this recipe");
  });

  test("what the config uses already still counts: a match on a variable is that of its value", async () => {
    expect((await tryText(good)).channels[0]?.taken).toBe(true);
  });
});

test("a command of the text does not run, and no file is written", async () => {
  const marker = join(project.folder, "ran");
  const text = good.replace(
    "sources:\n",
    `sources:\n  run: { type: command, command: [touch, ${marker}] }\n`,
  );
  await tryText(text.replace("from: ci", "from: run")).catch(() => undefined);
  await expect(writeFile(marker, "", { flag: "wx" })).resolves.toBeUndefined();
});
