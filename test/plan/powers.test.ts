// What counts as a power, whom it holds back, and that consent to one is consent to nothing else.

import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { peopleReaches } from "../../src/plan/component-powers.ts";
import { listenPowers, powersFor } from "../../src/plan/powers.ts";

const powersOf = (values: Parameters<typeof listenPowers>[0]) => listenPowers(values, (text) => text);
const at = (host: string, port = 8788) => powersOf({ listenAddress: { host, port, loopback: false } });

test("an address beyond loopback is a power", () => {
  expect(at("0.0.0.0")).toMatchObject([{ power: "listen", value: "0.0.0.0:8788", component: "listen" }]);
  expect(at("::", 80)).toMatchObject([{ value: "[::]:80" }]);
});

test("loopback, a socket file and no address are none", () => {
  expect(powersOf({ listenAddress: { host: "127.0.0.1", port: 1, loopback: true } })).toEqual([]);
  expect(powersOf({ listenAddress: { unix: "/p/run/s", loopback: true }, socketInside: true })).toEqual([]);
  expect(powersOf({})).toEqual([]);
});

test("it holds back the sources with a route, and no other", () => {
  const powers = at("0.0.0.0");
  expect(powersFor(["route:POST /a", "route:PUT /a"], powers)).toEqual(powers);
  expect(powersFor([], powers)).toEqual([]);
  expect(powersFor(["token:abc", "file:/route:x"], powers)).toEqual([]);
});

test("another address is another power, the same address the same one", () => {
  const address = fc.tuple(fc.constantFrom("0.0.0.0", "::", "10.0.0.1", "10.0.0.11"), fc.nat(65_535));
  fc.assert(
    fc.property(address, address, (one, other) => {
      const isSame = one[0] === other[0] && one[1] === other[1];
      expect(at(...one)[0]?.hash === at(...other)[0]?.hash).toBe(isSame);
    }),
  );
});

test("a config that lets nobody in asks for no power; each list of people is one", () => {
  const access = { dm: "pairing" as const, allow: [], groups: {}, mentionPatterns: [], bots: [] };
  expect(peopleReaches(access)).toEqual([]);
  const groups = { "-100": { mention: true, allow: [42, "41"] }, "-200": { mention: true, allow: [] } };
  expect(peopleReaches({ ...access, allow: ["41"], bots: ["9"], groups })).toEqual([
    { to: "people", who: "41" },
    { to: "people", who: "bots 9" },
    { to: "people", who: "41, 42 in group -100" },
  ]);
});

test("the documentation names every kind of power, and no other", async () => {
  const source = await readFile("src/contract/power.ts", "utf8");
  const union = /export type PowerKind =([^;]*);/.exec(source)?.[1] ?? "";
  const kinds = [...union.matchAll(/"(\w+)"/g)].map(([, kind]) => kind);
  const docs = await readFile("docs/configuration.md", "utf8");
  const table = docs.slice(docs.indexOf("| power |"), docs.indexOf("A webhook on loopback, a schedule"));
  const named = [...table.matchAll(/^\| (.*?) \|/gm)].flatMap(([, cell]) =>
    [...(cell ?? "").matchAll(/`(\w+)`/g)].map(([, kind]) => kind),
  );
  expect(named.toSorted()).toEqual(kinds.toSorted());
});
