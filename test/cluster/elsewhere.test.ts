// A state folder that two machines or containers share is held by one of them, and the other says so.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { buildPeer, endPeers, newFolder, type Peer, removeFolders, startPeer } from "./peers.ts";

beforeAll(buildPeer);
afterEach(endPeers);
afterAll(removeFolders);

const timeouts = { welcomeMs: 200, callMs: 200, answerMs: 400 };
const epochs = (folder: string) =>
  readdirSync(folder).flatMap((name) => {
    const [, epoch] = /^owner-(\d+)\.json$/.exec(name) ?? [];
    return epoch === undefined ? [] : [Number(epoch)];
  });

function mayUnshare(): boolean {
  try {
    execFileSync("unshare", ["-pf", "--kill-child", "--mount-proc", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** As in a container of its own: other pids, and with `-m` another folder for temporary files. */
async function startInContainer(folder: string): Promise<Peer> {
  const within = ["unshare", "-pf", "--kill-child", "--mount-proc"];
  const peer = startPeer({ folder, timeouts }, { within });
  await peer.initialize();
  return peer;
}

test.skipIf(!mayUnshare())(
  "a container holds the folder, another one works alone and says so, until it is given up",
  async () => {
    const folder = newFolder();
    const holder = await startInContainer(folder);
    const other = await startInContainer(folder);
    await other.until((peer) => peer.mode().mode === "alone", "it works alone");
    expect(other.mode().reason).toContain("another machine or in another container holds");
    // A few looks later nothing has changed hands.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(epochs(folder)).toEqual([1]);
    expect((await holder.call("who")).exclusive).toBe(true);
    expect((await other.call("who")).exclusive).toBe(false);
    // One kernel sees at once that nobody listens any more.
    holder.kill("SIGKILL");
    await other.until((peer) => peer.mode().mode === "leader", "it takes over", 8_000);
  },
  180_000,
);

/** What the owner of another machine wrote, so long ago. */
function ownerElsewhere(folder: string, agoMs: number, more: object = {}): void {
  const owner = {
    epoch: 3,
    pid: 4242,
    start: "other/1",
    socket: join(folder, "nobody-listens.sock"),
    version: "1.0.0",
    protocol: 1,
    started: new Date().toISOString(),
    host: { kernel: "another", space: "pid:[1]" },
    ...more,
  };
  const path = join(folder, "owner-3.json");
  writeFileSync(path, `${JSON.stringify(owner)}\n`);
  const then = (Date.now() - agoMs) / 1_000;
  utimesSync(path, then, then);
}

test("an owner of another machine that wrote a moment ago holds the folder", async () => {
  const folder = newFolder();
  ownerElsewhere(folder, 20_000);
  const peer = startPeer({ folder, timeouts });
  expect((await peer.initialize()).exclusive).toBe(false);
  await peer.until(({ mode }) => mode().mode === "alone", "it works alone");
  expect(peer.mode().reason).toContain(`holds ${folder} (its pid there: 4242)`);
  expect(epochs(folder)).toEqual([3]);
});

test.each([
  ["has written nothing for long", 60_000, {}],
  ["has given it up", 0, { released: true }],
])("one of another machine that %s does not", async (_name, agoMs, more) => {
  const folder = newFolder();
  ownerElsewhere(folder, agoMs, more);
  const peer = startPeer({ folder, timeouts });
  expect(await peer.initialize()).toMatchObject({ exclusive: true, epoch: 4 });
  const file = JSON.parse(readFileSync(join(folder, "owner-4.json"), "utf8")) as { host?: object };
  if (process.platform === "linux") expect(file.host).toMatchObject({ kernel: expect.any(String) });
});
