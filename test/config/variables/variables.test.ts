import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { loadRegex } from "../../../src/filters/regex.ts";
import { createTemplateCompiler } from "../../../src/templates/compile.ts";
import { escapeForTemplate } from "../../../src/templates/literal.ts";
import { load, registry, temporaryFolder, told } from "../loading.ts";

const withUrl = (url: string) => `sources:\n  p:\n    type: probe\n    url: ${url}\n`;
const urlOf = async (url: string, loading: Parameters<typeof load>[1] = {}) => {
  const loaded = await load(withUrl(url), loading);
  expect(told(loaded)).toEqual([]);
  return loaded.values.sources.p?.options.url;
};

describe("${...}", () => {
  test.each<[string, string, Record<string, string>, string]>([
    ["a variable", '"${A}"', { A: "x" }, "x"],
    ["several, inside text", '"a ${A} b ${B}"', { A: "x", B: "y" }, "a x b y"],
    ["a default for what is not set", '"${A:-d}"', {}, "d"],
    ["a default for what is empty, as in a shell", '"${A:-d}"', { A: "" }, "d"],
    ["an empty default", '"a${A:-}"', {}, "a"],
    ["an empty variable", '"a${A}"', { A: "" }, "a"],
    ["no default when it is set", '"${A:-d}"', { A: "x" }, "x"],
    ["a literal", '"$${A}"', { A: "x" }, "${A}"],
    ["a literal beside a variable", '"$${A}${A}$$"', { A: "x" }, "${A}x$$"],
    ["in a plain scalar", "${A}", { A: "x" }, "x"],
    ["in a block", "|\n      a ${A}\n      b", { A: "x" }, "a x\nb\n"],
    ["never read twice", '"${A}"', { A: "a${B}", B: "y" }, "a${B}"],
    ["never as YAML", '"${A}"', { A: "x\nurl: y # z" }, "x\nurl: y # z"],
  ])("%s", async (_, url, env, expected) => {
    expect(await urlOf(url, { env })).toBe(expected);
  });

  test.each<[string, string, Record<string, string>, string]>([
    [
      "is not set",
      '"a ${GITHUB_SECRET}"',
      { GITHUB_SECERT: "hush" },
      '4:13 sources.p.url: the environment variable GITHUB_SECRET is not set (E_CONFIG_VARIABLE) [did you mean "GITHUB_SECERT"?]',
    ],
    [
      "was not expanded by the client",
      '"${A}"',
      { A: "${A}" },
      "4:11 sources.p.url: the environment variable A is not set (E_CONFIG_VARIABLE)",
    ],
    [
      "is an input",
      '"${inputs.a}"',
      {},
      "4:11 sources.p.url: ${inputs.a} is an input, and only recipes have inputs (E_CONFIG_VARIABLE) [use a variable of the environment: ${NAME}]",
    ],
    [
      "has no closing brace",
      '"${A"',
      {},
      "4:11 sources.p.url: a ${ without its } (E_CONFIG_VARIABLE) [write $${ for a literal ${]",
    ],
    [
      "has a strange name",
      '"${A-b}"',
      {},
      '4:11 sources.p.url: "A-b" inside ${} is invalid (E_CONFIG_VARIABLE) [write ${NAME}, ${NAME:-default} or ${file:PATH}; $${ is a literal ${]',
    ],
    [
      "names no file",
      '"${file:}"',
      {},
      "4:11 sources.p.url: ${file:} names no file (E_CONFIG_VARIABLE) [write ${file:PATH}]",
    ],
    [
      "names a missing file",
      '"${file:none.txt}"',
      {},
      '4:11 sources.p.url: the file "none.txt" does not exist (E_CONFIG_VARIABLE)',
    ],
    [
      "names a folder",
      '"${file:.}"',
      {},
      '4:11 sources.p.url: the file "." is a folder, not a file (E_CONFIG_VARIABLE)',
    ],
    [
      "names an endless file",
      '"${file:/dev/zero}"',
      {},
      '4:11 sources.p.url: the file "/dev/zero" is not a regular file (E_CONFIG_VARIABLE)',
    ],
  ])("a variable that %s is an error at its place", async (_, url, env, issue) => {
    const issues = told(await load(withUrl(url), { env }));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toContain(issue);
  });

  test("a missing variable with no near name says where to put it", async () => {
    const { issues } = await load(withUrl('"${QQQQQQQQ}"'));
    expect(issues[0]?.hint).toMatch(
      /^set it in the environment or in \/.*home\/.claude\/channels\/router\/.env or \/.*\/.env, or write \$\{QQQQQQQQ:-default\}$/,
    );
  });

  test("each missing variable of one scalar has its own place", async () => {
    const { issues } = await load(
      "sources:\n  p:\n    type: probe\n    url: |\n      a ${QA}\n      b ${QB}\n",
    );
    expect(issues.map(({ line, column }) => [line, column])).toEqual([
      [5, 9],
      [6, 9],
    ]);
  });

  test("a whole value becomes a number or true/false where only that is allowed", async () => {
    const text =
      "sources:\n  p: { type: probe, limit: '${N}', follow: '${B}', enabled: '${B}', url: '${N}', every: '${D}' }\n";
    const { values, issues } = await load(text, { env: { N: "12", B: "false", D: "30s" } });
    expect(issues).toEqual([]);
    expect(values.sources.p).toMatchObject({
      enabled: false,
      options: { limit: 12, follow: false, url: "12", everyMs: 30_000 },
    });
  });

  test("a variable of the wrong kind is told without its value", async () => {
    const text = "sources:\n  p: { type: probe, limit: '${N}', every: '${N}' }\n";
    expect(told(await load(text, { env: { N: "hush-hush" } }))).toEqual([
      "2:28 sources.p.limit: must be a whole number, found text (E_CONFIG_TYPE)",
      "2:43 sources.p.every: must be a duration (E_CONFIG_VALUE) [write a whole number and ms, s, m, h or d, for example 30s]",
    ]);
  });

  test("the type of a source may come from the environment", async () => {
    const { values, issues } = await load("sources:\n  p: { type: '${T}', url: x }\n", {
      env: { T: "probe" },
    });
    expect(issues).toEqual([]);
    expect(values.sources.p?.type).toBe("probe");
  });

  test.each([
    ["when: \"data.x == '${A}'\"", "5:23"],
    ['changed: "${A}"', "5:15"],
    ['changed: { value: "${A}" }', "5:24"],
    ['vars: { x: "${A}" }', "5:17"],
  ])("CEL cannot contain one: %s", async (line, place) => {
    const loaded = await load(`sources:\n  p: { type: probe }\nchannels:\n  p:\n    ${line}\n`, {
      env: { A: "1" },
    });
    expect(told(loaded)).toEqual([
      expect.stringMatching(
        new RegExp(`^${place} channels.p.*: CEL cannot contain \\$\\{...\\} \\(E_CONFIG_VARIABLE\\)`),
      ),
    ]);
  });

  test("CEL of a connector's own option cannot hold one either, and $${ is still a literal", async () => {
    expect(
      told(await load("sources:\n  p: { type: probe, items: '${A}' }\n", { env: { A: "1" } }))[0],
    ).toContain("CEL cannot contain ${...}");
    const { values } = await load("sources:\n  p: { type: probe, items: \"'$${A}'\" }\n");
    expect(values.sources.p?.options.items).toBe("'${A}'");
  });

  test("in a template it becomes text that is never parsed, whatever it holds", async () => {
    const view = { data: {}, text: "", id: "", source: "", connector: "", time: "", inputs: {}, vars: {} };
    const { compile } = createTemplateCompiler();
    const value = fc.string({
      minLength: 1,
      unit: fc.constantFrom("{", "}", "\\", '"', "'", "a", " ", "#", "!", "\n"),
    });
    await fc.assert(
      fc.asyncProperty(value, async (text) => {
        const loaded = await load(
          "sources:\n  p: { type: probe }\nchannels:\n  p:\n    content: '{${A}}{{text}}[${A}]'\n    dedupe: { key: '${A}' }\n    changed: { value: data, by: '${A}' }\n    meta: { m: '${A}' }\n",
          { env: { A: text } },
        );
        fc.pre(!/^\$\{[^}]*\}$/.test(text));
        expect(loaded.issues).toEqual([]);
        const channel = loaded.values.channels.p!;
        expect(compile(channel.content!).render(view)).toBe(`{${text}}[${text}]`);
        for (const template of [channel.dedupe?.key, channel.changed?.by, channel.meta?.m]) {
          expect(compile(template!).render(view)).toBe(text);
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe(".env files", () => {
  test("the environment wins over the state root's, and that over the one beside the config", async () => {
    const files = {
      "home/.claude/channels/router/.env": "A=state\nB=state\n",
      ".env": "A=beside\nB=beside\nC='be side' # note\n",
    };
    expect(await urlOf('"${A} ${B} ${C}"', { env: { A: "real" }, files })).toBe("real state be side");
  });

  test("what was read and what was asked for is known, for a reload", async () => {
    const files = { ".env": "A=x\n", "secret.txt": "s\n" };
    const loaded = await load(withUrl('"${A} ${NOPE:-} ${file:secret.txt}"'), { files });
    expect(loaded.files.map(({ path, sha256 }) => [path.slice(path.lastIndexOf("/") + 1), sha256])).toEqual([
      ["channels.yaml", expect.stringMatching(/^[0-9a-f]{64}$/)],
      [".env", "absent"],
      [".env", expect.stringMatching(/^[0-9a-f]{64}$/)],
      ["secret.txt", expect.stringMatching(/^[0-9a-f]{64}$/)],
    ]);
    expect(loaded.environment).toEqual(["A", "NOPE"]);
  });

  test("a line that is no variable is told with its number, and the others count", async () => {
    const loaded = await load(withUrl('"${F} ${G} ${H:-unset} ${I}"'), {
      files: {
        ".env":
          'bad line\nF=1\n# a comment\n\nexport G="two\nlines, no more"\n=nothing\nH="never closed\nI=4\nlast\n',
      },
    });
    expect(loaded.values.sources.p?.options.url).toBe("1 two\nlines, no more unset 4");
    expect(
      loaded.issues.map(({ file, line, code, message }) => [basename(file), line, code, message]),
    ).toEqual([
      [".env", 1, "E_CONFIG_FILE", "this line of the .env file is not NAME=value"],
      [".env", 7, "E_CONFIG_FILE", "this line of the .env file is not NAME=value"],
      [".env", 8, "E_CONFIG_FILE", 'the value on this line of the .env file has no closing "'],
      [".env", 10, "E_CONFIG_FILE", "this line of the .env file is not NAME=value"],
    ]);
  });

  test("one that cannot be read is a problem with its own name", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, ".env"));
    writeFileSync(join(folder, "channels.yaml"), "sources: {}\n");
    const { issues } = await loadConfig("channels.yaml", {
      env: { HOME: folder },
      registry,
      escapeForTemplate,
      loadPatterns: loadRegex,
      cwd: folder,
    });
    expect(issues).toEqual([
      {
        file: join(folder, ".env"),
        line: 1,
        column: 1,
        path: "",
        code: "E_CONFIG_FILE",
        message: "the .env file is a folder, not a file",
      },
    ]);
  });
});

describe("${file:}", () => {
  test("is trimmed, relative to the config's folder, and ~ is the home folder", async () => {
    const files = { "keys/a.txt": "\n one \n\n", "home/b.txt": "two\n" };
    expect(await urlOf('"${file:keys/a.txt}|${file:~/b.txt}"', { files })).toBe("one|two");
  });

  test.each<[string, Buffer, string]>([
    ["too large", Buffer.alloc(64 * 1024 + 1, "x"), 'the file "big" is larger than 64 KiB'],
    ["not text", Buffer.from([0xff, 0xfe, 0x00]), 'the file "big" is not UTF-8 text'],
  ])("that is %s is refused", async (_, bytes, message) => {
    const { issues } = await load(withUrl('"${file:big}"'), { files: { big: bytes } });
    expect(issues.map((issue) => issue.message)).toEqual([message]);
  });
});
