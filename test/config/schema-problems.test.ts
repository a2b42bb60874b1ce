// What the schema refuses, one row for each kind of mistake: the place, the words, what to type instead.

import { describe, expect, test } from "vitest";
import { connectors } from "../../src/connectors/index.ts";
import { load, told } from "./loading.ts";

/** The issues of a channel `p` with this one line in it; the line is the fifth. */
const inChannel = async (line: string) =>
  told(await load(`sources:\n  p: { type: probe }\nchannels:\n  p:\n    ${line}\n`)).map((issue) =>
    issue.replace("channels.p.", "…"),
  );

/** The issues of a source with these options on its second line. */
const inSource = async (options: string) => told(await load(`sources:\n  p: { type: probe, ${options} }\n`));

describe("in a channel", () => {
  test.each([
    ["wehn: data.x", '5:5 …wehn: unknown key "wehn" (E_CONFIG_UNKNOWN_KEY) [did you mean "when"?]'],
    [
      "zzz: x",
      '5:5 …zzz: unknown key "zzz" (E_CONFIG_UNKNOWN_KEY) [allowed keys: budget, changed, content, continue, dedupe, description, digest, from, match, meta, priority, quiet, receipt, reply, supersede, thread, throttle, to, ttl, vars, wake, when]',
    ],
    ["when: 5", '5:11 …when: must be text, found a number (E_CONFIG_TYPE) [quote it: "5"]'],
    ["when: true", '5:11 …when: must be text, found true (E_CONFIG_TYPE) [quote it: "true"]'],
    ["when:", "5:5 …when: must be text, found nothing (E_CONFIG_TYPE) [write a value, or remove the key]"],
    ['when: ""', '5:11 …when: must not be empty (E_CONFIG_VALUE) [for example "size(data.commits) > 0"]'],
    [
      "when: [a]",
      '5:11 …when: must be text, found a list (E_CONFIG_TYPE) [for example "size(data.commits) > 0"]',
    ],
    ["from: 5", '5:11 …from: must be text or a list of text, found a number (E_CONFIG_TYPE) [quote it: "5"]'],
    [
      "from: { a: b }",
      '5:11 …from: must be text or a list of text, found a mapping (E_CONFIG_TYPE) [for example "github"]',
    ],
    ["from: []", "5:11 …from: must not be empty (E_CONFIG_VALUE)"],
    ["from: [p, 5]", '5:15 …from[1]: must be text, found a number (E_CONFIG_TYPE) [quote it: "5"]'],
    ["from: [p, p]", "5:15 …from[1]: is listed twice (E_CONFIG_VALUE) [remove one of the two]"],
    ["from: pp", '5:11 …from: no source is called "pp" (E_CONFIG_REFERENCE) [sources: p]'],
    ["from: [p, other]", '5:15 …from[1]: no source is called "other" (E_CONFIG_REFERENCE) [sources: p]'],
    ["reply: nte", '5:12 …reply: no sink is called "nte" (E_CONFIG_REFERENCE) [no sink is declared]'],
    [
      "reply: 5",
      '5:12 …reply: must be true or false, text or a list of text, found a number (E_CONFIG_TYPE) [quote it: "5"]',
    ],
    [
      'continue: "true"',
      "5:15 …continue: must be true or false, found text (E_CONFIG_TYPE) [remove the quotes: true]",
    ],
    ["continue: yes", "5:15 …continue: must be true or false, found text (E_CONFIG_TYPE)"],
    ["match: {}", "5:12 …match: must not be empty (E_CONFIG_VALUE)"],
    [
      "match: data.x",
      '5:12 …match: must be a mapping or a list of mappings, found text (E_CONFIG_TYPE) [for example {"data.action":"opened"}]',
    ],
    [
      "vars: { Pr-Number: data.x }",
      '5:13 …vars.Pr-Number: the name "Pr-Number" must be lower-case letters, digits and _, beginning with a letter (E_CONFIG_NAME) [write pr_number]',
    ],
    ["vars: { n: 5 }", '5:16 …vars.n: must be text, found a number (E_CONFIG_TYPE) [quote it: "5"]'],
    [
      "changed: { valu: data.x }",
      '5:16 …changed.valu: unknown key "valu" (E_CONFIG_UNKNOWN_KEY) [did you mean "value"?]',
    ],
    ["changed: { by: x }", '5:5 …changed: "value" is missing (E_CONFIG_MISSING_KEY) [add value: data.state]'],
    [
      "changed: 5",
      '5:14 …changed: must be text or a mapping, found a number (E_CONFIG_TYPE) [quote it: "5"]',
    ],
    ["dedupe: { for: 1h }", '5:5 …dedupe: "key" is missing (E_CONFIG_MISSING_KEY) [add key: "{{data.id}}"]'],
    [
      "dedupe: { key: k, for: 10 minutes }",
      '5:28 …dedupe.for: must be a duration, found "10 minutes" (E_CONFIG_VALUE) [write a whole number and ms, s, m, h or d, for example 30s]',
    ],
    [
      "dedupe: { key: k, for: 60 }",
      "5:28 …dedupe.for: must be a duration, found a number (E_CONFIG_TYPE) [write a whole number and ms, s, m, h or d, for example 30s]",
    ],
    [
      "meta: { x-github-event: a }",
      '5:13 …meta.x-github-event: the client drops the meta key "x-github-event": only letters, digits and _ are allowed (E_CONFIG_META) [write x_github_event]',
    ],
    [
      "meta: { source: a }",
      '5:13 …meta.source: the meta key "source" is reserved for the client, which sets it itself (E_CONFIG_META) [choose another name]',
    ],
    [
      "meta: { event_id: a }",
      '5:13 …meta.event_id: the meta key "event_id" is set by the router (E_CONFIG_META) [choose another name]',
    ],
    [
      "meta: { build: 12 }",
      '5:20 …meta.build: must be text, found a number (E_CONFIG_TYPE) [quote it: "12"]',
    ],
    ["meta: [a]", "5:11 …meta: must be a mapping, found a list (E_CONFIG_TYPE)"],
    ["budget: { event: 0 }", '5:22 …budget.event: must be at least 1, found "0" (E_CONFIG_VALUE)'],
    ["budget: { event: 1.5 }", "5:22 …budget.event: must be a whole number, found a number (E_CONFIG_TYPE)"],
    ["priority: urgent", '5:15 …priority: must be low, normal or high, found "urgent" (E_CONFIG_VALUE)'],
    ["ttl: 0s", "5:10 …ttl: must be at least 1s (E_CONFIG_VALUE)"],
    [
      "receipt: acked",
      '5:14 …receipt: must be "none", "ack" or a mapping, found text (E_CONFIG_TYPE) [for example "ack"]',
    ],
    [
      "receipt: { within: 5m }",
      '5:16 …receipt.within: unknown key "within" (E_CONFIG_UNKNOWN_KEY) [did you mean "ack_within"?]',
    ],
    ["receipt: { ack_within: 1s }", "5:28 …receipt.ack_within: must be at least 10s (E_CONFIG_VALUE)"],
    ["receipt: { attempts: 0 }", '5:26 …receipt.attempts: must be at least 1, found "0" (E_CONFIG_VALUE)'],
    [
      "to: some",
      '5:9 …to: must be "one", "all" or a mapping, found text (E_CONFIG_TYPE) [for example {"project":"~/code/api"}]',
    ],
    [
      "to: { projct: ~/code }",
      '5:11 …to.projct: unknown key "projct" (E_CONFIG_UNKNOWN_KEY) [did you mean "project"?]',
    ],
    [
      "to: { project: code/api }",
      '5:20 …to.project: has the wrong format, found "code/api" (E_CONFIG_VALUE) [for example "~/code/api"]',
    ],
    [
      "to: { label: a, session: b }",
      "5:9 …to: accepts only one of its keys (E_CONFIG_VALUE) [keep one of them]",
    ],
    ["to: {}", "5:9 …to: must not be empty (E_CONFIG_VALUE)"],
    ["budget: 500", "5:13 …budget: must be a mapping, found a number (E_CONFIG_TYPE)"],
  ])("%s", async (line, issue) => {
    expect(await inChannel(line)).toEqual([issue]);
  });
});

