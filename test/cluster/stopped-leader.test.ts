// An owner that is alive and does not answer, with less patience than the program has.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { LeaderFile } from "../../src/cluster/leader-file.ts";
import { callLeader } from "../../src/control/client.ts";
import { buildPeer, endPeers, newFolder, type Peer, removeFolders, startPeer } from "./peers.ts";

beforeAll(buildPeer);
afterEach(endPeers);
afterAll(removeFolders);

const version = "1.0.0";
const timeouts = { welcomeMs: 400, callMs: 200, answerMs: 400 };

async function startOne(folder: string): Promise<Peer> {
  const peer = startPeer({ folder, timeouts });
  await peer.initialize();
  return peer;
}

test("a stopped owner is not pushed aside: tool calls fail and say so, a newcomer works alone and joins when it goes on", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  const client = await startOne(folder);
  const file = JSON.parse(readFileSync(join(folder, "owner-1.json"), "utf8")) as LeaderFile;
  owner.kill("SIGSTOP");
  const waiting = client.request("tools/call", { name: "who", arguments: {} }, 20_000);
  const newcomer = startPeer({ folder, timeouts });
  const alone = await newcomer.initialize();
  expect(alone).toMatchObject({ pid: newcomer.pid, exclusive: false });
  await newcomer.until((peer) => peer.mode().mode === "alone", "it says so");
  expect(newcomer.mode().reason).toMatch(/does not answer; its process may be stopped/);
  await expect(callLeader(file.socket, "state", null, { version })).rejects.toMatchObject({
    code: "E_CONTROL",
    message: expect.stringContaining("may be stopped"),
  });
  const { result } = await waiting;
  expect(result).toMatchObject({ isError: true });
  const text = JSON.stringify(result?.content);
  expect(text).toContain(`its process (pid ${owner.pid}) is stopped or hangs`);
  expect(text).toContain("It is unknown whether this call was done");
  expect(text).toContain(`kill -CONT ${owner.pid}`);
  owner.kill("SIGCONT");
  // Its own late answer is kept from the client, and the next call is answered as ever.
  expect((await client.call("who")).epoch).toBe(1);
  expect(client.answeredTwice).toEqual([]);
  await newcomer.until((peer) => peer.mode().mode === "attached", "it joins", 8_000);
  expect((await newcomer.call("who")).pid).toBe(owner.pid);
  expect(newcomer.said.some(({ stopped }) => stopped === "replaced")).toBe(true);
});

test("a call to a stopped owner is answered by the next one when a person ends it", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  const client = await startOne(folder);
  owner.kill("SIGSTOP");
  const refused = await client.request("tools/call", { name: "who", arguments: {} }, 20_000);
  expect(JSON.stringify(refused.result)).toContain(`kill -9 ${owner.pid}`);
  owner.kill("SIGKILL");
  expect(await client.call("who")).toMatchObject({ pid: client.pid, epoch: 2 });
  expect(client.answeredTwice).toEqual([]);
});
