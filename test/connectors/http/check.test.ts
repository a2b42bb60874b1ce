import { describe, expect, it } from "vitest";
import { http } from "../../../src/connectors/http/index.ts";
import type { HttpOptions } from "../../../src/connectors/http/options.ts";
import type { VerifyOptions } from "../../../src/connectors/http/verify/generic.ts";
import type { Surroundings } from "../../../src/contract.ts";
import { surroundings } from "../../support/host.ts";

const base: HttpOptions = { path: "/hook", methods: ["POST"], maxBodyBytes: 1 };

function issues(options: Partial<HttpOptions>, around: Partial<Surroundings> = {}): string[] {
  const found = http.check?.({ ...base, ...options }, { ...surroundings, ...around }) ?? [];
  for (const issue of found) expect(issue.hint).toMatch(/\S/);
  return found.map(
    ({ path, code, message }) => `${path.join(".")}: ${message}${code === undefined ? "" : ` (${code})`}`,
  );
}
const verifyIssues = (verify: VerifyOptions, around: Partial<Surroundings> = {}) =>
  issues({ verify }, around);

describe("the path", () => {
  it.each(["/", "/a", "/a/", "/a-b_c.d~e", "/:x", "/a/:x/:y_1", "/a/*", "/*"])("may be %s", (path) => {
    expect(issues({ path })).toEqual([]);
  });

  it.each([
    ["hook", 'must begin with "/"'],
    ["/a?b=1", "takes no query and no fragment"],
    ["/a//b", "has an empty part between two slashes"],
    ["/a/../b", 'may not have ".." as a part'],
    ["/a/*/b", 'may have "*" only as its whole last part'],
    ["/a*", 'may have "*" only as its whole last part'],
    ["/:x(\\d+)", "part 1 begins with a colon but is not a valid :name"],
    ["/:a-:b", "part 1 begins with a colon but is not a valid :name"],
    ["/:x/:x", "part 2 has the name of an earlier part"],
    ["/a b", "part 1 has characters that a path here cannot have"],
    ["/a:b", "part 1 has characters that a path here cannot have"],
    ["/a%2f", "part 1 has characters that a path here cannot have"],
  ])("may not be %s", (path, message) => {
    expect(issues({ path })).toEqual([`path: ${message}`]);
  });

  it("is never quoted, because a variable may have brought it in", () => {
    for (const path of ["hunter2", "/hunter2?x", "/:hunter2!", "/hunter2 x", "/:hunter2/:hunter2"]) {
      const found = http.check?.({ ...base, path }, surroundings) ?? [];
      expect(found).toHaveLength(1);
      expect(JSON.stringify(found)).not.toContain("hunter2");
    }
  });

  it("is claimed once for each method, whatever its parts are called", () => {
    const claims = (path: string) => http.claims?.({ ...base, path, methods: ["GET", "POST"] });
    expect(claims("/a/:x/")).toEqual(["route:GET /a/:", "route:POST /a/:"]);
    expect(claims("/a/:y")).toEqual(claims("/a/:x"));
    expect(claims("/")).toEqual(["route:GET /", "route:POST /"]);
  });
});

