// Payloads without what belongs to somebody: generated ones in which it was hidden, and all examples of GitHub.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract.ts";
import { isObject } from "../../src/json.ts";
import { leftValues } from "../../src/recipes/draft/left-values.ts";
import { withoutPersonalValues } from "../../src/recipes/draft/personal-values.ts";

const letters = (least: number, most: number) =>
  fc.string({ unit: fc.constantFrom(..."bcdfghjklmnpqrstvwxz"), minLength: least, maxLength: most });
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const mixed = (least: number, most: number) =>
  fc.string({ unit: fc.constantFrom(..."ABCXYZabcxyz0123456789"), minLength: least, maxLength: most });

/** What belongs to somebody, where a sender writes it, and how it may be in another text. */
const planted = fc.record({
  login: letters(6, 12).map((text) => `zq${text}`),
  first: letters(5, 9).map((text) => `Zq${text}`),
  last: letters(5, 9).map((text) => `Qz${text}`),
  mail: fc.tuple(letters(5, 9), letters(5, 9)).map(([user, host]) => `zq${user}@${host}corp.com`),
  repo: letters(6, 10).map((text) => `qz-${text}`),
  org: letters(6, 10).map((text) => `zqorg${text}`),
  host: letters(6, 10).map((text) => `build7.${text}.net`),
  sha: hex(40).filter((text) => /\d/.test(text.slice(0, 7)) && /[a-f]/.test(text.slice(0, 7))),
  token: mixed(36, 36).map((text) => `ghp_${text}`),
  id: fc.integer({ min: 3_000_000, max: 2_000_000_000 }).filter((id) => !String(id).startsWith("1")),
  address: fc
    .tuple(fc.integer({ min: 11, max: 99 }), fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 254 }))
    .map((parts) => parts.join(".")),
  password: mixed(14, 20).filter((text) => /[A-Z]/.test(text) && /\d/.test(text)),
});
type Planted = typeof planted extends fc.Arbitrary<infer T> ? T : never;

function payloadOf(one: Planted): JsonObject {
  const { login, first, last, mail, repo, org, host, sha, token, id, address, password } = one;
  const name = `${first} ${last}`;
  return {
    action: "completed",
    conclusion: "failure",
    created_at: "2026-01-05T09:00:00Z",
    run: {
      id,
      name: "Build",
      head_sha: sha,
      html_url: `https://github.com/${org}/${repo}/actions/runs/${id}`,
      display_title: `Fix by @${login} (${mail}), see ${sha.slice(0, 7)} on ${host}`,
      log: `${name} pushed from ${address}; token ${token}; /home/${login}/app; https://ci.${host}/job/${repo}/${id}?user=${login}`,
      client_secret: password,
      lines: [
        `Co-authored-by: ${name} <${mail}>`,
        `see https://api.github.com/repos/${org}/${repo}/commits/${sha}`,
      ],
    },
    repository: {
      id: id + 1,
      name: repo,
      full_name: `${org}/${repo}`,
      private: true,
      owner: { login: org, type: "Organization" },
    },
    sender: {
      login,
      id: id + 2,
      avatar_url: `https://avatars.githubusercontent.com/u/${id + 2}?v=4`,
      type: "User",
    },
    head_commit: {
      id: sha,
      message: `Fix\n\nSigned-off-by: ${name} <${mail}>`,
      author: { name, email: mail, username: login },
    },
    server: host,
    remote_ip: address,
    [mail]: 1,
  };
}

test("every personal value hidden in a payload is replaced, and the rest is kept", () => {
  fc.assert(
    fc.property(planted, (one) => {
      const [result] = withoutPersonalValues([payloadOf(one)]) as [JsonObject];
      const text = JSON.stringify(result);
      const { id, sha, host, ...others } = one;
      for (const value of [
        ...Object.values(others),
        String(id),
        String(id + 2),
        sha,
        sha.slice(0, 7),
        host.split(".")[1] as string,
      ])
        expect(text).not.toContain(value);
      expect(leftValues(result)).toEqual([]);
      expect(result).toMatchObject({
        action: "completed",
        conclusion: "failure",
        created_at: "2026-01-05T09:00:00Z",
        run: { name: "Build" },
        repository: { private: true, owner: { type: "Organization" } },
      });
    }),
  );
});