describe("in a source", () => {
  test.each([
    [
      "every: 5x",
      '2:28 sources.p.every: must be a duration, found "5x" (E_CONFIG_VALUE) [write a whole number and ms, s, m, h or d, for example 30s]',
    ],
    [
      "max_size: 1MB",
      '2:31 sources.p.max_size: must be a size, found "1MB" (E_CONFIG_VALUE) [write a whole number and B, KiB, MiB or GiB, for example 1MiB]',
    ],
    [
      "rate: 5 per minute",
      '2:27 sources.p.rate: must be a rate, found "5 per minute" (E_CONFIG_VALUE) [write how many (1 to 100000) in how long, for example 5/10m]',
    ],
    [
      "rate: 999999999/1m",
      '2:27 sources.p.rate: must be a rate, found "999999999/1m" (E_CONFIG_VALUE) [write how many (1 to 100000) in how long, for example 5/10m]',
    ],
    [
      "maxSize: 1MiB",
      '2:21 sources.p.maxSize: unknown key "maxSize" (E_CONFIG_UNKNOWN_KEY) [did you mean "max_size"?]',
    ],
    [
      "enable: true",
      '2:21 sources.p.enable: unknown key "enable" (E_CONFIG_UNKNOWN_KEY) [did you mean "enabled"?]',
    ],
    [
      "auth: { username: x }",
      '2:29 sources.p.auth.username: unknown key "username" (E_CONFIG_UNKNOWN_KEY) [did you mean "user_name"?]',
    ],
    ["enabled: 1", "2:30 sources.p.enabled: must be true or false, found a number (E_CONFIG_TYPE)"],
    [
      'limit: "5"',
      "2:28 sources.p.limit: must be a whole number, found text (E_CONFIG_TYPE) [remove the quotes: 5]",
    ],
    ["auth: { secret: ab }", "2:37 sources.p.auth.secret: must have at least 4 characters (E_CONFIG_VALUE)"],
    [
      "auth: { secret: 12 }",
      "2:37 sources.p.auth.secret: must be text or a list of text, found a number (E_CONFIG_TYPE) [quote it]",
    ],
  ])("%s", async (options, issue) => {
    expect(await inSource(options)).toEqual([issue]);
  });

  test("an unknown type", async () => {
    const types = [...connectors.map(({ type }) => type), "probe"].join(", ");
    expect(
      told(await load("sources:\n  a: { type: htp }\n  b: { type: carrier_pigeon }\n  c: { path: /x }\n")),
    ).toEqual([
      '2:14 sources.a.type: unknown source type "htp" (E_CONFIG_VALUE) [did you mean "http"?]',
      `3:14 sources.b.type: unknown source type "carrier_pigeon" (E_CONFIG_VALUE) [types: ${types}]`,
      '4:3 sources.c: "type" is missing (E_CONFIG_MISSING_KEY) [add type: http]',
    ]);
  });

  test("an option of the http source", async () => {
    expect(
      told(
        await load(
          "sources:\n  gh:\n    type: http\n    path: /gh\n    verify: { scheme: gihub, secret: abcdefgh }\n",
        ),
      ),
    ).toEqual([
      '5:23 sources.gh.verify.scheme: unknown value, found "gihub" (E_CONFIG_VALUE) [did you mean "github"?]',
    ]);
  });
});

