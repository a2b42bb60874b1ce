// Two values for each place in the config, both good there, and what has to stand beside them. What the schema itself says (an enum, a
// default, an example) is taken from there.

import type { Json, JsonObject } from "../../src/contract.ts";
import type { Position } from "./option-positions.ts";

const chat = { access: { allow: ["11111111"] } };

/** What each type cannot do without; all of it reaches something, so that there is a power to compare. */
export const bases: Readonly<Record<string, JsonObject>> = {
  command: { command: ["true"] },
  cron: { at: "@daily" },
  discord: { token: "discord-token-1" },
  feed: { url: "https://feed.example/a" },
  http: { path: "/hook" },
  imap: { host: "imap.example", user: "me", password: "a-secret-1" },
  imessage: {},
  poll: { url: "https://poll.example/a" },
  slack: { token: "xoxb-token-1", app_token: "xapp-token-1" },
  sse: { url: "https://sse.example/a" },
  tail: { files: ["/var/log/a.log"] },
  telegram: { token: "123456789:telegram-token" },
  watch: { files: ["/var/drop/*"] },
  webchat: { access: { allow: ["9f86d081884c7d65"] } },
  websocket: { url: "wss://socket.example/a" },
  "command sink": { command: ["true"] },
  "file sink": { path: "/srv/notes", file: "a-note.md", content: "a text that is written" },
  "http sink": { request: { url: "https://api.example/a" } },
};

const auth = { auth: { scheme: "bearer", secret: "a-secret-1" } };
const hmac = { verify: { scheme: "hmac", header: "x-signature", secret: "a-secret-1" } };
const challenge = {
  ...hmac,
  respond: { challenge: { from: "query.a", token: "a-token-0", token_from: "query.b" } },
};
const jwt = { verify: { scheme: "jwt", secret: "a-secret-1" } };
const publicKeys = [
  "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
  "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
] as const;
const signature = { verify: { scheme: "signature", header: "x-signature", public_key: publicKeys[0] } };
const inBody = {
  verify: {
    scheme: "hmac",
    secret: "a-secret-1",
    field: "a",
    signed: "{field:one}{field:two}",
    timestamp: { field: "one" },
  },
};
const webhook = { webhook: { path: "/telegram", secret: "a-secret-of-16-letters" } };

/** What has to stand beside an option, by the beginning of its name. */
const besides: readonly (readonly [start: string, JsonObject])[] = [
  ["feed auth", auth],
  ["poll auth", auth],
  ["sse auth", auth],
  ["websocket auth", auth],
  ["http verify", hmac],
  ["http verify.jwks", { verify: { scheme: "jwt", jwks: "https://keys.example/a", audience: "me" } }],
  ["http verify.public_key", signature],
  ["http verify.audience", jwt],
  ["http verify.issuer", jwt],
  ["http verify.claims", jwt],
  ["http verify.body_claim", jwt],
  ["http verify.field", inBody],
  ["http verify.timestamp.field", inBody],
  ["http respond.challenge", challenge],
  ["telegram webhook", webhook],
];

export function baseOf(position: Position, title: string): JsonObject {
  const beside = besides.find(([start]) => position.name.startsWith(start))?.[1] ?? {};
  return { ...bases[title], ...(/access/.test(position.name) ? chat : {}), ...beside };
}