describe("verify", () => {
  const code = "(E_CONFIG_VERIFY)";
  const whsec = `whsec_${Buffer.from("0123456789abcdef").toString("base64")}`;

  it.each<VerifyOptions>([
    { scheme: "github", secret: "s" },
    { scheme: "github", secret: ["new", "old"] },
    { scheme: "stripe", secret: "s", timestamp: { toleranceMs: 1 } },
    { scheme: "linear", secret: "s", timestamp: { toleranceMs: 1 } },
    { scheme: "svix", secret: whsec },
    { scheme: "gitlab", secret: "any text at all" },
    { scheme: "discord", secret: "0".repeat(64) },
    { scheme: "hmac", secret: "s", header: "x-signature" },
    {
      scheme: "hmac",
      secret: "s",
      header: "x-signature",
      key: "v1",
      signed: "{timestamp}.{body}",
      timestamp: { key: "at" },
    },
    { scheme: "bearer", secret: "s", deliveryId: "x-id" },
    { scheme: "basic", username: "u", secret: "s" },
    { scheme: "token", header: "x-token", prefix: "Token ", secret: "s" },
    { scheme: "token", query: "token", secret: "s" },
    { scheme: "none" },
  ])("%j is complete", (verify) => {
    expect(verifyIssues(verify)).toEqual([]);
  });

  it.each<[VerifyOptions, string[]]>([
    [{ scheme: "github" }, ["verify: scheme github needs secret"]],
    [{ scheme: "hmac" }, ["verify: scheme hmac needs header", "verify: scheme hmac needs secret"]],
    [{ scheme: "basic", secret: "s" }, ["verify: scheme basic needs username"]],
    [{ scheme: "token", secret: "s" }, ["verify: scheme token needs header or query"]],
    [{ scheme: "stripe", secret: "s", header: "x" }, ["verify.header: scheme stripe does not use header"]],
    [
      { scheme: "github", secret: "s", timestamp: {} },
      ["verify.timestamp: scheme github does not use timestamp"],
    ],
    [
      { scheme: "stripe", secret: "s", timestamp: { header: "x" } },
      ["verify.timestamp: scheme stripe does not use timestamp"],
    ],
    [{ scheme: "none", secret: "s" }, ["verify.secret: scheme none does not use secret"]],
    [{ scheme: "bearer", secret: "s", deliveryId: "x y" }, ["verify.delivery_id: is not a header name"]],
    [
      { scheme: "hmac", secret: "s", header: "x-sig", deliveryId: "x-id" },
      ["verify.delivery_id: is not signed, so that anybody could change it"],
    ],
    [{ scheme: "hmac", secret: "s", header: "x-sig", signed: "{id}.{body}", deliveryId: "x-id" }, []],
    [{ scheme: "github", secret: "s", deliveryMemoryMs: 10_000 }, []],
    [
      { scheme: "github", secret: "s", deliveryMemoryMs: 9_999 },
      ["verify.delivery_memory: must be from 10s to 30d"],
    ],
    [
      { scheme: "none", deliveryMemoryMs: 10_000 },
      ["verify.delivery_memory: scheme none does not use delivery_memory"],
    ],
    [{ scheme: "bearer", secret: " " }, ["verify.secret: is empty, so that anybody could sign"]],
    [{ scheme: "bearer", secret: ["a", ""] }, ["verify.secret.1: is empty, so that anybody could sign"]],
    [{ scheme: "bearer", secret: [] }, ["verify.secret: is an empty list"]],
    [{ scheme: "discord", secret: "abc" }, ["verify.secret: is not the 64 hex digits of a public key"]],
    [{ scheme: "svix", secret: "whsec_ä" }, ["verify.secret: is not base64"]],
    [{ scheme: "basic", username: "a:b", secret: "s" }, ['verify.username: may not have a ":"']],
    [
      { scheme: "token", header: "x", query: "y", secret: "s" },
      ["verify.query: scheme token takes header or query, not both"],
    ],
    [
      { scheme: "hmac", header: "x", secret: "s", signed: "{bdy}" },
      [
        "verify.signed: has an unknown part in braces",
        "verify.signed: leaves the body out, so that it could be replaced",
      ],
    ],
    [
      { scheme: "hmac", header: "x", secret: "s", signed: "{timestamp}.{body}" },
      ["verify.signed: uses {timestamp}, but its location is missing"],
    ],
    [
      { scheme: "hmac", header: "x", secret: "s", timestamp: { header: "x-time" } },
      ["verify.timestamp: is not signed, so that anybody could change it"],
    ],
    [
      { scheme: "hmac", header: "x", secret: "s", signed: "{id}{body}" },
      ["verify.signed: uses {id}, but its location is missing"],
    ],
    [
      { scheme: "hmac", header: "x", secret: "s", signed: "{url}{body}" },
      ["verify.signed: {url} needs to know the URL that the sender calls"],
    ],
    [
      { scheme: "twilio", secret: "s" },
      ["verify.scheme: the scheme twilio needs to know the URL that the sender calls"],
    ],
  ])("%j is told what is wrong", (verify, messages) => {
    expect(verifyIssues(verify)).toEqual(messages.map((message) => `${message} ${code}`));
  });

  it("never shows a secret in an issue", () => {
    const found =
      http.check?.({ ...base, verify: { scheme: "discord", secret: "hunter2hunter2" } }, surroundings) ?? [];
    expect(found).toHaveLength(1);
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it("may sign the URL once public_url is set", () => {
    expect(verifyIssues({ scheme: "twilio", secret: "s" }, { publicUrl: "https://me.test" })).toEqual([]);
  });
});

describe("max_body", () => {
  it.each([1, 1_048_576, 64 * 1_048_576])("may be %d bytes", (maxBodyBytes) => {
    expect(issues({ maxBodyBytes })).toEqual([]);
  });

  it.each([0, 64 * 1_048_576 + 1, 100 * 1_024 ** 3])("may not be %d bytes", (maxBodyBytes) => {
    expect(issues({ maxBodyBytes })).toEqual(["max_body: must be from 1B to 64MiB"]);
  });
});

describe("a source that other machines can reach", () => {
  const message =
    "is not verified, and listen is beyond this machine: anybody could send events to Claude (E_CONFIG_EXPOSED)";
  it("must be verified", () => {
    expect(issues({}, { loopback: false })).toEqual([`: ${message}`]);
    expect(issues({ verify: { scheme: "none" } }, { loopback: false })).toEqual([
      `verify.scheme: ${message}`,
    ]);
    expect(issues({ verify: { scheme: "bearer", secret: "s" } }, { loopback: false })).toEqual([]);
  });
});
