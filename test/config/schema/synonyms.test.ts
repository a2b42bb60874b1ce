// Keys as users of other programs write them: the hint names ours. Each row is checked in a whole config.

import { expect, test } from "vitest";
import { meantKey, meantType } from "../../../src/config/schema/synonyms.ts";
import { load } from "../loading.ts";

async function hintFor(yaml: string, key: string): Promise<string> {
  const { issues } = await load(yaml);
  const issue = issues.find(({ message }) => message === `unknown key "${key}"`);
  return issue?.hint ?? `no unknown key: ${issues.map(({ message }) => message).join("; ")}`;
}

const inChannel = (text: string) =>
  `version: 1\nsources:\n  a: { type: http, path: /a, verify: none }\nchannels:\n  c:\n    from: a\n    ${text}\n`;
const inSource = (text: string) => `version: 1\nsources:\n  a:\n    ${text.replaceAll("; ", "\n    ")}\n`;
const inSink = (text: string) =>
  `version: 1\nsinks:\n  s:\n    description: Sends.\n    ${text.replaceAll("; ", "\n    ")}\n`;
const atRoot = (text: string) => `version: 1\n${text}\n`;

test.each([
  ["dedupe: { key: data.id, window: 1h }", "window", "for"],
  ["dedupe: { key: data.id, within: 1h }", "within", "for"],
  ["dedupe: { key: data.id, ttl: 1h }", "ttl", "for"],
  ["dedupe: { fields: data.id, for: 1h }", "fields", "key"],
  ["throttle: { limit: 5, per: 1m }", "limit", "max"],
  ["throttle: { max: 5, window: 1m }", "window", "per"],
  ["throttle: { threshold: 5, window_secs: 60 }", "threshold", "max"],
  ["throttle: { threshold: 5, window_secs: 60 }", "window_secs", "per"],
  ["throttle: { max: 5, per: 1m, key_field: data.host }", "key_field", "by"],
  ["digest: { interval: 10m }", "interval", "every"],
  ["digest: { every: 10m, group_by: data.host }", "group_by", "by"],
  ["digest: { every: 10m, group_wait: 1m }", "group_wait", "wait"],
  ["digest: { group_interval: 10m }", "group_interval", "every"],
  ["digest: { every: 10m, max_events: 5 }", "max_events", "max"],
  ["digest: { every: 10m, template: x }", "template", "content"],
  ['quiet: { start: "22:00", to: "06:00" }', "start", "from"],
  ['quiet: { from: "22:00", end: "06:00" }', "end", "to"],
  ['quiet: { from: "22:00", to: "06:00", timezone: UTC }', "timezone", "tz"],
  ['quiet: { from: "22:00", to: "06:00", weekdays: mon-fri }', "weekdays", "days"],
  ["receipt: { within: 5m }", "within", "ack_within"],
  ["receipt: { timeout: 5m }", "timeout", "ack_within"],
  ["receipt: { ack_within: 5m, max_retries: 3 }", "max_retries", "attempts"],
  ["filter: { data.a: 1 }", "filter", "match"],
  ["matchers: { data.a: 1 }", "matchers", "match"],
  ["trigger-rule: { data.a: 1 }", "trigger-rule", "match"],
  ["if: data.a == 1", "if", "when"],
  ["condition: data.a == 1", "condition", "when"],
  ["template: x", "template", "content"],
  ["message: x", "message", "content"],
  ["annotations: { summary: x }", "annotations", "content"],
  ["labels: { a: x }", "labels", "meta"],
  ["severity: high", "severity", "priority"],
  ["deduplicate: data.id", "deduplicate", "dedupe"],
  ["rate_limit: 5/m", "rate_limit", "throttle"],
  ["batch: { every: 5m }", "batch", "digest"],
  ["group_by: data.host", "group_by", "by"],
  ["group_wait: 30s", "group_wait", "wait"],
  ["repeat_interval: 4h", "repeat_interval", "for"],
  ["mute_time_intervals: [night]", "mute_time_intervals", "quiet"],
  ["receiver: x", "receiver", "to"],
  ["expires: 1h", "expires", "ttl"],
  ["acknowledge: true", "acknowledge", "receipt"],
])("in a channel, %s", async (text, key, meant) => {
  expect(await hintFor(inChannel(text), key)).toMatch(new RegExp(`^did you mean "${meant}"`));
});

test("a key that belongs into another one says into which", async () => {
  expect(await hintFor(inChannel("group_by: data.host"), "group_by")).toBe(
    'did you mean "by" inside "digest"?',
  );
});

