// Broken YAML, one row for each way a person breaks it: the place, the words, the hint.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { loadRegex } from "../../../src/filters/regex.ts";
import { processorTime } from "../../support/processor-time.ts";
import { load, registry, temporaryFolder, told } from "../loading.ts";

const top = "sources:\n  hook: { type: http, path: /x }\nchannels:\n  hook:\n";

describe("broken YAML is told in words, once for each mistake", () => {
  test.each<[string, string, string]>([
    [
      "a tab as indentation",
      `${top}\tcontent: x\n`,
      "5:1 : a tab is used for indentation (E_CONFIG_SYNTAX) [YAML is indented with spaces: use two for each level]",
    ],
    [
      "an unquoted ${ in a flow mapping",
      "sources:\n  a: { type: http, path: ${P}, x: 1 }\n  b: 2\n",
      '2:26 : an unquoted "${" breaks the YAML here (E_CONFIG_SYNTAX) [quote it: "${P}"]',
    ],
    [
      "an unquoted {{ in a flow mapping",
      `${top}    meta: { repo: {{data.repo}} }\n`,
      '5:19 channels.hook.meta.repo: an unquoted "{{" breaks the YAML here (E_CONFIG_SYNTAX) [quote it: "{{data.repo}}"]',
    ],
    [
      "an unquoted {{ before text",
      `${top}    content: {{data.x}} failed\n`,
      '5:14 : an unquoted "{{" breaks the YAML here (E_CONFIG_SYNTAX) [quote it: "{{data.x}}"]',
    ],
    [
      "an unquoted {{ alone",
      `${top}    content: {{data.x}}\n`,
      '5:14 channels.hook.content: an unquoted "{{" breaks the YAML here (E_CONFIG_SYNTAX) [quote it: "{{data.x}}"]',
    ],
    [
      "an unquoted [0] in a flow mapping",
      `${top}    vars: { pr: data.prs[0].number, b: x }\n`,
      '5:17 : an unquoted "[0]" breaks the YAML here (E_CONFIG_SYNTAX) [quote it: "data.prs[0].number"]',
    ],
    [
      "an unquoted ${ in a flow list",
      "hosts: [ ${HOST} ]\nsources: {}\n",
      '1:10 : an unquoted "${" breaks the YAML here (E_CONFIG_SYNTAX) [quote it: "${HOST}"]',
    ],
    [
      "a second colon",
      `${top}    description: failed: badly\n`,
      '5:18 : a second ": " in one value (E_CONFIG_SYNTAX) [quote the value]',
    ],
    [
      "a quote that is not closed",
      `${top}    content: "abc\n    when: x\n`,
      "5:14 : this quote is not closed (E_CONFIG_SYNTAX) [add the closing quote]",
    ],
    [
      "text after a closing quote",
      `${top}    content: "abc" def\n`,
      "5:20 : text that YAML does not expect here (E_CONFIG_SYNTAX) [is a quote missing, or one too many?]",
    ],
    [
      "a bracket that is not closed",
      "hosts: [a, b\nsources: {}\n",
      '2:1 : a "{" or "[" is not closed (E_CONFIG_SYNTAX) [close it, and indent its lines deeper than its key]',
    ],
    [
      "wrong indentation",
      "sources:\n  hook:\n    type: http\n   path: /x\n",
      "4:1 : this line is not indented like its neighbours (E_CONFIG_SYNTAX) [keys of one mapping begin in the same column]",
    ],
    [
      "no space after the colon",
      "sources:{}\nchannels: {}\n",
      '1:1 : a key without ": " (E_CONFIG_SYNTAX) [write "key: value", with a space after the colon]',
    ],
    [
      "a value that begins with @",
      `${top}    content: @here\n`,
      "5:14 : a value cannot begin with @ (E_CONFIG_SYNTAX) [quote the value]",
    ],
    [
      "a bare star",
      "sources:\n  hook: { type: http, path: *}\n",
      '2:29 : "*" begins a YAML alias (E_CONFIG_SYNTAX) [quote the value if a star is meant]',
    ],
    [
      "an alias without its anchor",
      `${top}    content: *text\n`,
      "5:14 channels.hook.content: no anchor &text precedes this alias (E_CONFIG_SYNTAX) [quote the value if a star is meant]",
    ],
    [
      "a tag",
      `${top}    when: !has(data.x)\n`,
      '5:11 : "!" begins a YAML tag, and tags are not supported here (E_CONFIG_SYNTAX) [quote the value]',
    ],
    [
      "a known tag",
      `${top}    content: !!binary aGVsbG8=\n`,
      '5:14 : "!" begins a YAML tag, and tags are not supported here (E_CONFIG_SYNTAX) [quote the value]',
    ],
    [
      "a bad escape",
      `${top}    content: "\\q"\n`,
      "5:15 : an unknown escape after a backslash in double quotes (E_CONFIG_SYNTAX) [write \\\\ for a backslash, or use single quotes]",
    ],
    [
      "two documents",
      "sources: {}\n---\nsources: {}\n",
      '2:1 : the file has more than one YAML document (E_CONFIG_SYNTAX) [keep one, and remove the "---" or "..." line between them]',
    ],
    [
      "YAML 1.1",
      "%YAML 1.1\n---\nsources: {}\n",
      "1:1 : the file requires YAML 1.1; channels.yaml is YAML 1.2 (E_CONFIG_SYNTAX) [remove the %YAML line]",
    ],
    [
      "a duplicate key",
      "sources: {}\nhosts: []\nsources: {}\n",
      '3:1 sources: duplicate key "sources" in one mapping (E_CONFIG_DUPLICATE_KEY) [keep one of the two]',
    ],
    [
      "a merge key",
      "sources:\n  a: &a { type: http, path: /a }\n  b:\n    <<: *a\n    type: http\n    path: /b\n",
      "4:5 sources.b.<<: YAML merge keys (<<) are not supported here (E_CONFIG_SYNTAX) [write the keys out, or give the whole value an alias]",
    ],
    [
      "a number as a key",
      `${top}    match: { 1: x }\n`,
      '5:14 channels.hook.match.1: a key must be text, found a number (E_CONFIG_TYPE) [quote it: "1"]',
    ],
    [
      "a list as a key",
      "? [a, b]\n: x\n",
      "1:3 : a key must be text, found a list (E_CONFIG_SYNTAX) [quote the value if its brackets are meant as text]",
    ],
    [
      "__proto__ as a key",
      `${top}    meta: { __proto__: x }\n`,
      '5:13 channels.hook.meta.__proto__: no key may be called "__proto__" (E_CONFIG_UNKNOWN_KEY)',
    ],
    [
      "a variable in a key",
      `${top}    match: { "data.\${X}": 1 }\n`,
      "5:14 channels.hook.match.data.${X}: a key cannot contain ${...} (E_CONFIG_VARIABLE) [only values are replaced]",
    ],
    [
      "infinity",
      `${top}    match: { data.x: .inf }\n`,
      "5:22 channels.hook.match.data.x: must be a finite number (E_CONFIG_TYPE) [quote it if text is meant]",
    ],
    ...[
      "9007199254740993",
      "+9007199254740992",
      "-12345678901234567890",
      "12345678901234567.5",
      "0x7fffffffffffffff",
    ].map((number): [string, string, string] => [
      `the number ${number}, which would be rounded`,
      `${top}    match: { data.x: { gt: ${number} } }\n`,
      "5:28 channels.hook.match.data.x.gt: is a number too large to be exact (E_CONFIG_VALUE) [put it in quotes: such a number of an event is a text too]",
    ]),
    [
      "a list at the top",
      "- a\n- b\n",
      '1:1 : the file must be a mapping of keys, found a list (E_CONFIG_TYPE) [begin with "sources:"]',
    ],
    [
      "text at the top",
      "hello\n",
      '1:1 : the file must be a mapping of keys, found text (E_CONFIG_TYPE) [begin with "sources:"]',
    ],
    ["an empty file", "", '1:1 : the config file has no content (E_CONFIG_EMPTY) [begin with "sources:"]'],
    [
      "only comments",
      "# later\n\n",
      '1:1 : the config file has no content (E_CONFIG_EMPTY) [begin with "sources:"]',
    ],
  ])("%s", async (_, text, issue) => {
    expect(told(await load(text))).toEqual([issue]);
  });

  test("two mistakes in two places are two problems", async () => {
    const issues = told(await load(`${top}    content: @a\n  other:\n    content: @b\n`));
    expect(issues.map((issue) => issue.slice(0, 4))).toEqual(["5:14", "7:14"]);
  });

  test("`on`, `no` and `012` are what YAML 1.2 makes of them", async () => {
    const { values, issues } = await load(
      `${top}    match: { data.a: on, data.b: no, data.c: 012, data.d: "012" }\n`,
    );
    expect(issues).toEqual([]);
    expect(values.channels.hook?.match).toEqual({
      "data.a": "on",
      "data.b": "no",
      "data.c": 12,
      "data.d": "012",
    });
  });

  test("large numbers that are exact are numbers", async () => {
    const { values, issues } = await load(
      `${top}    match: { data.x: [9007199254740991, 6.02e23, 1.5E+300, 1.e20, 9007199254740991.0] }\n`,
    );
    expect(issues).toEqual([]);
    expect(values.channels.hook?.match).toEqual({
      "data.x": [9007199254740991, 6.02e23, 1.5e300, 1e20, 9007199254740991],
    });
  });

  test("a number where text belongs is told to be quoted, as it was typed", async () => {
    expect(told(await load(`${top}    meta: { build: 012 }\n`))).toEqual([
      '5:20 channels.hook.meta.build: must be text, found a number (E_CONFIG_TYPE) [quote it: "012"]',
    ]);
  });
});