/** In the words of a variable: text, whatever the option is. */
const samples: Readonly<Record<string, readonly [string, string]>> = {
  "feed url.[]": ["https://one.example/a", "https://two.example/a"],
  "command command.[]": ["a-program-1", "a-program-2"],
  "command cron": ["0 1 * * *", "0 2 * * *"],
  "command cwd": ["/a/folder", "/another/folder"],
  "command env.*": ["a value 1", "a value 2"],
  "cron at": ["0 1 * * *", "0 2 * * *"],
  "discord token": ["discord-token-1", "discord-token-2"],
  "discord api_root": ["https://one.example/api", "https://two.example/api"],
  "http path": ["/hook/one", "/hook/two"],
  "http verify.secret": ["a-secret-1", "a-secret-2"],
  "http verify.jwks": ["https://keys.example/one", "https://keys.example/two"],
  "http verify.public_key": publicKeys,
  "http verify.public_key.[]": publicKeys,
  "http verify.timestamp.field": ["one", "two"],
  "http respond.challenge.from": ["query.one", "query.two"],
  "http respond.challenge.to": ["headers.x-one", "headers.x-two"],
  "http respond.challenge.token": ["a-token-1", "a-token-2"],
  "http respond.challenge.token_from": ["query.three", "query.four"],
  "http respond.challenge": ["query.one", "query.two"],
  "http verify.timestamp.key": ["t", "u"],
  "http respond.body": ["an answer 1", "an answer 2"],
  "imap host": ["imap.one.example", "imap.two.example"],
  "imap ca": ["-----BEGIN CERTIFICATE----- one", "-----BEGIN CERTIFICATE----- two"],
  "imap auth_server": ["mx.one.example", "mx.two.example"],
  "imessage own.[]": ["+15550100", "+15550101"],
  "imessage signature": ["Sent by one", "Sent by two"],
  "imessage database": ["/one/chat.db", "/two/chat.db"],
  "poll json": ["a body as text 1", "a body as text 2"],
  "slack api_root": ["https://one.example/api", "https://two.example/api"],
  "telegram token": ["123456789:telegram-token", "123456789:telegram-other"],
  "telegram webhook.path": ["/telegram/one", "/telegram/two"],
  "telegram webhook.secret": ["a-secret-of-16-letters", "another-secret-of-16"],
  "telegram api_root": ["https://one.example/bot", "https://two.example/bot"],
  "webchat path": ["/chat/one", "/chat/two"],
  "websocket protocols.[]": ["protocol-1", "protocol-2"],
  "command sink command.[]": ["a-program-1", "a-program-2"],
  "command sink cwd": ["/a/folder", "/another/folder"],
  "file sink path": ["/srv/one", "/srv/two"],
  "http sink request.url": ["https://one.example/a", "https://two.example/a"],
  "http sink idempotency_key": ["X-Key-One", "X-Key-Two"],
  "core server.name": ["router_one", "router_two"],
  "core channels.*.to.project": ["/a/project", "/another/project"],
  "core channels.*.from": ["s", "t"],
  "core channels.*.from.[]": ["s", "t"],
  "core channels.*.quiet.days": ["mon-fri", "sat-sun"],
  "core channels.*.quiet.from": ["22:00", "23:00"],
  "core channels.*.quiet.to": ["06:00", "07:00"],
  "core channels.*.quiet.tz": ["Europe/Berlin", "Europe/Paris"],
  "core permissions.relay.[]": ["phone", "other"],
  "core permissions.approvers.*.[]": ["41", "42"],
  "core permissions.tools.allow.[]": ["Bash", "Edit"],
  "core permissions.tools.deny.[]": ["Bash", "Edit"],
  "core permissions.files.[]": ["~/one", "~/two"],
  "core permissions.expire": ["10m", "11m"],
  "core permissions.quiet.[].days": ["mon-fri", "sat-sun"],
  "core permissions.quiet.[].from": ["22:00", "23:00"],
  "core permissions.quiet.[].to": ["06:00", "07:00"],
  "core permissions.quiet.[].tz": ["Europe/Berlin", "Europe/Paris"],
  "core channels.*.budget.hour": ["1000", "1001"],
  "core listen": ["0.0.0.0:8701", "0.0.0.0:8702"],
  "core console": ["127.0.0.1:8701", "127.0.0.1:8702"],
  "core console.listen": ["127.0.0.1:8701", "127.0.0.1:8702"],
  "core console.origin": ["https://one.example", "https://two.example"],
  "core public_url": ["https://one.example", "https://two.example"],
  "core hosts.[]": ["one.example", "two.example"],
};

const byKey: Readonly<Record<string, readonly [string, string]>> = {
  url: ["https://one.example/a", "https://two.example/a"],
  "access.allow.[]": ["22222222", "33333333"],
  "access.groups.*.allow.[]": ["22222222", "33333333"],
  "access.bots.[]": ["22222222", "33333333"],
  "access.mention_patterns.[]": ["one+", "two+"],
};

/** Of a place that takes any text. */
const anyText = ["any text 1", "any text 2"] as const;

export function samplesFor({ name, schemas }: Position): readonly [string, string] {
  const key = name.slice(name.indexOf(" ") + 1);
  const known = samples[name] ?? byKey[key.replace(/^sink /, "")];
  if (name.startsWith("websocket url")) return ["wss://one.example/a", "wss://two.example/a"];
  if (known !== undefined) return known;
  for (const schema of schemas) {
    const values = schema.enum as Json[] | undefined;
    if (values !== undefined) return [String(values[0]), String(values[1] ?? values[0])];
    if (schema.format === "duration") return ["10s", "11s"];
    if (schema.format === "size") return ["10KiB", "11KiB"];
    if (schema.format === "rate") return ["5/10m", "6/10m"];
    if (schema.type === "boolean") return ["true", "false"];
    if (schema.type === "integer" || schema.type === "number") {
      const least = Number(schema.minimum ?? 1);
      return [String(least), String(least + 1)];
    }
  }
  if (schemas.some((schema) => schema.pattern !== undefined))
    throw new Error(`${name} has a pattern: give it two samples in option-samples.ts`);
  return anyText;
}
