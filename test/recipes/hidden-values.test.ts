// Personal values where a sender does not say what they are: in keys, in nested texts, in URLs of any scheme, in other
// scripts and spellings, and under each spelling of a key for credentials.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/contract.ts";
import { draftRecipe } from "../../src/recipes/draft/draft-recipe.ts";
import { isSecretHeader, leftValues } from "../../src/recipes/draft/left-values.ts";
import { withoutPersonalValues } from "../../src/recipes/draft/personal-values.ts";
import { recipeText } from "../../src/recipes/draft/recipe-text.ts";
import { isSecretKey } from "../../src/recipes/draft/shapes.ts";

const letters = (least: number, most: number) =>
  fc.string({ unit: fc.constantFrom(..."bcdfghjklmnpqrstvwxz"), minLength: least, maxLength: most });
const login = letters(5, 9).map((text) => `Zq${text}`);
const password = fc
  .tuple(letters(4, 8), fc.integer({ min: 10, max: 99 }))
  .map(([text, number]) => `hq-${text}${number}`);

function shownOf(...payloads: Json[]): string {
  return JSON.stringify(withoutPersonalValues(payloads));
}

describe("a credential", () => {
  const words = fc.constantFrom(
    ...[
      "access token",
      "api key",
      "client secret",
      "password",
      "password hash",
      "session token",
      "auth token",
    ],
    ...[
      "private key",
      "webhook secret",
      "refresh token",
      "signing key",
      "bearer",
      "auth",
      "jwt",
      "db passwd",
    ],
    ...[
      "credentials",
      "cookie",
      "secrets",
      "tokens",
      "passphrase",
      "otp",
      "x api key",
      "authorization",
      "secret",
    ],
  );
  const spelling = fc.constantFrom<(words: string) => string>(
    (text) => text.replaceAll(" ", "_"),
    (text) => text.replaceAll(" ", "-"),
    (text) => text.replaceAll(" ", "_").toUpperCase(),
    (text) => text.replace(/ (\w)/g, (_, letter: string) => letter.toUpperCase()),
    (text) => text.replace(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase()),
  );
  const within = fc.constantFrom<(secret: string) => Json>(
    (secret) => secret,
    (secret) => [secret],
    (secret) => ({ value: secret }),
    (secret) => ({ a: { b: [secret] } }),
  );

  test("is replaced under any spelling of its key, at any depth", () => {
    fc.assert(
      fc.property(words, spelling, within, password, (text, spell, at, secret) => {
        expect(isSecretKey(spell(text))).toBe(true);
        expect(shownOf({ [spell(text)]: at(secret), kept: "failure" })).not.toContain(secret);
        expect(shownOf({ [spell(text)]: at(secret), kept: "failure" })).toContain("failure");
      }),
    );
  });

  test("is replaced in a text, wherever something says what it is", () => {
    const texts = fc.constantFrom<(secret: string) => Json>(
      (secret) => `password=${secret}`,
      (secret) => `api_key: ${secret}, retrying`,
      (secret) => `Authorization: Bearer ${secret}`,
      (secret) => `curl -H 'X-Api-Key: ${secret}' https://a.example`,
      (secret) => `user=a&client_secret=${secret}&b=c`,
      (secret) => `{"a": "b", "password": "${secret}"} and more`,
      (secret) => JSON.stringify({ a: { accessToken: secret } }),
      (secret) => JSON.stringify({ a: JSON.stringify([{ password: secret }]) }),
      (secret) => `postgres://admin:${secret}@db:5432/app`,
      (secret) => `redis://:${secret}@cache`,
      (secret) => `wss://hooks.corp.io/x?token=${secret}`,
      (secret) => `HTTPS://ci.corp.io/x?key=${secret}`,
      (secret) => `https://ci.corp.io/x{/sha}?key=${secret}`,
      (secret) => `https://ci.corp.io/job/{a}/${secret}`,
      (secret) => `https://me:${secret}@ci.corp.io/x`,
    );
    fc.assert(
      fc.property(texts, password, (write, secret) => {
        expect(shownOf({ log: write(secret) })).not.toContain(secret);
        expect(leftValues(withoutPersonalValues([{ log: write(secret) }])[0] as Json)).toEqual([]);
      }),
    );
  });

  test("is not what a key only says about it, and a number of tokens stays", () => {
    const payload = {
      secret_type: "aws",
      token_count: 12,
      tokens: 4_000,
      token_name: "ci",
      token_expired: "yes",
    };
    expect(withoutPersonalValues([payload])).toEqual([payload]);
    expect(withoutPersonalValues([{ pin: 1234, password: 98_765 }])).toEqual([{ pin: 0, password: 0 }]);
  });

  test.each([
    "x-webhook-key",
    "X-Api-Key",
    "x-auth-token",
    "x-hub-signature",
    "Authorization",
    "x-sig",
    "apikey",
  ])("the header %s carries one", (name) => expect(isSecretHeader(name)).toBe(true));
  test.each(["x-event-key", "x-github-event", "x-shopify-topic", "content-type", "x-gitlab-event"])(
    "the header %s does not",
    (name) => expect(isSecretHeader(name)).toBe(false),
  );
});

