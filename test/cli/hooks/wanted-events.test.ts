// Which events of a sender a config takes, and which repository a remote names.

import fc from "fast-check";
import { expect, test } from "vitest";
import { github } from "../../../src/cli/hooks/github.ts";
import { gitlab } from "../../../src/cli/hooks/gitlab.ts";
import { parseRemote } from "../../../src/cli/hooks/hook-target.ts";
import { readAnswers } from "../../../src/cli/hooks/run-program.ts";
import { stripe } from "../../../src/cli/hooks/stripe.ts";
import { wantedEvents } from "../../../src/cli/hooks/wanted-events.ts";
import type { Json } from "../../../src/contract.ts";

const header = "headers.x-github-event";

test.each<[Json | undefined, string[] | undefined]>([
  [{ [header]: "push" }, ["push"]],
  [{ [header]: ["push", "issues"] }, ["issues", "push"]],
  [{ [header]: { in: ["push", "issues"] } }, ["issues", "push"]],
  [{ [header]: { eq: "push" }, "data.ref": { prefix: "refs/" } }, ["push"]],
  [
    [{ [header]: "push" }, { [header]: "issues" }],
    ["issues", "push"],
  ],
  [{ any: [{ [header]: "push" }, { [header]: "issues" }] }, ["issues", "push"]],
  [{ all: [{ "data.a": 1 }, { [header]: "issues" }] }, ["issues"]],
  [undefined, undefined],
  [{ "data.ref": "x" }, undefined],
  [{ [header]: { not: "push" } }, undefined],
  [{ [header]: { prefix: "pull_request" } }, undefined],
  [[{ [header]: "push" }, { "data.ref": "x" }], undefined],
  [{ any: [{ [header]: "push" }, {}] }, undefined],
  [{ none: [{ [header]: "push" }] }, undefined],
])("GitHub: %j takes %j", (match, events) => {
  expect(wantedEvents([match], github.eventPaths)).toEqual(events);
});

test("GitLab events are recognized by header or object_kind", () => {
  for (const match of [{ "headers.x-gitlab-event": "Pipeline Hook" }, { "data.object_kind": "pipeline" }])
    expect(wantedEvents([match], gitlab.eventPaths)).toEqual(["pipeline_events"]);
  expect(wantedEvents([{ "data.object_kind": "unheard_of" }], gitlab.eventPaths)).toBeUndefined();
});

test("Stripe events are recognized by type", () => {
  expect(wantedEvents([{ "data.type": ["charge.failed"] }], stripe.eventPaths)).toEqual(["charge.failed"]);
});

test("the events are unknown if a channel takes any event, or there is no channel", () => {
  expect(wantedEvents([{ [header]: "push" }, undefined], github.eventPaths)).toBeUndefined();
  expect(wantedEvents([], github.eventPaths)).toBeUndefined();
});

test.each([
  ["https://github.com/acme/app.git", "github.com", "acme/app"],
  ["https://user:token@github.com/acme/app", "github.com", "acme/app"],
  ["git@github.com:acme/app.git", "github.com", "acme/app"],
  ["ssh://git@gitlab.example.com:2222/group/sub/app.git", "gitlab.example.com", "group/sub/app"],
])("%s is %s, %s", (url, host, path) => {
  expect(parseRemote(url)).toEqual({ host, path });
});

test.each([
  "",
  "/srv/git/app",
  "../app",
  "https://github.com/",
  "https://github.com/a/../b",
  "git@github.com:-x/y",
])("%j names no repository", (url) => expect(parseRemote(url)).toBeUndefined());

test("consecutive JSON pages are joined into one list", () => {
  const pages = fc.array(fc.array(fc.record({ a: fc.string(), b: fc.array(fc.string()) })), { minLength: 1 });
  fc.assert(
    fc.property(pages, fc.constantFrom("", "\n", " "), (list, between) => {
      const text = list.map((page) => JSON.stringify(page)).join(between);
      expect(readAnswers("gh", text)).toEqual(list.flat());
    }),
  );
  expect(() => readAnswers("gh", "<html>")).toThrow("did not print JSON");
});
