// What goes wrong around an owner: stopped processes, leftovers, folders that cannot be used, peers that do not behave.

import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import type { LeaderFile } from "../../src/cluster/leader-file.ts";
import { thisProcess } from "../../src/cluster/process-identity.ts";
import { listRunning } from "../../src/cluster/running-leaders.ts";
import { callLeader } from "../../src/control/client.ts";
import { buildPeer, endPeers, newFolder, type Peer, removeFolders, startPeer, until } from "./peers.ts";

let program: string;
beforeAll(async () => {
  program = await buildPeer();
});
afterEach(endPeers);
afterAll(removeFolders);

const version = "1.0.0";

function ownerFile(folder: string, epoch: number): LeaderFile {
  return JSON.parse(readFileSync(join(folder, `owner-${epoch}.json`), "utf8")) as LeaderFile;
}

async function startOne(folder: string, setting: object = {}): Promise<Peer> {
  const peer = startPeer({ folder, ...setting });
  await peer.initialize();
  return peer;
}

test("leftovers of dead owners, also with a pid that another process has by now, are taken over and swept", async () => {
  const folder = newFolder();
  const self = await thisProcess();
  const old = { socket: join(folder, "o1.sock"), version, protocol: 1, started: "2026-01-01T00:00:00.000Z" };
  writeFileSync(
    join(folder, "owner-1.json"),
    JSON.stringify({ ...old, epoch: 1, pid: 4_000_000, start: "x" }),
  );
  writeFileSync(join(folder, "owner-2.json"), "{ half a fi");
  // This very process runs, but it started at another time than the owner that had its pid.
  const reused = {
    ...old,
    epoch: 3,
    pid: self.pid,
    start: `${self.start}0`,
    socket: join(folder, "o3.sock"),
  };
  writeFileSync(join(folder, "owner-3.json"), JSON.stringify(reused));
  writeFileSync(join(folder, "o3.sock"), "");
  const peer = await startOne(folder);
  expect((await peer.call("who")).epoch).toBe(4);
  await until(() => readdirSync(folder).length === 2, "swept");
  expect(readdirSync(folder).sort()).toEqual(["o4.sock", "owner-4.json"]);
  expect(statSync(join(folder, "o4.sock")).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "owner-4.json")).mode & 0o777).toBe(0o600);
});

test("a live process that does not listen yet keeps its epoch", async () => {
  const folder = newFolder();
  const file = {
    epoch: 1,
    ...(await thisProcess()),
    socket: join(folder, "o1.sock"),
    version,
    protocol: 1,
    started: "",
  };
  writeFileSync(join(folder, "owner-1.json"), JSON.stringify(file));
  const peer = startPeer({ folder });
  const asked = peer.initialize();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(readdirSync(folder)).toEqual(["owner-1.json"]);
  writeFileSync(join(folder, "owner-1.json"), JSON.stringify({ ...file, released: true }));
  expect((await asked).epoch).toBe(2);
});

test("a state folder whose socket path is too long works through a private folder", async () => {
  const folder = join(newFolder(), "d".repeat(60), "e".repeat(60));
  const owner = await startOne(folder);
  const client = await startOne(folder);
  expect((await client.call("who")).pid).toBe(owner.pid);
  const { socket } = ownerFile(folder, 1);
  expect(Buffer.byteLength(socket)).toBeLessThan(104);
  expect(statSync(join(socket, "..")).mode & 0o777).toBe(0o700);
  owner.kill("SIGTERM");
  await owner.exited;
  expect(existsSync(socket)).toBe(false);
});

test("with a state folder that cannot be written it works alone and says so", async () => {
  const folder = join(newFolder(), "state");
  mkdirSync(folder, { mode: 0o500 });
  // Root may write everywhere, so the process runs as somebody else.
  const asNobody = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  if ("uid" in asNobody) {
    chmodSync(join(folder, ".."), 0o755);
    chownSync(folder, 65_534, 65_534);
    chmodSync(join(program, ".."), 0o755);
  }
  const peer = startPeer({ folder }, asNobody);
  expect(await peer.initialize()).toMatchObject({ epoch: 0, exclusive: false });
  expect((await peer.call("echo", { text: "still here" })) as object).toMatchObject({ echo: "still here" });
  expect(peer.stderr()).toMatch(/works alone, without sources: the state folder cannot be used: EACCES/);
  peer.child.stdin?.end();
  expect(await peer.exited).toBe(0);
});