test("a header with a credential, or with a name that is none, is in no recipe, also from the console", () => {
  const event = (key: string) => ({
    data: { a: 1 },
    text: "{}",
    headers: {
      "x-webhook-key": key,
      "x-api-key": key,
      "x-a-event\n  evil": key,
      "x-event: y": key,
      "x-a-event": "push",
    },
  });
  const source = { name: "a", type: "http", options: {}, inputs: [], capabilities: {}, setup: [] };
  for (const skipped of [
    [],
    [{ ...event("notmine"), headers: { ...event("notmine").headers, "x-a-event": "star" } }],
  ]) {
    const { draft, payloads } = draftRecipe(
      "r",
      source,
      { taken: [event("letmein")], skipped },
      (value) => value,
    );
    const text = recipeText(draft, undefined) + JSON.stringify([...payloads]);
    expect(text).toContain("headers.x-a-event: push");
    expect(text).not.toMatch(/letmein|notmine|x-webhook-key|evil|x-event: y/);
  }
});

describe("a name", () => {
  const scripts = fc.constantFrom(
    ...[
      "田中太郎",
      "नरेन्द्र",
      "김철수",
      "Олександр",
      "Jürgen",
      "Łukasz",
      "محمد",
      "สมชาย",
      "Nguyễn",
      "José García",
    ],
  );
  const around = fc.constantFrom<(name: string) => string>(
    (name) => `${name}さんがプッシュしました`,
    (name) => `pushed by ${name}.`,
    (name) => `(${name})`,
    (name) => name.normalize("NFD"),
    (name) => `by ${name.toUpperCase()}`,
    (name) => `@${name.toLowerCase()}, please`,
  );
  const keys = fc.constantFrom("name", "login", "username");

  test("in any script and case is replaced in the texts beside it", () => {
    fc.assert(
      fc.property(scripts, around, keys, (name, write, key) => {
        const shown = shownOf({ user: { [key]: name }, title: write(name) })
          .normalize("NFC")
          .toLowerCase();
        expect(shown).not.toContain(name.normalize("NFC").toLowerCase());
      }),
    );
  });

  test("is replaced in the fields of a log line", () => {
    fc.assert(
      fc.property(login, fc.constantFrom("user", "username", "actor", "author"), (name, key) => {
        const shown = shownOf({
          line: `level=error ${key}=${name} owner="${name}" uid=1000 user=root msg=failed`,
        });
        expect(shown).not.toContain(name);
        expect(shown).toContain("uid=1000 user=root msg=failed");
      }),
    );
  });

  test("is replaced in keys, in both ways", () => {
    fc.assert(
      fc.property(login, (name) => {
        const shown = shownOf({
          user: { login: name },
          votes: { [name]: 1, [name.toLowerCase()]: 2 },
          [`${name}@corp.io`]: 1,
        });
        expect(shown.toLowerCase()).not.toContain(name.toLowerCase());
        const [result] = withoutPersonalValues([
          { user: { login: name }, votes: { [name]: 1, [name.toLowerCase()]: 2 } },
        ]);
        expect(Object.values((result as Record<string, JsonObject>).votes as JsonObject)).toEqual([1, 2]);
      }),
    );
  });
});

