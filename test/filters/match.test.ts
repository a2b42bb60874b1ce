import { describe, expect, it } from "vitest";
import type { Json } from "../../src/contract.ts";
import { compileMatch, describeMismatch, matchFilter, matchNeedsRegex } from "../../src/filters/match.ts";
import { fits, matchOf, regex, viewOf } from "./example.ts";

const push = {
  action: "closed",
  number: 7,
  draft: false,
  milestone: null,
  labels: ["bug", "ui"],
  jobs: [
    { name: "build", tags: ["x"] },
    { name: "test", tags: ["y", "z"] },
  ],
  empty: [],
  repo: { "full-name": "acme/app", "a.b/c": 1 },
};

function problemsOf(pattern: Json) {
  return compileMatch(pattern, regex).problems;
}

function onlyProblem(pattern: Json) {
  const problems = problemsOf(pattern);
  expect(problems).toHaveLength(1);
  return problems[0]!;
}

describe("a number beyond 2^53", () => {
  const large = Number("2868860079149422351");
  const data = { id: "2868860079149422351" };

  it("is compared digit by digit when it is quoted", () => {
    expect(fits({ "data.id": "2868860079149422351" }, data)).toBe(true);
    expect(fits({ "data.id": "2868860079149422352" }, data)).toBe(false);
    expect(fits({ "data.id": { gt: 5 } }, data)).toBe(true);
    expect(fits({ "data.id": { lt: 5 } }, data)).toBe(false);
  });

  it("has an order by all of its digits", () => {
    const next = { id: "2868860079149422352" };
    const operand = "2868860079149422351";
    const holding = ["gt", "gte", "lt", "lte"].map((name) =>
      [data, next].map((event) => fits({ "data.id": { [name]: operand } }, event)),
    );
    expect(holding).toEqual([
      [false, true],
      [true, true],
      [false, false],
      [true, false],
    ]);
    expect(fits({ "data.id": { gt: Number.MAX_SAFE_INTEGER } }, { id: "9007199254740992" })).toBe(true);
    expect(fits({ "data.id": { gt: operand } }, { id: 5 })).toBe(false);
    expect(fits({ "data.id": { gt: operand } }, { id: "5" })).toBe(false);
    expect(fits({ "data.id": { lt: "1e999" } }, { id: "1e998" })).toBe(true);
  });

  it.each<[string, Json]>([
    ["a scalar", large],
    ["an order", { gt: large }],
    ["an order of negative numbers", { lte: -large }],
    ["a list", [1, Number.MAX_SAFE_INTEGER + 1]],
    ["an operator", { in: [-large] }],
    ["not", { not: large }],
    ["a text operator", { prefix: large }],
  ])("is refused without quotes as %s, since YAML has rounded it", (_, operand) => {
    const path = "headers.x-id";
    for (const key of ["data.id", path]) {
      const [problem] = problemsOf({ [key]: operand });
      expect(problem?.message).toMatch(/too large to be exact|takes a text/);
    }
  });
});