test("a value has the same replacement in all payloads and texts", () => {
  fc.assert(
    fc.property(planted, (one) => {
      const [a, b] = withoutPersonalValues([payloadOf(one), payloadOf(one)]) as [JsonObject, JsonObject];
      expect(b).toEqual(a);
      const { run = {}, repository = {}, sender = {}, head_commit = {} } = a as Record<string, JsonObject>;
      const fullName = String(repository.full_name);
      expect(fullName).toBe(`${(repository.owner as JsonObject).login}/${repository.name}`);
      expect(run.html_url).toBe(`https://github.com/${fullName}/actions/runs/${run.id}`);
      expect(run.head_sha).toBe(head_commit.id);
      const author = head_commit.author as JsonObject;
      expect(author.username).toBe(sender.login);
      expect(head_commit.message).toContain(`${author.name} <${author.email}>`);
      expect(run.display_title).toContain(`@${sender.login} (${author.email})`);
      expect(run.display_title).toContain(String(run.head_sha).slice(0, 7));
      expect((run.lines as string[])[1]).toContain(`/repos/${fullName}/commits/${run.head_sha}`);
    }),
  );
});

test("a version is not a mail address", () => {
  const payload = { a: "next@15.1.0", b: "@astrojs/mdx@5.0.0-alpha.1", c: "ui@1.2" };
  expect(leftValues(payload)).toEqual([]);
  expect(withoutPersonalValues([payload])[0]).toMatchObject({ a: "next@15.1.0", c: "ui@1.2" });
});

test("the payloads of the bundled recipes have no personal values", () => {
  const folder = fileURLToPath(new URL("../../recipes/fixtures/", import.meta.url));
  const found = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".json"))
    .flatMap((path) =>
      leftValues(JSON.parse(readFileSync(folder + path, "utf8")) as Json).map(
        ({ what, value }) => `${path}: ${what}: ${value}`,
      ),
    );
  expect(found).toEqual([]);
});

test("any JSON keeps its shape", () => {
  const shape = (value: Json): unknown =>
    Array.isArray(value)
      ? value.map(shape)
      : isObject(value)
        ? Object.values(value).map((inner) => shape(inner as Json))
        : value === null
          ? null
          : typeof value;
  fc.assert(
    fc.property(fc.jsonValue(), (payload) => {
      const [result] = withoutPersonalValues([payload as Json]);
      // Two keys may become one.
      if (JSON.stringify(payload).includes("@")) return;
      expect(shape(result as Json)).toEqual(shape(payload as Json));
    }),
  );
});

describe("the examples of GitHub", () => {
  const path = createRequire(import.meta.url).resolve("@octokit/webhooks-examples");
  const all = JSON.parse(readFileSync(path, "utf8")) as {
    name: string;
    examples: JsonObject[];
  }[];

  test.each(all.map(({ name, examples }) => [name, examples] as const))(
    "%s: no login, mail or credential is left",
    (_, examples) => {
      const results = withoutPersonalValues(examples);
      const logins = new Set<string>();
      const collect = (value: Json) => {
        if (Array.isArray(value)) value.forEach(collect);
        else if (isObject(value))
          for (const [key, inner] of Object.entries(value))
            if (key === "login" && typeof inner === "string" && inner.length > 3 && inner !== "github")
              logins.add(inner);
            else collect(inner as Json);
      };
      examples.forEach(collect);
      const text = JSON.stringify(results);
      for (const login of logins)
        expect(text).not.toMatch(new RegExp(`\\b${login.replace(/[^\w]/g, "\\$&")}\\b`));
      expect(results.flatMap((one) => leftValues(one))).toEqual([]);
      for (const [index, result] of results.entries())
        expect((result as JsonObject).action).toBe(examples[index]?.action);
    },
  );
});
