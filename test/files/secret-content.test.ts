// What a content says of a file. The samples are put together here, so that no tool takes this file for a leak.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lookAtContent } from "../../src/files/secret-content.ts";

const letters = "Ab3dE5fG7hJ9kLmN0pQrStUvWxYz12345678901234567890abcdefABCDEF";
const some = (length: number) => letters.repeat(4).slice(0, length);
const hex = (length: number) => "0123456789abcdef".repeat(8).slice(0, length);
const pem = (kind: string) =>
  `-----BEGIN ${kind}PRIVATE KEY-----\n${some(64)}\n${some(64)}\n-----END ${kind}PRIVATE KEY-----\n`;

const secret: readonly (readonly [what: string, content: string])[] = [
  ["a private key", pem("")],
  ["a private key", pem("RSA ")],
  ["a private key", pem("OPENSSH ")],
  ["a private key", pem("EC ").replaceAll("\n", "\r\n")],
  [
    "a private key",
    `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${hex(32)}\n\n${some(64)}`,
  ],
  ["a private key", JSON.stringify({ type: "service_account", key: pem("") })],
  ["a private key", `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${some(64)}`],
  ["a private key", "PuTTY-User-Key-File-3: ssh-ed25519"],
  ["a private key", `AGE-SECRET-KEY-1${"Q".repeat(58)}`],
  ["a private key", `[Interface]\nPrivateKey = ${some(43)}=\n`],
  ["a private key", `users:\n- user:\n    client-key-data: ${some(80)}`],
  [
    "credentials of a cluster",
    "apiVersion: v1\nkind: Config\nusers:\n- name: x\n  user:\n    token: abcdef\n",
  ],
  ["credentials of AWS", `[default]\naws_secret_access_key = ${some(40)}`],
  ["credentials of AWS", `export AWS_SECRET_ACCESS_KEY="${some(40)}"`],
  ["credentials of AWS", `{"SecretAccessKey": "${some(40)}"}`],
  ["a token of GitHub", `ghp_${some(36)}`],
  ["a token of GitHub", `x gho_${some(36)} y`],
  ["a token of GitHub", `github_pat_${some(82)}`],
  ["a token of GitLab", `glpat-${some(20)}`],
  ["a key of Anthropic", `sk-ant-api03-${some(40)}`],
  ["a key of OpenAI", `sk-proj-${some(48)}`],
  ["a key of OpenAI", `sk-${some(48)}`],
  ["a token of Slack", `xoxb-${"1234567890-".repeat(2)}${some(24)}`],
  ["a token of Slack", `xapp-1-${some(24)}`],
  ["a key of Stripe", `sk_live_${some(24)}`],
  ["a key of Google", `AIza${some(35)}`],
  ["a token of a bot", `8123456789:AA${some(33)}`],
  ["a token of a registry", `npm_${some(36)}`],
  ["a token of a registry", `//registry.npmjs.org/:_authToken=${some(20)}`],
  ["a token of a registry", `pypi-AgEI${some(60)}`],
  ["a token", `dop_v1_${hex(64)}`],
  ["a token", `hf_${some(34)}`],
  ["credentials of a registry", `{ "auths": { "ghcr.io": { "auth": "${some(24)}" } } }`],
  ["a login", "machine example.org login ann password x1"],
  ["a login", "machine example.org\n  login ann\n  password x1"],
  ["hashes of passwords", `root:$6$${some(20)}:19000:0`],
  ["hashes of passwords", `ann:$2y$05$${some(50)}`],
  ["a session of Claude", `{"parentUuid":null,"sessionId":"1","type":"user"}`],
  ["a secret of the config", "so it is own-secret-value, you see"],
];

