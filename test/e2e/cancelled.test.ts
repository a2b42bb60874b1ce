// A call that the client cancels: the program is ended with all that it started, the request is cut off, and nothing is answered.

import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

let api: Server;
let project: Project;
let asked = 0;
let cut = 0;

beforeAll(async () => {
  api = createServer((request) => {
    asked += 1;
    request.resume();
    request.socket.once("close", () => {
      cut += 1;
    });
  });
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  const { port } = api.address() as AddressInfo;
  project = await createProject(
    () => `sources:
  hook: { type: http, path: /hook }
sinks:
  slow:
    type: command
    description: Takes long.
    command: [sh, slow.sh]
    timeout: 5m
  api:
    type: http
    description: Never answers.
    request: { method: PUT, url: "http://127.0.0.1:${port}/" }
    timeout: 5m
`,
    { consent: "none" },
  );
  await project.write(
    "slow.sh",
    "sleep 300 &\\necho $$ $! > pids.new\\nmv pids.new pids\\nwait\\n".replaceAll("\\n", "\n"),
  );
  await project.trust();
});
afterAll(async () => {
  await project.remove();
  api.closeAllConnections();
  await new Promise<void>((resolve) => void api.close(() => resolve()));
});

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};

// The second session is another process than the router.
test.each(["the router's own session", "a session of another process"])(
  "%s",
  async (which) => {
    const owner = await project.claude();
    const claude = which.startsWith("a ") ? await project.claude() : owner;
    const id = `call-${which.length}`;
    const [askedBefore, cutBefore] = [asked, cut];
    let answered = 0;
    const call = (name: string) =>
      void claude.wire.request("tools/call", { name, arguments: {} }, `${id}-${name}`).then(
        () => (answered += 1),
        () => undefined,
      );
    call("slow");
    call("api");
    const pids = await eventually(() => {
      const file = join(project.folder, "pids");
      return existsSync(file) && readFileSync(file, "utf8").trim().split(" ").map(Number);
    });
    await eventually(() => asked > askedBefore);
    expect(pids.map(isAlive)).toEqual([true, true]);
    for (const name of ["slow", "api"])
      claude.wire.notify("notifications/cancelled", { requestId: `${id}-${name}`, reason: "the user" });
    await eventually(() => !pids.some(isAlive));
    await eventually(() => cut > cutBefore);
    // Repeatable calls are not made again, and the client still has its tools.
    const { text } = await claude.callTool("status");
    expect(text).toContain("slow");
    expect(asked).toBe(askedBefore + 1);
    expect(answered).toBe(0);
    const journal = await eventually(async () => {
      const { stdout } = await project.run(["status", "--json"]);
      return stdout;
    });
    expect(journal).not.toContain('"failures":1');
    await project.run(["down"]);
    const { rmSync } = await import("node:fs");
    rmSync(join(project.folder, "pids"));
    await claude.stop();
    if (claude !== owner) await owner.stop();
  },
  180_000,
);