test("a client that does not read stops nobody else and costs the owner no memory", async () => {
  const folder = newFolder();
  const owner = await startOne(folder, { session: "owner" });
  const stalled = await startOne(folder, { session: "stalled" });
  const other = await startOne(folder, { session: "other" });
  stalled.child.stdout?.pause();
  const beforeKb = residentKb(owner.pid);
  // 3,000 events of 2 KB for each of the three sessions.
  for (let round = 0; round < 10; round += 1) await other.call("emit", { count: 300, size: 2_000 });
  await other.until((peer) => peer.messages.length === 3_000, "the other has all");
  expect(stalled.messages.length).toBeLessThan(3_000);
  const sent = journal(folder).filter((line) => line.startsWith("sent stalled")).length;
  expect(sent).toBeLessThan(3_000);
  // The test's owner writes without waiting, so what waits is in its own stream; the link adds next to nothing to it.
  expect(residentKb(owner.pid) - beforeKb).toBeLessThan(60_000);
  stalled.child.stdout?.resume();
  await stalled.until((peer) => peer.messages.length === 3_000, "all came in the end");
  await until(
    () => journal(folder).filter((line) => line.startsWith("sent stalled")).length === 3_000,
    "and were confirmed",
  );
});

test("a client that writes without end is read no faster than the owner takes its lines", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  const client = await startOne(folder);
  owner.kill("SIGSTOP");
  const line = `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/x", params: { text: "y".repeat(60_000) } })}\n`;
  let written = 0;
  while (written < 400 && client.write(line)) written += 1;
  for (let tries = 0; tries < 40 && written < 400; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    while (written < 400 && client.write(line)) written += 1;
  }
  // 24 MB were on offer.
  expect(written * line.length).toBeLessThan(6_000_000);
  owner.kill("SIGCONT");
  expect((await client.call("who")).pid).toBe(owner.pid);
});

test("a line of nearly 10 MiB passes both ways", async () => {
  const folder = newFolder();
  await startOne(folder);
  const client = await startOne(folder);
  const text = "é".repeat(5 * 1024 * 1024 - 200);
  const answer = (await client.call("echo", { text })) as unknown as { echo: string };
  expect(answer.echo === text).toBe(true);
});

function journal(folder: string): string[] {
  return readFileSync(join(folder, "journal.txt"), "utf8").split("\n");
}

function residentKb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

test("peers with another protocol number are refused, told so, and work alone", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  const answer = await knock(
    ownerFile(folder, 1).socket,
    '{"t":"hello","protocol":99,"version":"9.0.0","pid":1,"role":"session"}\n',
  );
  expect(JSON.parse(answer)).toMatchObject({
    t: "refuse",
    protocol: 1,
    reason: expect.stringContaining("protocol 1"),
  });
  await until(
    () => /process 1 cannot attach: .* speaks protocol 1, the other \(9\.0\.0\) 99/.test(owner.stderr()),
    "said",
  );

  const other = newFolder();
  const server = createServer((socket) => {
    socket.once("data", () =>
      socket.end('{"t":"refuse","protocol":99,"version":"9.0.0","reason":"speaks 99"}\n'),
    );
  });
  await new Promise<void>((resolve) => server.listen(join(other, "o1.sock"), resolve));
  const file = {
    epoch: 1,
    ...(await thisProcess()),
    socket: join(other, "o1.sock"),
    version: "9.0.0",
    protocol: 99,
    started: "",
  };
  writeFileSync(join(other, "owner-1.json"), JSON.stringify(file));
  const newcomer = startPeer({ folder: other });
  expect(await newcomer.initialize()).toMatchObject({ exclusive: false });
  await newcomer.until((peer) => peer.mode().mode === "alone", "it says so");
  expect(newcomer.mode().reason).toMatch(/refused: speaks 99/);
  server.close();
});

test("garbage on the socket ends that connection only", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  const { socket } = ownerFile(folder, 1);
  const hello = `{"t":"hello","protocol":1,"version":"1","pid":1,"role":"session","facts":{"project":"/","listening":{"state":"no","reason":""},"missing":[]}}\n`;
  const garbage = [
    "GET / HTTP/1.1\r\n\r\n",
    "{}\n",
    "null\n",
    "=1 {}\n",
    Buffer.from([0, 255, 10]),
    `${hello}{"t":"hello"}\n`,
    `${hello}=x y\n`,
    `${hello}{"t":"resume"}\n`,
    `${hello}{"t":"resume","unanswered":0,"forgotten":[],"taken":[],"writing":[],"initialize":"{","answer":"{}"}\n`,
    `${hello}{"t":"resume","unanswered":1,"forgotten":[],"taken":[],"writing":[]}\n?{\n`,
    `${hello}{"t":"resume","unanswered":0,"forgotten":[],"taken":[],"writing":[]}\n?{"id":1,"method":"x"}\n`,
    `${hello}${"z".repeat(11 * 1024 * 1024)}`,
    '{"t":"hello","protocol":1,"version":"1","pid":1,"role":"command"}\n{"t":"c","n":1}\n',
  ];
  for (const text of garbage) await knock(socket, text);
  expect((await owner.call("who")).pid).toBe(owner.pid);
  expect((await (await startOne(folder)).call("who")).pid).toBe(owner.pid);
});

