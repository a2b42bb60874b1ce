// Before an owner leaves, whoever would succeed gets ready while it goes on.

import { expect, test } from "vitest";
import { createDuplexPair } from "../../src/cluster/duplex-pair.ts";
import { LeaderServer } from "../../src/cluster/leader-server.ts";
import { createLink, type Link } from "../../src/cluster/link.ts";
import { type Frame, protocolNumber } from "../../src/cluster/protocol.ts";
import { eventually } from "../support/router.ts";

const quiet = { info: () => {}, warn: () => {}, error: () => {} };

function open() {
  const host = new LeaderServer({ term: 1, version: "1", log: quiet });
  async function join(pid: number, eligible: boolean): Promise<{ link: Link; heard: string[] }> {
    const [ours, theirs] = createDuplexPair();
    const heard: string[] = [];
    host.accept(ours);
    const link = createLink(theirs, { onFrame: (frame: Frame) => void heard.push(frame.t) });
    link.send({ t: "hello", protocol: protocolNumber, version: "1", pid, role: "standby", eligible });
    await eventually(() => heard.includes("welcome"));
    return { link, heard };
  }
  return { host, join };
}

test("who would succeed is asked, nobody else, and is not waited for longer than it needs", async () => {
  const { host, join } = open();
  const lacking = await join(1, false);
  const able = await join(2, true);
  const prepared = host.prepareSuccessor(60_000);
  await eventually(() => able.heard.includes("prepare"));
  able.link.send({ t: "ready" });
  await prepared;
  expect(lacking.heard).toEqual(["welcome"]);
  // One that has more since does not take the place of the one that is ready.
  await join(3, true);
  expect(host.announceLeaving()).toBe(2);
});

test("one that ends, or says nothing in time, holds nothing up", async () => {
  const { host, join } = open();
  await host.prepareSuccessor(60_000);
  const silent = await join(1, true);
  await host.prepareSuccessor(10);
  const prepared = host.prepareSuccessor(60_000);
  silent.link.cut("gone");
  await prepared;
  const other = await join(2, true);
  expect(host.announceLeaving()).toBe(2);
  expect(other.heard).not.toContain("prepare");
});