describe("at the top", () => {
  test.each([
    ["chanels: {}", '1:1 chanels: unknown key "chanels" (E_CONFIG_UNKNOWN_KEY) [did you mean "channels"?]'],
    ['version: "1"', "1:10 version: must be 1, found text (E_CONFIG_TYPE) [remove the quotes: 1]"],
    ["version: 2", '1:10 version: must be 1, found "2" (E_CONFIG_VALUE)'],
    [
      "server: { name: workspace }",
      '1:17 server.name: the server name "workspace" is reserved by the client (E_CONFIG_VALUE) [choose another, for example router]',
    ],
    [
      "server: { name: my router }",
      "1:17 server.name: has the wrong format, found \"my router\" (E_CONFIG_VALUE) [The server's name: letters, digits, - and _. It must match the server's name in .mcp.json.]",
    ],
    ["listen: 8788", '1:9 listen: must be text, found a number (E_CONFIG_TYPE) [quote it: "8788"]'],
    [
      "listen: 127.0.0.1:99999",
      "1:9 listen: port 99999 is out of range (E_CONFIG_VALUE) [a port is 0 to 65535]",
    ],
    [
      "public_url: x.example",
      '1:13 public_url: has the wrong format, found "x.example" (E_CONFIG_VALUE) [for example "https://hooks.example.com"]',
    ],
    [
      "hosts: x.example",
      '1:8 hosts: must be a list of text, found text (E_CONFIG_TYPE) [write ["x.example"]]',
    ],
    [
      "hosts: [a, 'http://b']",
      '1:12 hosts[1]: has the wrong format, found "http://b" (E_CONFIG_VALUE) [for example "my-machine.local"]',
    ],
    ["sources: []", "1:10 sources: must be a mapping, found a list (E_CONFIG_TYPE)"],
    ["sources: { a: x }", "1:15 sources.a: must be a mapping, found text (E_CONFIG_TYPE)"],
    [
      "sources: { CI-Failed: { type: probe } }",
      '1:12 sources.CI-Failed: the name "CI-Failed" must be lower-case letters, digits and _, beginning with a letter (E_CONFIG_NAME) [write ci_failed]',
    ],
    [
      "channels: { 1a: { from: p } }\nsources: { p: { type: probe } }",
      '1:13 channels.1a: the name "1a" must be lower-case letters, digits and _, beginning with a letter (E_CONFIG_NAME) [write a]',
    ],
    [
      "channels: { ci: {} }",
      '1:13 channels.ci: names no source, and no source is called "ci" (E_CONFIG_REFERENCE) [declare one under "sources:"]',
    ],
    [
      "sources: { gh: { type: probe } }\nchannels: { ci: {} }",
      '2:13 channels.ci: names no source, and no source is called "ci" (E_CONFIG_REFERENCE) [add from: with one of gh]',
    ],
    [
      "sinks: { note: { type: flie, description: x } }",
      '1:24 sinks.note.type: unknown sink type "flie" (E_CONFIG_VALUE) [did you mean "file"?]',
    ],
    [
      "sinks: { status: { type: file, description: x, path: n, file: n, content: c } }",
      '1:10 sinks.status: "status" is the name of a built-in tool (E_CONFIG_NAME) [each sink is a tool with its name: write my_status]',
    ],
    [
      "sinks: { note: { type: file, description: x, path: n, file: n, content: c, mod: write } }",
      '1:76 sinks.note.mod: unknown key "mod" (E_CONFIG_UNKNOWN_KEY) [did you mean "mode"?]',
    ],
    [
      "sinks: { note: { type: file, description: x, path: n, file: n, content: c, input: { event_id: { type: string } } } }",
      "1:85 sinks.note.input.event_id: is added by the router where a template uses event (E_CONFIG_VALUE) [remove it]",
    ],
    [
      "sinks: { note: { type: file, description: x, path: n, file: n, content: c, input: { a: string } } }",
      '1:88 sinks.note.input.a: must be a mapping, found text (E_CONFIG_TYPE) [for example {"type":"string"}]',
    ],
  ])("%s", async (text, issue) => {
    expect(told(await load(`${text}\n`))).toEqual([issue]);
  });
});

