// What a type says of the trust of a source is what the events of the source have.

import { describe, expect, test } from "vitest";
import { connectors } from "../../src/connectors/index.ts";
import type { JsonObject, SourceType, Trust } from "../../src/contract.ts";

const http = { path: "/x", methods: ["POST"], maxBodyBytes: 1_000 };
const cases: Readonly<Record<string, readonly [options: JsonObject, trust: Trust][]>> = {
  http: [
    [http, "unverified"],
    [{ ...http, verify: { scheme: "none" } }, "unverified"],
    [{ ...http, verify: { scheme: "bearer", secret: "s" } }, "verified"],
    [{ ...http, verify: { scheme: "github", secret: "s" } }, "verified"],
  ],
  ...Object.fromEntries(
    ["poll", "feed", "sse"].map((type) => [
      type,
      [
        [{ url: "https://example.com/x" }, "verified"],
        [{ url: "http://example.com/x" }, "unverified"],
        [{ url: "http://127.0.0.1:8080/x" }, "local"],
      ] as [JsonObject, Trust][],
    ]),
  ),
  imap: [[{ host: "imap.example.com", tls: "implicit", mailbox: "INBOX", seen: "keep" }, "unverified"]],
  websocket: [
    [{ url: "wss://example.com/x" }, "verified"],
    [{ url: "ws://example.com/x" }, "unverified"],
  ],
};

const payload = '{"id":"1","title":"x","body":"{}"}';
const load = async (name: string) => {
  const entry = connectors.find(({ type }) => type === name);
  return (await entry?.load()) as unknown as SourceType<JsonObject>;
};

describe.each(Object.keys(cases))("%s", (name) => {
  test.each(cases[name] ?? [])("%j: %s", async (options, trust) => {
    const type = await load(name);
    expect(type.trust?.(options)).toBe(trust);
    expect(type.sampleArrival(options, payload, {}).trust).toBe(trust);
  });
});

test("a relay lets anybody send", async () => {
  const type = await load("sse");
  const options = { url: "https://smee.io/x", relay: "smee" };
  expect([type.trust?.(options), type.sampleArrival(options, "{}", {}).trust]).toEqual([
    "unverified",
    "unverified",
  ]);
});

test("every type whose events may be unverified says which are", async () => {
  const silent: string[] = [];
  for (const { type } of connectors) if ((await load(type)).trust === undefined) silent.push(type);
  expect(silent.filter((type) => type in cases)).toEqual([]);
  expect(silent).toEqual([
    ...["command", "cron", "discord", "imessage", "slack", "tail", "telegram", "watch", "webchat"],
  ]);
});