describe("a file that is no text", () => {
  test.each<[string, Buffer, string]>([
    [
      "Latin-1",
      Buffer.from("sources: {}\n# caf\xe9\n", "latin1"),
      "2:6 : the file is not UTF-8 from here on (E_CONFIG_SYNTAX) [save it as UTF-8]",
    ],
    [
      "UTF-16",
      Buffer.from("\uFEFFsources: {}\n", "utf16le"),
      "1:1 : the file is UTF-16, not UTF-8 (E_CONFIG_SYNTAX) [save it as UTF-8]",
    ],
  ])("%s", async (_, bytes, issue) => {
    expect(told(await load(bytes))).toEqual([issue]);
  });

  test("a byte order mark is fine, and moves no column", async () => {
    expect(told(await load("\uFEFFsorces: {}\n"))).toEqual([
      '1:1 sorces: unknown key "sorces" (E_CONFIG_UNKNOWN_KEY) [did you mean "sources"?]',
    ]);
  });

  test("Windows line ends move no line and no column", async () => {
    expect(told(await load("sources: {}\r\nchannels:\r\n  a:\r\n    form: x\r\n"))[1]).toBe(
      '4:5 channels.a.form: unknown key "form" (E_CONFIG_UNKNOWN_KEY) [did you mean "from"?]',
    );
  });
});