test("twelve mistakes are twelve problems, in the order of the file", async () => {
  const loaded = await load(`version: 1
server: { name: computer-use }
listen: 127.0.0.1
sources:
  github:
    type: http
    path: /github
    verify: { scheme: github, secret: "\${SECRET}" }
    max_body: 1 MB
  Alerts: { type: http, path: /alerts }
  probe: { type: prob }
channels:
  ci_failed:
    from: gihub
    wehn: data.action == "completed"
    vars: { pr: 12 }
    dedupe: { for: 1h }
    meta: { x-event: a }
    reply: comment
  ci_failed: {}
`);
  expect(told(loaded).map((issue) => issue.replace(/: .*\((\w+)\).*/, " $1"))).toEqual([
    "2:17 server.name E_CONFIG_VALUE",
    "3:9 listen E_CONFIG_VALUE",
    "8:40 sources.github.verify.secret E_CONFIG_VARIABLE",
    "9:15 sources.github.max_body E_CONFIG_VALUE",
    "10:3 sources.Alerts E_CONFIG_NAME",
    "11:18 sources.probe.type E_CONFIG_VALUE",
    "14:11 channels.ci_failed.from E_CONFIG_REFERENCE",
    "15:5 channels.ci_failed.wehn E_CONFIG_UNKNOWN_KEY",
    "16:17 channels.ci_failed.vars.pr E_CONFIG_TYPE",
    "17:5 channels.ci_failed.dedupe E_CONFIG_MISSING_KEY",
    "18:13 channels.ci_failed.meta.x-event E_CONFIG_META",
    "19:12 channels.ci_failed.reply E_CONFIG_REFERENCE",
    "20:3 channels.ci_failed E_CONFIG_DUPLICATE_KEY",
  ]);
});
