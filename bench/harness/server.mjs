// One running server and the client on its stdio: greets in Claude Code's order (a `server/discover` probe, `initialize`
// when that is refused, `initialized`), then reads channel notifications, or stops reading when told to. It looks at bytes
// and parses no event, so that the reader costs little beside what is measured.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const eventMethod = Buffer.from('"notifications/claude/channel"');
const newline = 10;
const handshakeTimeoutMs = 20_000;
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/**
 * Starts it and settles when it answered `initialize`. Rejects when it ends or is silent for 20 s.
 * @returns the server: `startupMs` is the time from before the spawn to the `initialize` answer; `events` counts the
 * notifications read so far; `onEvent`, when set, gets each notification's line as a Buffer.
 */
export async function startServer(contender) {
  const begun = performance.now();
  const child = spawn(process.execPath, contender.args, { cwd: contender.folder, env: contender.env });
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.stdin.on("error", () => {}); // A server that ended is told by its exit, not by the pipe to it.
  let complaints = "";
  child.stderr.on("data", (chunk) => {
    complaints = (complaints + chunk).slice(-4_000);
  });

  let answer = () => {};
  const server = {
    name: contender.name,
    port: contender.port,
    pid: child.pid,
    events: 0,
    onEvent: undefined,
  };
  readLines(child.stdout, (line) => {
    if (line.subarray(0, 80).includes(eventMethod)) {
      server.events += 1;
      server.onEvent?.(line);
    } else answer(JSON.parse(line.toString("utf8")));
  });
  const failed = (why) => new Error(`${contender.name} ${why}\n${complaints}`);

  async function ask(request) {
    let timer;
    const settled = new Promise((resolve, reject) => {
      answer = resolve;
      child.once("exit", (code, signal) => reject(failed(`ended (${signal ?? code}) before it answered`)));
      timer = setTimeout(() => reject(failed(`did not answer ${request.method}`)), handshakeTimeoutMs);
    });
    child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...request })}\n`);
    return settled.finally(() => clearTimeout(timer));
  }

  const probe = await ask({ id: "discover-1", method: "server/discover", params: {} });
  if (probe.error?.code !== -32601) throw failed("did not refuse server/discover");
  const greeting = await ask({
    id: 0,
    method: "initialize",
    params: {
      protocolVersion: "2025-11-25",
      capabilities: { roots: {}, elicitation: {} },
      clientInfo: { name: "channel-router-bench", version: "1.0.0" },
    },
  });
  const startupMs = performance.now() - begun;
  if (greeting.result === undefined) throw failed("refused initialize");
  child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');

  return Object.assign(server, {
    startupMs,
    /** Settles when the HTTP port takes connections. */
    listening: () => untilListening(contender.port, failed),
    stopReading: () => child.stdout.pause(),
    readAgain: () => child.stdout.resume(),
    /** Settles when so many events were read in all, or when none came for `quietMs`. */
    async untilEvents(count, quietMs = 3_000) {
      let seen = server.events;
      let since = performance.now();
      while (server.events < count && performance.now() - since < quietMs) {
        await sleep(5);
        if (server.events !== seen) {
          seen = server.events;
          since = performance.now();
        }
      }
    },
    /** Interrupts it, as Claude Code does, waits for the end, and insists after 5 s. */
    async stop() {
      if (!running.has(child)) return;
      child.stdout.resume();
      const ended = once(child, "exit");
      child.kill("SIGINT");
      const insist = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(insist);
    },
  });
}

/** Calls `onLine` with each whole line, without its end. The Buffer is valid only during the call. */
function readLines(stream, onLine) {
  let rest = [];
  stream.on("data", (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const tail = chunk.subarray(start, end);
      onLine(rest.length === 0 ? tail : Buffer.concat([...rest, tail]));
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  });
}

async function untilListening(port, failed) {
  for (let attempt = 0; attempt < 500; attempt++) {
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await sleep(20);
  }
  throw failed(`does not listen on port ${port}`);
}