/** Everything that the other side says until it closes. */
function knock(path: string, text: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
    socket.write(text);
  });
}

test("a hundred clients that come and go leave no descriptor behind", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  const { socket } = ownerFile(folder, 1);
  const descriptors = () => readdirSync(`/proc/${owner.pid}/fd`).length;
  await callLeader(socket, "state", null, { version });
  const before = descriptors();
  for (let round = 0; round < 100; round += 1) {
    if (round % 2 === 0) await callLeader(socket, "state", null, { version });
    else await knock(socket, "garbage\n");
  }
  const passing = await startOne(folder);
  passing.kill();
  await passing.exited;
  await until(() => descriptors() <= before, "all closed");
});

test("a state folder that is removed while an owner runs is made again, with the same epoch", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  const client = await startOne(folder);
  rmSync(folder, { recursive: true });
  const newcomer = await startOne(folder);
  await until(() => existsSync(join(folder, "owner-1.json")), "made again");
  expect((await client.call("who")).pid).toBe(owner.pid);
  const { pid } = await newcomer.call("who");
  // Whoever was faster: in the end one of the two owns.
  await until(() => ownerFile(folder, 1).pid === pid, "one owner");
});

test("of two owners that a removed state folder made possible, the one without a file gives way", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  // Stopped, so that it cannot make the folder again before the newcomer makes its own.
  process.kill(owner.pid, "SIGSTOP");
  rmSync(folder, { recursive: true });
  const newcomer = await startOne(folder);
  expect(ownerFile(folder, 1).pid).toBe(newcomer.pid);
  process.kill(owner.pid, "SIGCONT");
  await owner.until((peer) => peer.said.some(({ stopped }) => stopped === "deposed"), "deposed", 3_000);
  expect((await owner.call("who")).pid).toBe(newcomer.pid);
  // The one that gave way took the name of the other's socket with it.
  const third = await startOne(folder);
  expect((await third.call("who")).pid).toBe(newcomer.pid);
});

test("an owner that sees a higher epoch stops, and its client goes over to it", async () => {
  const folder = newFolder();
  const owner = await startOne(folder);
  const spare = newFolder();
  const usurper = await startOne(spare);
  const file = { ...ownerFile(spare, 1), epoch: 7 };
  writeFileSync(join(folder, "owner-7.json"), JSON.stringify(file));
  await owner.until((peer) => peer.said.some(({ stopped }) => stopped === "deposed"), "deposed", 3_000);
  expect((await owner.call("who")).pid).toBe(usurper.pid);
});

test("commands reach the owner that the register names; entries of dead owners are cleaned", async () => {
  const folder = newFolder();
  const runningFolder = join(newFolder(), "running");
  const owner = await startOne(folder, { runningFolder });
  const [entry, ...others] = await listRunning(runningFolder);
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ pid: owner.pid, config: "/channels.yaml", folder, epoch: 1 });
  const socket = entry?.socket as string;
  expect(await callLeader(socket, "state", null, { version })).toEqual({
    pid: owner.pid,
    epoch: 1,
    sessions: 1,
  });
  const parts: unknown[] = [];
  await callLeader(socket, "count", 2_000, { version, onPart: (part) => parts.push(part) });
  expect(parts).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
  await expect(callLeader(socket, "fail", null, { version })).rejects.toMatchObject({
    code: "E_USAGE",
    message: "no such thing",
    hint: "type another",
  });
  await expect(callLeader(join(folder, "o9.sock"), "state", null, { version })).rejects.toMatchObject({
    message: "the running router cannot be asked: nothing listens on its socket",
  });
  owner.kill();
  await owner.exited;
  expect(await listRunning(runningFolder)).toEqual([]);
  expect(readdirSync(runningFolder)).toEqual([]);

  const second = await startOne(folder, { runningFolder });
  expect((await listRunning(runningFolder)).length).toBe(1);
  second.kill();
  await second.exited;
  expect(readdirSync(runningFolder)).toHaveLength(1);
  const third = await startOne(folder, { runningFolder });
  // Without a command that looks.
  await vi.waitFor(() => expect(readdirSync(runningFolder)).toHaveLength(1), 3_000);
  third.child.stdin?.end();
  await third.exited;
  expect(readdirSync(runningFolder)).toEqual([]);
});
