// An owner that the system stopped for a while: what lay in its sockets meanwhile is taken, and nobody is called too slow for it.

import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { eventually } from "../support/router.ts";
import { atEnd, isLong, listening, open } from "./stage.ts";

const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  hook:
    type: http
    path: /hook
channels:
  all:
    from: hook
`;

async function connection(port: number): Promise<{ socket: Socket; got: () => string }> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (bytes) => {
    text += bytes;
  });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  atEnd(() => void socket.destroy());
  return { socket, got: () => text };
}

const head = (length: number, more = "") =>
  `POST /hook HTTP/1.1\r\nhost: localhost\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n${more}\r\n`;

// Longer than the bound for a body (10 s), for headers (10 s) and for idle connections (5 s).
test.runIf(isLong)("what lay in the sockets of a stopped owner is taken", { timeout: 90_000 }, async () => {
  const project = await open(config);
  const claude = await project.claude();
  await listening(project);
  const body = "x".repeat(200_000);
  const halfBody = await connection(project.port);
  halfBody.socket.write(head(body.length) + body.slice(0, 100));
  const halfHead = await connection(project.port);
  halfHead.socket.write(head(5).slice(0, 30));
  const idle = await connection(project.port);
  idle.socket.write(`${head(5)}first`);
  await eventually(() => idle.got().includes("202"));
  const silent = await connection(project.port);
  silent.socket.write(`${head(100)}never `);
  claude.process.kill("SIGSTOP");
  halfBody.socket.write(body.slice(100));
  halfHead.socket.write(`${head(5).slice(30)}third`);
  idle.socket.write(`${head(6)}second`);
  await new Promise((resolve) => setTimeout(resolve, 12_000));
  claude.process.kill("SIGCONT");
  await eventually(() => halfBody.got() !== "" && halfHead.got() !== "" && silent.got() !== "");
  await eventually(() => idle.got().split("HTTP/1.1 202").length === 3);
  expect(halfBody.got()).toMatch(/^HTTP\/1\.1 202/);
  expect(halfHead.got()).toMatch(/^HTTP\/1\.1 202/);
  expect(silent.got()).toMatch(/^HTTP\/1\.1 408/);
});
