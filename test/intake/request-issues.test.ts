// What check says of the options that sources with an address share.

import { describe, expect, test } from "vitest";
import { toOptions } from "../../src/config/schema/camel-case.ts";
import { poll } from "../../src/connectors/poll/index.ts";
import type { JsonObject } from "../../src/contract.ts";
import { addressOf, describeUrl } from "../../src/intake/request-options.ts";
import { surroundings } from "../support/host.ts";

function issues(written: JsonObject): string[] {
  const options = { url: "https://api.example.com/items", ...written };
  expect(poll.validate(options), JSON.stringify(poll.validate.errors)).toBe(true);
  const found = poll.check?.(toOptions(poll.options, options) as never, surroundings) ?? [];
  return found.map(({ path, message, hint }) => `${path.join(".")} ${message} (${hint})`);
}

describe("nothing is said of", () => {
  test.each<[JsonObject]>([
    [{}],
    [{ url: "http://[::1]:8080/x?a={{cursor}}", cursor: "data.next" }],
    [{ url: "https://x.example/y?n=1{{#if cursor}}&after={{cursor}}{{/if}}", cursor: "data.next" }],
    [{ auth: { scheme: "basic", username: "me", secret: "ü" } }],
    [{ headers: { "X-Api-Key": "abc" }, method: "POST" }],
    [{ body: '{"since": {{json time}} }' }],
  ])("%j", (written) => {
    expect(issues(written)).toEqual([]);
  });
});

describe("an option that cannot work is named, with what to write", () => {
  test.each<[JsonObject, RegExp]>([
    [{ url: "api.example.com/items" }, /^url must begin with https:\/\/ or http:\/\/ \(for example/],
    [{ url: "ftp://x/y" }, /^url must begin with/],
    [{ url: "https://{{cursor}}.example.com/", cursor: "data" }, /^url has a template in its host/],
    [{ url: "https://me:pass@example.com/" }, /^url has a user name in it \(use {2}auth:/],
    [{ url: "https://exa mple.com/" }, /^url is not a URL/],
    [{ headers: { "x key": "1" } }, /^headers\.x key is not a header name/],
    [{ headers: { "x-key": "a\nb" } }, /^headers\.x-key has a character that is not allowed in a header/],
    [{ headers: { Host: "x" } }, /^headers\.Host is set by the program itself/],
    [{ auth: { scheme: "bearer", secret: " " } }, /^auth\.secret is empty/],
    [{ auth: { scheme: "bearer", secret: "a\n" } }, /^auth\.secret has a character/],
    [{ auth: { scheme: "basic", secret: "x" } }, /^auth scheme basic needs username/],
    [{ auth: { scheme: "basic", username: "a:b", secret: "x" } }, /^auth\.username may not have a ":"/],
    [{ auth: { scheme: "header", secret: "x" } }, /^auth scheme header needs header/],
    [{ auth: { scheme: "header", secret: "x", header: "x y" } }, /^auth\.header is not a header name/],
    [{ auth: { scheme: "header", secret: "x", header: "Host" } }, /^auth\.header is set by the program/],
    [
      { auth: { scheme: "bearer", secret: "x", prefix: "y" } },
      /^auth\.prefix scheme bearer does not use prefix/,
    ],
    [
      { auth: { scheme: "bearer", secret: "x", username: "y" } },
      /^auth\.username scheme bearer does not use/,
    ],
    [
      { auth: { scheme: "bearer", secret: "x" }, headers: { Authorization: "y" } },
      /^auth sets authorization, which headers/,
    ],
    [{ every: "0s" }, /^every must be from 1s to 30d/],
    [{ timeout: "1h" }, /^timeout must be from 1s to 10m/],
    [{ max_body: "1GiB" }, /^max_body must be from 1B to 64MiB/],
    [{ since: "start", backfill: 3 }, /^backfill has no effect with since: start/],
    [{ body: "x", json: {} }, /^json cannot be combined with body/],
    [{ json: {}, method: "GET" }, /^json has no effect with method: GET/],
    [{ json: { after: ["{{cursor}}"] } }, /^json uses \{\{cursor\}\}, but cursor: is missing/],
    [{ cursor: "data.next" }, /^cursor is not used anywhere/],
    [{ url: "https://x.example/{{cursor}}" }, /^url uses \{\{cursor\}\}, but cursor: is missing/],
  ])("%j", (written, words) => {
    const found = issues(written);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(words);
  });
});

test("a person sees the place of an address without its query, its templates, and where asked without its path", () => {
  expect(describeUrl("https://API.example.com/a/b?key=1#x")).toBe("https://api.example.com/a/b");
  expect(describeUrl("https://a.example/x{{cursor}}/y")).toBe("https://a.example/x");
  expect(describeUrl("https://relay.example/s3cret", "hidden")).toBe("https://relay.example");
});

test("what a store belongs to does not change with a secret in the query", () => {
  const address = (token: string) => addressOf(`https://a.example/x?state=open&api_key=${token}&page=1`);
  expect(address("one")).toBe(address("two"));
  expect(address("one")).toContain("state=open");
  expect(addressOf("https://a.example/x?state=open")).not.toBe(addressOf("https://a.example/x?state=closed"));
});