describe("what fits", () => {
  const cases: [name: string, pattern: Json, fits: boolean][] = [
    ["a scalar equals", { "data.action": "closed" }, true],
    ["a scalar of another type does not equal", { "data.number": "7" }, false],
    ["null equals null", { "data.milestone": null }, true],
    ["null does not equal a missing value", { "data.nowhere": null }, false],
    ["false equals false", { "data.draft": false }, true],
    ["a list takes any of its values", { "data.action": ["opened", "closed"] }, true],
    ["a list may hold operators", { "data.action": ["opened", { prefix: "clo" }] }, true],
    ["all keys must hold", { "data.action": "closed", "data.number": 8 }, false],
    ["an index reads one element", { "data.jobs[1].name": "test" }, true],
    ["an index beyond the end is missing", { "data.jobs[2].name": { exists: false } }, true],
    ["a dotted number reads one element", { "data.jobs.0.name": "build" }, true],
    ["a star reads every element", { "data.jobs[*].name": "test" }, true],
    ["lists below a star are looked into", { "data.jobs[*].tags": "z" }, true],
    ["a star over no list is missing", { "data.action[*]": { exists: false } }, true],
    ["a list's length is no key", { "data.labels.length": { exists: false } }, true],
    ["a segment may have hyphens", { "data.repo.full-name": "acme/app" }, true],
    ["a key with dots stands in brackets", { 'data.repo["a.b/c"]': 1 }, true],
    ["one element of a list is enough", { "data.labels": "ui" }, true],
    [
      "operators must hold on one and the same element",
      { "data.labels": { prefix: "b", suffix: "i" } },
      false,
    ],
    ["not: no element may equal", { "data.labels": { not: "ui" } }, false],
    ["not: passes when none equals", { "data.labels": { not: ["x", "y"] } }, true],
    ["not takes operators", { "data.labels": { not: { prefix: "u" } } }, false],
    ["not passes on a missing path", { "data.nowhere": { not: "x" } }, true],
    ["not passes on an empty list", { "data.empty": { not: "x" } }, true],
    ["nothing equals in an empty list", { "data.empty": "x" }, false],
    ["exists true needs the path", { "data.nowhere": { exists: true } }, false],
    ["exists true is content with null", { "data.milestone": { exists: true } }, true],
    ["exists false needs it missing", { "data.action": { exists: false } }, false],
    ["exists beside not", { "data.action": { exists: true, not: "opened" } }, true],
    ["a missing path fails exists with not", { "data.nowhere": { exists: true, not: "opened" } }, false],
    ["eq", { "data.number": { eq: 7 } }, true],
    ["in", { "data.number": { in: [1, 7] } }, true],
    ["prefix takes a list of texts", { "data.action": { prefix: ["op", "cl"] } }, true],
    ["suffix", { "data.action": { suffix: "sed" } }, true],
    ["contains", { "data.action": { contains: "lose" } }, true],
    ["text operators do not hold on numbers", { "data.number": { prefix: "7" } }, false],
    ["regex is found anywhere", { "data.action": { regex: "lo.e" } }, true],
    ["regex can be anchored", { "data.action": { regex: "^lo.e" } }, false],
    ["gt and lt together", { "data.number": { gt: 6, lt: 8 } }, true],
    ["gte at the border", { "data.number": { gte: 7 } }, true],
    ["lte below", { "data.number": { lte: 6 } }, false],
    ["order does not hold on a text in data", { "data.action": { gt: 1 } }, false],
    ["ci with a value", { "data.action": { ci: "CLOSED" } }, true],
    ["ci with a list", { "data.action": { ci: ["x", "Closed"] } }, true],
    ["ci: true beside a text operator", { "data.action": { prefix: "CLO", ci: true } }, true],
    ["ci: true beside regex", { "data.action": { regex: "^CLO", ci: true } }, true],
    ["ci: true beside glob", { "data.action": { glob: "CLO*", ci: true } }, true],
    ["ci: true beside not", { "data.action": { not: "CLOSED", ci: true } }, false],
    ["a list of patterns: any", [{ "data.action": "x" }, { "data.number": 7 }], true],
    ["a list of patterns: none fits", [{ "data.action": "x" }, { "data.number": 8 }], false],
    ["any", { any: [{ "data.action": "x" }, { "data.number": 7 }] }, true],
    ["all", { all: [{ "data.action": "closed" }, { "data.number": 8 }] }, false],
    ["none refuses what fits", { none: [{ "data.action": "closed" }] }, false],
    ["none lets through what does not", { none: [{ "data.action": "x" }], "data.number": 7 }, true],
    ["any inside none", { none: [{ any: [{ "data.action": "x" }, { "data.draft": false }] }] }, false],
    ["an object equals no scalar", { "data.repo": "acme/app" }, false],
  ];
  it.each(cases)("%s", (_name, pattern, expected) => {
    expect(fits(pattern, push)).toBe(expected);
  });

  it("headers, query and params compare as text", () => {
    const request = {
      headers: { "x-github-event": "push", "content-length": "12" },
      query: { page: "2", ok: "true" },
      params: { id: "7" },
    };
    expect(fits({ "query.page": 2, "query.ok": true, "params.id": [6, 7] }, {}, request)).toBe(true);
    expect(fits({ "headers.X-GitHub-Event": "push" }, {}, request)).toBe(true);
    expect(fits({ "headers.content-length": { gt: 9, lte: 12 } }, {}, request)).toBe(true);
    expect(fits({ "headers.x-github-event": { gt: 9 } }, {}, request)).toBe(false);
    expect(fits({ "query.page": { prefix: 2 } }, {}, request)).toBe(true);
  });

  it("a sender's id compares as text", () => {
    expect(fits({ "sender.id": 12345 }, {}, { sender: { id: "12345" } })).toBe(true);
  });

  it("the payload itself can be tested", () => {
    expect(fits({ data: { contains: "panic" } }, "kernel panic")).toBe(true);
    expect(fits({ data: "b" }, ["a", "b"])).toBe(true);
    expect(fits({ "data[*].n": 2 }, [{ n: 1 }, { n: 2 }])).toBe(true);
  });

  it("times compare as instants, whatever their offset", () => {
    const data = { at: "2026-11-23T12:00:00+02:00", day: "2026-11-23", local: "2026-11-23T12:00:00" };
    expect(fits({ "data.at": { lt: "2026-11-23T10:30:00Z" } }, data)).toBe(true);
    expect(fits({ "data.at": { gt: "2026-11-23T10:30:00Z" } }, data)).toBe(false);
    expect(fits({ "data.day": { gte: "2026-11-23" } }, data)).toBe(true);
    expect(fits({ "data.local": { gte: "2020-01-01" } }, data)).toBe(false);
  });

  it("cidr looks at the address of a request", () => {
    const pattern = { "remote.address": { cidr: ["10.0.0.0/8", "::1"] } };
    expect(fits(pattern, {}, { remote: { address: "10.1.2.3" } })).toBe(true);
    expect(fits(pattern, {}, { remote: { address: "::1" } })).toBe(true);
    expect(fits(pattern, {}, { remote: { address: "192.0.2.1" } })).toBe(false);
    expect(fits(pattern, {})).toBe(false);
  });

  it("cidr takes ranges and single addresses of both families", () => {
    const pattern = { "data.ip": { cidr: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"] } };
    for (const ip of ["10.1.2.3", "2001:db8::5", "192.0.2.1", "::ffff:10.0.0.1"]) {
      expect(fits(pattern, { ip })).toBe(true);
    }
    for (const ip of ["11.1.2.3", "2001:db9::5", "192.0.2.2", "10.0.0", "", 10]) {
      expect(fits(pattern, { ip })).toBe(false);
    }
  });

  it("members of prototypes are not keys", () => {
    for (const key of ["constructor", "__proto__", "toString", "constructor.name", "__proto__.polluted"]) {
      expect(fits({ [`data.${key}`]: { exists: true } }, {})).toBe(false);
      expect(fits({ [`data.list.${key}`]: { exists: true } }, { list: [] })).toBe(false);
    }
    const hostile = JSON.parse('{"__proto__": {"admin": true}, "constructor": "x"}') as Json;
    expect(fits({ "data.admin": true }, hostile)).toBe(false);
    expect(fits({ "data.__proto__.admin": true }, hostile)).toBe(true);
    expect(fits({ "data.constructor": "x" }, hostile)).toBe(true);
  });
});

describe("what is said about an event that does not fit", () => {
  function reason(pattern: Json, data: Json): string {
    return describeMismatch(matchOf(pattern).test(viewOf(data))!);
  }

  it("names the path, what was there and what was wanted", () => {
    expect(reason({ "data.action": "closed" }, { action: "opened" })).toBe(
      'data.action: was "opened", wanted "closed"',
    );
  });

  it("says missing for a missing value", () => {
    expect(reason({ "data.pr.merged": true }, {})).toBe("data.pr.merged: was missing, wanted true");
  });

  it("shows types by their spelling", () => {
    expect(reason({ "data.n": "7" }, { n: 7 })).toBe('data.n: was 7, wanted "7"');
  });

  it("names every operator", () => {
    expect(reason({ "data.b": { glob: "release/*", not: ["a", "b"] } }, { b: "main" })).toBe(
      'data.b: was "main", wanted glob "release/*" and not "a" or "b"',
    );
  });

  it("cuts what is long", () => {
    const text = reason({ "data.b": "x" }, { b: "y".repeat(10_000) });
    expect(text.length).toBeLessThan(130);
    expect(text).toContain("y…");
    expect(reason({ "data.b": "x" }, { b: Array(1_000).fill("yyyyyy") }).length).toBeLessThan(150);
  });

  it("tells of the alternative that came closest", () => {
    const pattern = [
      { "data.a": 9 },
      { "data.a": 1, "data.b": 2, "data.c": 9 },
      { "data.a": 1, "data.b": 9 },
    ];
    expect(reason(pattern, { a: 1, b: 2, c: 3 })).toBe("data.c: was 3, wanted 9 (the closest of 3 patterns)");
  });

  it("names the pattern of a none that fitted", () => {
    expect(reason({ none: [{ "data.a": 2 }, { "data.bot": true }] }, { a: 1, bot: true })).toBe(
      "data.bot: was true, wanted none[1] not to fit",
    );
  });

  it("is the filter's reason, with the path", () => {
    const filter = matchFilter(matchOf({ "data.action": "closed" }));
    const memory = { get: () => undefined };
    expect(filter.test(viewOf({ action: "closed" }), memory, 0)).toEqual({ pass: true });
    expect(filter.test(viewOf({}), memory, 0)).toEqual({
      pass: false,
      reason: 'data.action: was missing, wanted "closed"',
      path: "data.action",
    });
  });
});

describe("mistakes in a pattern", () => {
  it("are all found at once, each with its path", () => {
    const problems = problemsOf({
      "heders.x": 1,
      "data.a": { prefx: "a", gt: "soon" },
      any: [{ "data.b": { regex: "a(" } }, {}],
      none: "x",
    });
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ["E_CONFIG_MATCH", ["heders.x"]],
      ["E_CONFIG_MATCH", ["data.a", "prefx"]],
      ["E_CONFIG_MATCH", ["data.a", "gt"]],
      ["E_CONFIG_REGEX", ["any", 0, "data.b", "regex"]],
      ["E_CONFIG_MATCH", ["any", 1]],
      ["E_CONFIG_MATCH", ["none"]],
    ]);
  });

  it.each([
    ["heders.x", "did you mean headers.x?"],
    ["action", "did you mean data.action?"],
    ["type", "did you mean data.type?"],
    ["dat.x", "did you mean data.x or data.dat.x?"],
    ["body.issue.title", "did you mean data.issue.title?"],
    ["jobs[0].name", "did you mean data.jobs[0].name?"],
  ])("an unknown root %s says what was meant", (key, hint) => {
    const problem = onlyProblem({ [key]: "x" });
    expect(problem.hint).toBe(hint);
    expect(problem.on).toBe("key");
    expect(problem.offset).toBe(0);
  });

  it.each([
    ["starts_with", "prefix"],
    ["endsWith", "suffix"],
    ["$regex", "regex"],
    ["equals", "eq"],
    ["$nin", "not"],
    ["ip-whitelist", "cidr"],
    ["like", "glob"],
    ["greater_than", "gt"],
    ["min", "gte"],
  ])("the operator %s of another program is %s here", (key, meant) => {
    expect(onlyProblem({ "data.a": { [key]: "x" } }).hint).toBe(`did you mean ${meant}?`);
  });

  it("an unknown operator says what was meant, at its key", () => {
    const problem = onlyProblem({ "data.a": { prefx: "a" } });
    expect(problem).toMatchObject({
      message: 'unknown operator "prefx"',
      hint: "did you mean prefix?",
      on: "key",
    });
  });

  it("a nested shape is told to be a dotted path", () => {
    expect(onlyProblem({ data: { workflow_run: "x" } }).hint).toContain("data.workflow_run");
  });

  it("a broken path points at the break", () => {
    expect(onlyProblem({ "data.items[x].name": 1 })).toMatchObject({ on: "key", offset: 10 });
    expect(onlyProblem({ "data..x": 1 }).offset).toBe(4);
    expect(onlyProblem({ "data.": 1 }).offset).toBe(4);
    expect(onlyProblem({ "": 1 }).offset).toBe(0);
  });

  it.each<[Json, string]>([
    [{ "data.a": [] }, "the test is an empty list, which nothing can equal"],
    [{ "data.a": {} }, "an operator is missing here"],
    [{ "data.a": { eq: ["x"] } }, "`eq` takes one value"],
    [{ "data.a": { exists: "yes" } }, "`exists` takes true or false"],
    [{ "data.a": { exists: false, prefix: "x" } }, "`exists: false` contradicts the other operators"],
    [{ "data.a": { prefix: 7 } }, "`prefix` takes a text or a list of texts"],
    [{ "data.a": { contains: "" } }, "`contains` is empty, which matches everything"],
    [{ "remote.address": { cidr: ["10.0.0.0/8", "x"] } }, '`cidr` takes a range such as 10.0.0.0/8, not "x"'],
    [{ "data.a": { cidr: "10.0.0.0/40" } }, '`cidr` takes a range such as 10.0.0.0/8, not "10.0.0.0/40"'],
    [{ "data.a": { glob: "[a" } }, '`glob` has a "[" that is never closed'],
    [{ "data.a": { gt: "7" } }, "`gt` takes a number, or a time such as 2026-01-31T12:00:00Z"],
    [{ "data.a": { not: { exists: true } } }, "`not` applies to values: add `exists` next to it"],
    [{ "data.a": { ci: true } }, "an operator is missing here"],
    [{ "query.a": null }, "the test is null, but the value at this path is text"],
    [{ any: [] }, "an empty list of patterns matches nothing"],
    ["data.a", 'a pattern is a mapping from paths to tests, not "data.a"'],
    [{}, "an empty pattern tests nothing"],
    [[], "an empty list of patterns matches nothing"],
  ])("%j is refused", (pattern, message) => {
    expect(onlyProblem(pattern).message).toBe(message);
  });

  it("a lookahead is refused with the reason", () => {
    const problem = onlyProblem({ "data.a": { regex: "(?!x)y" } });
    expect(problem.code).toBe("E_CONFIG_REGEX");
    expect(problem.hint).toContain("no lookahead");
  });

  it("keys of prototypes are no operators", () => {
    expect(onlyProblem({ "data.a": { constructor: "x" } }).message).toBe('unknown operator "constructor"');
    const hostile = JSON.parse('{"data.a": {"__proto__": "x"}}') as Json;
    expect(onlyProblem(hostile).message).toBe('unknown operator "__proto__"');
  });
});

it("RE2 is needed only by a pattern with regex, however deep", () => {
  expect(matchNeedsRegex({ "data.a": { glob: "x*" } })).toBe(false);
  expect(matchNeedsRegex([{ any: [{ "data.a": { not: { regex: "x" } } }] }])).toBe(true);
});
