// Nothing that the runtime complains about: many sources, sinks, sessions, calls and reloads leave no process warning on stderr.

import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { WebSocketServer } from "ws";
import { atEnd, listening, open, post } from "../faults/stage.ts";
import { eventually } from "../support/router.ts";

const many = 14;
const sessions = 12;

test("many of everything leave no warning of the runtime", async () => {
  let asked = 0;
  const far = createServer((request, response) => {
    asked += 1;
    request.resume();
    if (request.url === "/hang") return;
    if (request.url?.startsWith("/stream")) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`retry: 100\ndata: ${asked}\n\n`);
      if (asked % 3 === 0) response.end();
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify([{ id: asked }]));
  }).listen(0, "127.0.0.1");
  const sockets = new WebSocketServer({ server: far });
  sockets.on("connection", (socket) => socket.send(`${asked}`));
  await new Promise((resolve) => far.once("listening", resolve));
  atEnd(() => {
    sockets.close();
    for (const client of sockets.clients) client.terminate();
    far.closeAllConnections();
    far.close();
  });
  const { port: farPort } = far.address() as AddressInfo;
  const url = `http://127.0.0.1:${farPort}`;
  const times = (make: (n: number) => string) => Array.from({ length: many }, (_, n) => make(n)).join("\n");
  const config = (port: number, content = "first") => `listen: 127.0.0.1:${port}
budget: { hour: none }
sources:
${times((n) => `  hook${n}: { type: http, path: /hook${n} }`)}
${times((n) => `  wait${n}: { type: http, path: /wait${n}, respond: { wait: 2s } }`)}
${times((n) => `  poll${n}: { type: poll, url: "${url}/${n}", every: 1s }`)}
${times((n) => `  sse${n}: { type: sse, url: "${url}/stream/${n}" }`)}
${times((n) => `  ws${n}: { type: websocket, url: "ws://127.0.0.1:${farPort}/${n}" }`)}
${times((n) => `  logs${n}: { type: tail, files: "logs/${n}/*.log" }`)}
${times((n) => `  files${n}: { type: watch, files: "in${n}/*" }`)}
${times((n) => `  run${n}: { type: command, command: [sleep, "30"] }`)}
${times((n) => `  clock${n}: { type: cron, at: "* * * * *" }`)}
channels:
${times((n) => `  hook${n}: { from: hook${n}, content: ${content} }`)}
sinks:
${times((n) => `  hang${n}: { type: http, description: Hangs., request: { method: PUT, url: "${url}/hang" }, timeout: 5s }`)}
${times((n) => `  sleep${n}: { type: command, description: Sleeps., command: [sleep, "1"] }`)}
`;
  const project = await open(config);
  await project.trust();
  for (let n = 0; n < many; n += 1) {
    mkdirSync(join(project.folder, "logs", `${n}`), { recursive: true });
    mkdirSync(join(project.folder, `in${n}`));
    writeFileSync(join(project.folder, "logs", `${n}`, "a.log"), "one\n");
  }
  const env = { NODE_OPTIONS: "--trace-warnings" };
  const all = [await project.claude({}, env)];
  await listening(project).catch((error) => {
    throw new Error(all[0]?.process.stderr().slice(0, 1500), { cause: error });
  });
  for (let n = 1; n < sessions; n += 1) all.push(await project.claude({}, env));

  for (let round = 0; round < 2; round += 1) {
    const posts = Array.from({ length: many }, (_, n) => post(project, `/hook${n}`, { round }));
    const waiting = Array.from({ length: many }, (_, n) => post(project, `/wait${n}`, { round }));
    for (let n = 0; n < many; n += 1) {
      appendFileSync(join(project.folder, "logs", `${n}`, "a.log"), `line ${round}\n`);
      writeFileSync(join(project.folder, `in${n}`, `${round}.txt`), "x");
    }
    for (let n = 0; n < 40; n += 1) writeFileSync(join(project.folder, "in0", `${round}-${n}.txt`), "x");
    const calls = all.flatMap((claude, index) => [
      claude.callTool(`sleep${index}`, {}).catch(() => undefined),
      claude.callTool("status", {}).catch(() => undefined),
    ]);
    for (const [index, claude] of all.entries()) {
      const id = `cancelled-${round}-${index}`;
      void claude.wire
        .request("tools/call", { name: `hang${index}`, arguments: {} }, id)
        .catch(() => undefined);
      claude.wire.notify("notifications/cancelled", { requestId: id });
    }
    expect((await Promise.all(posts)).map(({ status }) => status)).toEqual(Array(many).fill(202));
    await Promise.all([...calls, ...waiting]);
    await project.write("channels.yaml", config(project.port, `round${round}`));
    await eventually(() => (all[0]?.process.stderr().match(/reloaded/g) ?? []).length > round);
  }
  for (const claude of all) await claude.stop();
  const said = all.map((claude) => claude.process.stderr()).join("\n");
  expect(said).not.toMatch(/Warning:|\(node:\d+\)|MaxListeners/);
});