test.each([
  ["type: poll; url: https://a.example; interval: 1m", "interval", "every"],
  ["type: poll; url: https://a.example; every: 1m; scrape_timeout: 5s", "scrape_timeout", "timeout"],
  ["type: poll; uri: https://a.example; every: 1m", "uri", "url"],
  ["type: poll; url: https://a.example; scrape_interval_secs: 60", "scrape_interval_secs", "every"],
  ["type: poll; url: https://a.example; every: 1m; jsonpath: data", "jsonpath", "items"],
  ["type: poll; url: https://a.example; every: 1m; basic_auth: { username: a }", "basic_auth", "auth"],
  ["type: feed; url: https://a.example; poll_interval: 1m", "poll_interval", "every"],
  ["type: telegram; secret: x", "secret", "token"],
  ["type: telegram; bot_token: x", "bot_token", "token"],
  ["type: telegram; token: x; allow_from: [1]", "allow_from", "allow"],
  ["type: http; url: /a; verify: none", "url", "path"],
  ["type: http; id: a; verify: none", "id", "path"],
  ["type: http; route: /a; verify: none", "route", "path"],
  ["type: http; path: /a; secret: x", "secret", "secret"],
  ["type: http; path: /a; hmac: x", "hmac", "verify"],
  ["type: http; path: /a; verify: none; http-methods: [POST]", "http-methods", "methods"],
  ["type: http; path: /a; verify: none; method: POST", "method", "methods"],
  ["type: http; path: /a; verify: none; response-message: ok", "response-message", "respond"],
  ["type: http; path: /a; verify: none; trusted_proxies: [10.0.0.0/8]", "trusted_proxies", "proxies"],
  ["type: http; path: /a; verify: none; max_body_size: 1MiB", "max_body_size", "max_body"],
  ["type: http; path: /a; verify: none; decoding: json", "decoding", "parse"],
  ["type: http; path: /a; verify: { scheme: hmac, token: x, header: h }", "token", "secret"],
  ["type: http; path: /a; verify: { type: github, secret: x }", "type", "scheme"],
  [
    "type: http; path: /a; verify: { scheme: hmac, secret: x, signature_header: h }",
    "signature_header",
    "header",
  ],
  ["type: http; path: /a; verify: { scheme: hmac, secret: x, header: h, hash: sha1 }", "hash", "algorithm"],
  ['type: cron; cron: "0 9 * * *"', "cron", "at"],
  ['type: cron; at: "0 9 * * *"; timezone: UTC', "timezone", "tz"],
  ["type: tail; include: [/var/log/a.log]", "include", "files"],
  ["type: tail; files: [/var/log/a.log]; read_from: end", "read_from", "from"],
  ["type: tail; files: [/var/log/a.log]; codec: json", "codec", "format"],
  ["type: watch; paths: [/tmp/a]", "paths", "files"],
  ["type: command; run: [date]", "run", "command"],
  ["type: command; execute-command: [date]", "execute-command", "command"],
  ["type: command; command: [date]; every: 1m; working-directory: /tmp", "working-directory", "cwd"],
  ["type: command; command: [date]; every: 1m; environment: { A: b }", "environment", "env"],
  ["type: command; command: [date]; every: 1m; timeout-minutes: 5", "timeout-minutes", "timeout"],
  ["type: websocket; uri: wss://a.example", "uri", "url"],
  ["type: http; path: /a; verify: none; rate_limit: 5/m", "rate_limit", "rate"],
  ["type: http; path: /a; verify: none; deadman: 1h", "deadman", "expect"],
])("in a source, %s", async (text, key, meant) => {
  expect(await hintFor(inSource(text), key)).toMatch(new RegExp(`^did you mean "${meant}"`));
});

test.each([
  ["type: http; request: { verb: POST, url: https://a.example }", "verb", "method"],
  ["type: http; request: { uri: https://a.example }", "uri", "url"],
  ["type: http; request: { url: https://a.example, payload: x }", "payload", "json"],
  ["type: command; run: [date]", "run", "command"],
  ["type: command; command: [date]; parameters: {}", "parameters", "input"],
  ["type: file; folder: /tmp; file: a; content: x", "folder", "path"],
  ["type: file; path: /tmp; filename: a; content: x", "filename", "file"],
])("in a sink, %s", async (text, key, meant) => {
  expect(await hintFor(inSink(text), key)).toMatch(new RegExp(`^did you mean "${meant}"`));
});

test.each([
  ["routes: []", "routes", "channels"],
  ["jobs: {}", "jobs", "channels"],
  ["receivers: []", "receivers", "sources"],
  ["scrape_configs: []", "scrape_configs", "sources"],
  ["hooks: {}", "hooks", "sources"],
  ["actions: {}", "actions", "sinks"],
  ["import: []", "import", "use"],
  ["global: {}", "global", "defaults"],
  ["bind: 127.0.0.1:80", "bind", "listen"],
  ["external_url: https://a.example", "external_url", "public_url"],
])("at the root, %s", async (text, key, meant) => {
  expect(await hintFor(atRoot(text), key)).toMatch(new RegExp(`^did you mean "${meant}"`));
});

test("a key that is there already is not suggested again", () => {
  expect(meantKey("ttl", ["key", "for"], ["key", "ttl"])).toEqual({ key: "for" });
  expect(meantKey("ttl", ["key", "for"], ["key", "ttl", "for"])).toBeUndefined();
});

test("other letters and slips of the finger are found as before", () => {
  expect(meantKey("ackWithin", ["ack_within", "attempts"])).toEqual({ key: "ack_within" });
  expect(meantKey("evry", ["every", "at"])).toEqual({ key: "every" });
  expect(meantKey("form", ["from", "body"])).toEqual({ key: "from" });
  expect(meantKey("secrets", ["secret", "verify"])).toEqual({ key: "secret" });
  expect(meantKey("xyz", ["from", "to"])).toBeUndefined();
});

test.each([
  ["webhook", "http"],
  ["rss", "feed"],
  ["schedule", "cron"],
  ["exec", "command"],
  ["logs", "tail"],
  ["ws", "websocket"],
  ["eventsource", "sse"],
  ["scrape", "poll"],
])("type: %s is %s", async (type, meant) => {
  const { issues } = await load(inSource(`type: ${type}`));
  expect(issues[0]?.hint).toBe(`did you mean "${meant}"?`);
});

test("what no list of types has stays without a suggestion", () => {
  expect(meantType("carrier", ["http", "tail"])).toBeUndefined();
});
