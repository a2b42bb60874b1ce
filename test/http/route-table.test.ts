import { expect, test } from "vitest";
import type { Route } from "../../src/contract/host.ts";
import { createRouteTable } from "../../src/http/route-table.ts";

const route = (path: string, methods = ["POST"]): Route => ({
  path,
  methods,
  sourceName: path,
  handle: async () => {},
});
const table = createRouteTable([
  route("/github"),
  route("/github", ["PUT"]),
  route("/teams/:team/hook"),
  route("/any/*", ["GET", "POST"]),
]);
const found = (method: string, url: string) => {
  const match = table.find(method, url);
  return match.kind === "route" ? [match.route.path, match.params] : match;
};

test.each([
  ["/github", "/github", {}],
  ["/github/", "/github", {}],
  ["/github?a=b", "/github", {}],
  ["//github", "/github", {}],
  ["http://evil.example/github?x", "/github", {}],
  ["/teams/blue%20ish/hook", "/teams/:team/hook", { team: "blue ish" }],
  ["/any/a/b", "/any/*", { "*": "a/b" }],
])("POST %s goes to %s", (url, path, params) => {
  expect(found("POST", url)).toEqual([path, params]);
});

test("another method is told which ones there are", () => {
  expect(found("GET", "/github")).toEqual({ kind: "no-method", allow: ["POST", "PUT"] });
  expect(found("BREW", "/any/tea")).toEqual({ kind: "no-method", allow: ["GET", "POST"] });
});

test.each(["/", "/GITHUB", "/teams//hook", "/github/more", "/%zz", "*", "nonsense", "/..%2fgithub"])(
  "%s belongs to nobody",
  (url) => {
    expect(found("POST", url)).toEqual({ kind: "no-path" });
  },
);