test.each<[string, string]>([
  ["an IPv6 address", "2a00:1450:4001:830::200e"],
  ["one in brackets", "[2a00:1450:4001:830::200e]:443"],
  ["one in a URL", "https://[2a00:1450:4001:830::200e]:8443/app"],
  ["a link-local one", "fe80::21b:44ff:fe11:3ab7%eth0"],
  ["a hardware address", "00:1B:44:11:3A:B7"],
  ["a mail address with other letters", "josé.müller@bücher.de"],
  ["one in a URL's encoding", "jane%40corp.io"],
  ["a telephone number", "+49 170 1234567"],
  ["one of the USA", "(202) 456-1111"],
  ["a card", "5500 0055 5555 5559"],
  ["an account", "DE89 3704 0044 0532 0130 00"],
  ["base64", "Zm9vOmJhcg+/aGVsbG8Kd29ybGQ="],
  ["a remote of git", "git@git.corp.io:octoorg/secretrepo.git"],
  ["a private registry", "s3://corp-bucket/octoorg/secretrepo"],
])("%s is replaced, as a value, in a text and as a key", (_, value) => {
  const said = value.replace(/[[\]]|:443|%eth0|https:\/\/|:8443\/app|^git@|s3:\/\//g, "");
  for (const payload of [
    { a: value },
    { a: `from ${value}, again` },
    { [value]: 1 },
    { a: JSON.stringify({ b: value }) },
  ]) {
    const shown = shownOf(payload);
    for (const part of said.split(/[:/](?=[a-z]{6,})|\//))
      expect(shown.toLowerCase()).not.toContain(part.toLowerCase());
  }
});

test("names of fields and short words stay, also where a URL has them", () => {
  const payload = {
    url: "https://ci.corp.io/a/token/x?key=z",
    token: null,
    x: 1,
    text: "a line of x, and z",
    repository: { name: "status" },
    status: "failed",
  };
  const [result] = withoutPersonalValues([payload]);
  expect(result).toMatchObject({ token: null, x: 1, text: payload.text, status: "failed" });
});

test("a large payload with many names is replaced in time", () => {
  const users = Array.from({ length: 1_500 }, (_, index) => ({
    login: `user-number-${index}x`,
    name: `Jörg Müller the ${index}th`,
    text: `commit ${index} of Jörg Müller the ${index}th, user-number-${index}x and ${"word ".repeat(40)}`,
  }));
  const begunMs = performance.now();
  withoutPersonalValues([
    { users, long: "aA1+".repeat(50_000), dots: "a.".repeat(50_000), colons: "1:".repeat(50_000) },
  ]);
  expect(performance.now() - begunMs).toBeLessThan(10_000);
});

test("what is not personal stays", () => {
  const payload = {
    at: "2026-01-05T09:00:00Z",
    time: "12:30:45",
    version: "next@15.1.0",
    text: "std::vector<int> failed at 10:20:30, offset +0100, see a::b",
    ips: ["::1", "10.0.0.1", "2001:db8::1", "127.0.0.1"],
    syntax: "Unexpected token",
    urls: ["https://api.github.com/repos{/sha}", "http://localhost:3000/api"],
    "x-y": { some_key: true, camelCase: null },
  };
  expect(withoutPersonalValues([payload])).toEqual([payload]);
});