describe("a file that cannot be read", () => {
  const open = (file: string) =>
    loadConfig(file, {
      env: { HOME: "/nowhere" },
      registry,
      escapeForTemplate: (text) => text,
      loadPatterns: loadRegex,
    });

  test("that is not there", async () => {
    const file = join(temporaryFolder(), "none.yaml");
    const loaded = await open(file);
    expect(told(loaded)).toEqual([
      "1:1 : the config file does not exist (E_CONFIG_FILE) [create it, or name another with --config]",
    ]);
    expect(loaded.issues[0]?.file).toBe(file);
    expect(loaded.files.every(({ sha256 }) => sha256 === "absent")).toBe(true);
    expect(loaded.values).toMatchObject({
      server: { name: "router" },
      budget: { event: 500 },
      sources: {},
      channels: {},
    });
    expect(loaded.frame(loaded.issues[0]!)).toBe(
      `${file}:1:1: the config file does not exist (E_CONFIG_FILE)\n  hint: create it, or name another with --config`,
    );
  });

  test("that is a folder", async () => {
    const folder = join(temporaryFolder(), "channels.yaml");
    mkdirSync(folder);
    expect(told(await open(folder))).toEqual([
      "1:1 : the config file is a folder, not a file (E_CONFIG_FILE)",
    ]);
  });

  test("that is a device without end", async () => {
    expect(told(await open("/dev/zero"))).toEqual([
      "1:1 : the config file is not a regular file (E_CONFIG_FILE)",
    ]);
  });

  test("that is too large", async () => {
    const file = join(temporaryFolder(), "channels.yaml");
    writeFileSync(file, "#".repeat(1024 * 1024 + 1));
    expect(told(await open(file))).toEqual(["1:1 : the config file is larger than 1024 KiB (E_CONFIG_FILE)"]);
  });

  test.skipIf(process.getuid?.() === 0)("that one may not read (root may read everything)", async () => {
    const file = join(temporaryFolder(), "channels.yaml");
    writeFileSync(file, "sources: {}\n", { mode: 0 });
    expect(told(await open(file))).toEqual([
      "1:1 : the config file cannot be read: permission denied (E_CONFIG_FILE)",
    ]);
  });
});