const sensitive: readonly (readonly [what: string, content: string])[] = [
  ["an access key of AWS", "AKIAIOSFODNN7EXAMPLE"],
  ["a signed token", `eyJ${some(30)}.eyJ${some(60)}.${some(30)}`],
  ["a line of .pgpass", "db.example.org:5432:app:ann:hunter2two\n"],
  ["a line of .pgpass", "# mine\n*:*:*:postgres:x y\n"],
  ["a password in an address", "postgres://app:hunter2two@db.example.org/x"],
  ["an authorization header", `curl -H 'Authorization: Bearer ${some(30)}'`],
  ["settings with a password or key", "DB_HOST=localhost\nDB_PASSWORD=correct-horse\n"],
  ["settings with a password or key", "export STRIPE_API_KEY='abcdefghij'"],
  ["a database", "SQLite format 3\0 and so on"],
];

const harmless = [
  "",
  "hello",
  "2026-11-29T10:00:00: 12:30:45:100:7 done",
  "src/index.ts:12:5: error: x\nsrc/index.ts:12:5:1:2",
  "kind: ConfigMap\ndata:\n  token: x\n",
  "-----BEGIN CERTIFICATE-----\nMIIB",
  "-----BEGIN PUBLIC KEY-----\nMIIB",
  'if (text.startsWith("-----BEGIN RSA PRIVATE KEY-----")) return;',
  "const prefixes = ['ghp_', 'sk-', 'xoxb-'];",
  "https://example.org/a/b?c=d",
  "postgres://user:password@localhost/db",
  "postgres://app:${PASSWORD}@db/x",
  "API_KEY=<your key here>\nTOKEN=${TOKEN}\nSECRET=your-secret-goes-here\n",
  "const TOKEN = process.env.TOKEN;",
  "the task-list sk-learn and risk-free",
  "mailto:ann@example.org",
  "machine learning login page",
];

const found = (content: string | Buffer, pieces = [content.length]) => {
  const look = lookAtContent((text) => text.includes("own-secret-value"));
  const bytes = Buffer.from(content as string);
  let at = 0;
  for (const piece of pieces) {
    look.push(bytes.subarray(at, at + piece));
    at += piece;
  }
  look.push(bytes.subarray(at));
  return look.found();
};

describe("content", () => {
  test.each(secret)("with %s is that of a secret: %j", (what, content) => {
    expect(found(content)).toEqual({ sensitivity: "secret", what });
    expect(found(Buffer.from(`\uFEFF${content}`, "utf16le"))).toEqual({ sensitivity: "secret", what });
  });

  test.each(sensitive)("with %s may be that of one: %j", (what, content) => {
    expect(found(content)).toEqual({ sensitivity: "sensitive", what });
  });

  test.each(harmless.map((content) => [content]))("%j is not", (content) => {
    expect(found(content)).toBeUndefined();
  });

  test("is seen wherever it lies and however it comes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...secret),
        fc.integer({ min: 0, max: 40_000 }),
        fc.array(fc.integer({ min: 1, max: 40_000 }), { maxLength: 8 }),
        fc.constantFrom("x\n", "lorem ipsum\n", "{}\n"),
        ([, content], before, pieces, filler) => {
          const whole = `${filler.repeat(before / 2)}\n${content}\n${filler.repeat(1_000)}`;
          expect(found(whole, pieces)?.sensitivity).toBe("secret");
        },
      ),
      { numRuns: 200 },
    );
  });

  test("is looked at in a time that grows with its size, whatever it is", () => {
    const pieces = [...secret, ...sensitive].map(([, content]) => content.slice(0, 24));
    for (const piece of [
      ...pieces,
      "a",
      "\n",
      " ",
      "\0",
      "-----BEGIN PRIVATE KEY-----",
      "eyJa.",
      '"auths":{"auth"',
      "M",
      "http://a:",
    ]) {
      const bytes = Buffer.from(piece.repeat(Math.ceil(200_000 / piece.length)));
      const look = lookAtContent(() => false);
      const started = performance.now();
      for (let at = 0; at < bytes.length; at += 32_768) look.push(bytes.subarray(at, at + 32_768));
      expect(performance.now() - started, JSON.stringify(piece)).toBeLessThan(1_500);
    }
  });
});
