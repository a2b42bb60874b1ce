// Many senders that have proven nothing: their memory is bounded for all together, they keep nobody out, and nothing they send
// holds up the event loop.

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { maxBlockMs } from "../support/loop-watchdog.ts";
import { createProject, eventually, type Project } from "../support/router.ts";
import { type WatchedProgram, watchedProgram } from "../support/watched-program.ts";

const secret = "correct-horse-battery";
const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  anybody: { type: http, path: /anybody }
  signed: { type: http, path: /signed, verify: { scheme: hmac, header: x-signature, secret: ${secret} } }
  bearer: { type: http, path: /bearer, verify: { scheme: bearer, secret: ${secret} } }
`;
const mebibyte = 1024 * 1024;
const paths = ["/anybody", "/signed", "/bearer", "/nowhere"];

const sockets = new Set<Socket>();
const projects: Project[] = [];
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const project of projects.splice(0)) await project.remove();
});

interface Running {
  readonly project: Project;
  readonly pid: number;
  readonly watched: WatchedProgram;
  /** What the resident set has grown by since the start, in MiB. */
  grownMiB(): number;
}

async function start(): Promise<Running> {
  const project = await createProject(config, { consent: "all" });
  projects.push(project);
  const watched = watchedProgram(project.folder);
  const claude = await project.claude(undefined, watched.env);
  const { pid } = claude.process;
  // What is loaded with the first request is loaded, and not the senders' doing.
  for (const path of paths) await eventually(async () => (await send(project, path)) > 0);
  await watched.reset(pid);
  const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  const before = rss();
  return { project, pid, watched, grownMiB: () => rss() - before };
}

/** A proper request; 0 when it could not be made. */
function send({ port }: Project, path: string, body = "{}"): Promise<number> {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return new Promise((resolve) => {
    const outgoing = request(
      {
        port,
        host: "127.0.0.1",
        path,
        method: "POST",
        agent: false,
        headers: { "x-signature": signature, authorization: `Bearer ${secret}` },
      },
      (response) => response.resume().on("end", () => resolve(response.statusCode ?? 0)),
    );
    outgoing.on("error", () => resolve(0));
    outgoing.end(body);
  });
}

/** A connection on which nothing is expected but its end. */
function dial({ port }: Project, first: string): Socket {
  const socket = connect(port, "127.0.0.1");
  sockets.add(socket);
  socket.on("error", () => undefined).on("close", () => sockets.delete(socket));
  socket.resume();
  socket.write(first);
  return socket;
}

/** As fast as it is taken, until so much was written or the other side closed. */
async function pour(socket: Socket, piece: Buffer, times: number): Promise<void> {
  for (let count = 0; count < times && !socket.destroyed; count++) {
    if (socket.write(piece)) continue;
    await new Promise<void>((resolve) => {
      const goOn = () => {
        // A listener for each wait would add up.
        socket.off("drain", goOn).off("close", goOn);
        resolve();
      };
      socket.once("drain", goOn).once("close", goOn);
    });
  }
}

const head = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n`;
const chunked = "transfer-encoding: chunked\r\n";
const isLinux = process.platform === "linux";

test.runIf(isLinux).each([
  ["one byte", 1, 20],
  ["one byte, from a hundred senders", 1, 100],
  ["64 bytes", 64, 50],
  ["16 KiB", 16 * 1024, 100],
])(
  "bodies in chunks of %s take little memory, keep nobody out and block nothing",
  async (_, size, count) => {
    const { project, pid, watched, grownMiB } = await start();
    const chunk = `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`;
    const piece = Buffer.from(chunk.repeat(Math.max(1, Math.floor(60_000 / chunk.length))));
    const pouring = Array.from({ length: count }, (__, index) =>
      pour(
        dial(project, head(paths[index % paths.length] as string, chunked)),
        piece,
        Math.ceil((8 * mebibyte) / piece.length),
      ),
    );
    let most = 0;
    const answers: number[] = [];
    for (let tries = 0; tries < 10; tries++) {
      answers.push(await send(project, "/signed", JSON.stringify({ tries })));
      most = Math.max(most, grownMiB());
    }
    for (const socket of sockets) socket.destroy();
    await Promise.all(pouring);
    expect(answers.filter((status) => status === 202).length).toBeGreaterThanOrEqual(8);
    expect(most).toBeLessThan(160);
    expect(watched.longest(pid)).toBeLessThan(maxBlockMs);
  },
  180_000,
);

test.runIf(isLinux)(
  "bodies that never end share one bound, and make way for those that do",
  async () => {
    const { project, grownMiB } = await start();
    const most = mebibyte - 1;
    const body = Buffer.alloc(most - 100, "x");
    const pouring = Array.from({ length: 200 }, (_, index) =>
      pour(
        dial(project, head(index % 2 === 0 ? "/anybody" : "/signed", `content-length: ${most}\r\n`)),
        body,
        1,
      ),
    );
    await Promise.all(pouring);
    // Of one who has proven itself by its head nothing is in the way; the others get in as soon as the first ones are slow.
    expect(await send(project, "/bearer", JSON.stringify("x".repeat(500_000)))).toBe(202);
    await eventually(
      async () => (await send(project, "/signed", JSON.stringify("x".repeat(500_000)))) === 202,
    );
    expect(grownMiB()).toBeLessThan(220);
  },
  180_000,
);

test.runIf(isLinux).each([
  ["say nothing", ""],
  ["send their head a byte at a time", "POST /signed HTTP/1.1\r\nhost: local"],
  ["send a head and no body", head("/signed", "content-length: 100\r\n")],
  ["send their request and stay", head("/nowhere", "content-length: 0\r\n")],
])(
  "1,100 connections that %s keep nobody out",
  async (_, first) => {
    const { project, pid, watched, grownMiB } = await start();
    for (let count = 0; count < 1_100; count += 100) {
      await Promise.all(
        Array.from(
          { length: 100 },
          () =>
            new Promise((resolve) => dial(project, first).once("connect", resolve).once("close", resolve)),
        ),
      );
    }
    for (const path of ["/signed", "/bearer", "/anybody"]) expect(await send(project, path)).toBe(202);
    expect(grownMiB()).toBeLessThan(160);
    expect(watched.longest(pid)).toBeLessThan(maxBlockMs);
  },
  180_000,
);

test("a connection that has proven itself outlives a thousand that have not", async () => {
  const { project } = await start();
  const proven = dial(project, head("/bearer", `authorization: Bearer ${secret}\r\ncontent-length: 2\r\n`));
  let answered = "";
  proven.on("data", (text: Buffer) => (answered += text.toString()));
  proven.write("{}");
  await eventually(() => /^HTTP\/1\.1 202/.test(answered));
  for (let count = 0; count < 1_100; count += 100) {
    await Promise.all(
      Array.from(
        { length: 100 },
        () => new Promise((resolve) => dial(project, "").once("connect", resolve).once("close", resolve)),
      ),
    );
  }
  answered = "";
  proven.write(head("/bearer", `authorization: Bearer ${secret}\r\ncontent-length: 2\r\n`));
  proven.write("{}");
  await eventually(() => /^HTTP\/1\.1 202/.test(answered));
});