describe("aliases", () => {
  test("share values within the file, each use with its own place", async () => {
    const { values, issues } = await load(
      "sources:\n  hook: { type: http, path: /x }\nchannels:\n  a: { from: hook, meta: &m { repo: x } }\n  b: { from: hook, meta: *m }\n",
    );
    expect(issues).toEqual([]);
    expect(values.channels.b?.meta).toEqual({ repo: "x" });
    expect(values.channels.b?.meta).not.toBe(values.channels.a?.meta);
  });

  test("a mistake behind an alias is told once, where it was written", async () => {
    const issues = told(
      await load(
        "sources:\n  hook: { type: http, path: /x }\nchannels:\n  a: { from: hook, meta: &m { x-y: x } }\n  b: { from: hook, meta: *m }\n",
      ),
    );
    expect(issues).toEqual([
      '4:31 channels.a.meta.x-y: the client drops the meta key "x-y": only letters, digits and _ are allowed (E_CONFIG_META) [write x_y]',
    ]);
  });

  test("a bomb is refused at once", async () => {
    const levels = Array.from(
      { length: 30 },
      (_, n) =>
        `l${n}: &l${n} [${Array(10)
          .fill(n === 0 ? "x" : `*l${n - 1}`)
          .join(", ")}]`,
    );
    const took = processorTime();
    const issues = told(await load(`${levels.join("\n")}\n`));
    expect(took()).toBeLessThan(2_000);
    expect(issues).toEqual([
      "4:45 l3[7]: aliases expand to more than 10000 values (E_CONFIG_ALIAS) [write the values out]",
    ]);
  });

  test("a long chain of aliases is refused without a deep stack", async () => {
    const links = Array.from({ length: 5_000 }, (_, n) => `l${n}: &l${n} [${n === 0 ? "x" : `*l${n - 1}`}]`);
    const { issues } = await load(`${links.join("\n")}\n`);
    expect(issues.at(-1)).toMatchObject({
      code: "E_CONFIG_SIZE",
    });
  });

  test("an alias inside its own anchor has nothing to stand for", async () => {
    expect(told(await load("server: &c { name: *c }\n"))[0]).toContain("no anchor &c precedes this alias");
  });
});
