// Which session a monitor or hook belongs to.

import { expect, test } from "vitest";
import {
  type ClientIdentity,
  type ConnectedWay,
  ConnectedWays,
} from "../../../src/daemon/wake/connected-ways.ts";

const here = { pid: 7, start: "100" };

function open() {
  let changes = 0;
  const replaced: string[] = [];
  const ways = new ConnectedWays(() => {
    changes += 1;
  });
  const way = (
    name: string,
    client: ClientIdentity,
    kind: ConnectedWay["way"] = "monitor",
  ): ConnectedWay => ({
    way: kind,
    client,
    ring: async () => ({ rung: true }),
    replaced: () => replaced.push(name),
  });
  return { ways, way, replaced, changes: () => changes };
}

test("by the process of the client, where both know it, whatever the id of the session is", () => {
  const { ways, way } = open();
  const mine = way("mine", { process: here, session: "before /clear" });
  ways.add(mine);
  expect(ways.of("monitor", { process: here, session: "after /clear" })).toBe(mine);
  expect(
    ways.of("monitor", { process: { ...here, start: "200" }, session: "before /clear" }),
  ).toBeUndefined();
  expect(ways.of("hook", { process: here })).toBeUndefined();
});

test("by the id of the session otherwise, and never by nothing", () => {
  const { ways, way } = open();
  const mine = way("mine", { session: "s" });
  ways.add(mine);
  ways.add(way("nobody's", {}));
  expect(ways.of("monitor", { process: here, session: "s" })).toBe(mine);
  expect(ways.of("monitor", {})).toBeUndefined();
  expect(ways.of("monitor", { process: here })).toBeUndefined();
});

test("a later one of a kind replaces the one of the same session, and leaves others", () => {
  const { ways, way, replaced, changes } = open();
  ways.add(way("other", { session: "t" }));
  ways.add(way("hook", { session: "s" }, "hook"));
  const removeFirst = ways.add(way("first", { session: "s" }));
  const second = way("second", { session: "s" });
  const removeSecond = ways.add(second);
  expect(replaced).toEqual(["first"]);
  removeFirst();
  expect(ways.of("monitor", { session: "s" })).toBe(second);
  const before = changes();
  removeSecond();
  removeSecond();
  expect([ways.of("monitor", { session: "s" }), changes()]).toEqual([undefined, before + 1]);
});
