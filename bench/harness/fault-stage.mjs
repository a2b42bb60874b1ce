// The stage of `npm run soak -- --only faults`: a config with sources of every kind of cursor, a server that is polled, a file that is
// tailed, and a small disk of its own that can be filled.

import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agreeTo, environment, freePort, routerEntry } from "./contenders.mjs";

const pageSize = 20;
const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export async function faultStage() {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  const state = mkdtempSync(join(tmpdir(), "channel-router-bench-state-"));
  const port = await freePort();
  const polled = await startPolled();
  const config = join(folder, "channels.yaml");
  writeFileSync(
    config,
    `listen: 127.0.0.1:${port}
budget: { hour: none }
delivery: { catch_up: 20, max_size: 8MiB }
sources:
  one: { type: http, path: /one }
  all: { type: http, path: /all }
  talk: { type: http, path: /talk }
  poll:
    type: poll
    url: "${polled.url}?after={{cursor}}"
    every: 1s
    items: data.items
    cursor: data.last
    order: oldest_first
    since: start
  tail: { type: tail, files: "*.log", from: start }
channels:
  one: { content: "one {{data.n}}" }
  all: { content: "all {{data.n}}", to: all }
  talk: { content: "talk {{data.n}}", thread: "talk-{{data.t}}" }
  poll: { content: "poll {{data.id}}" }
  tail: { content: "tail {{data.line}}" }
`,
  );
  const log = join(folder, "app.log");
  writeFileSync(log, "");
  const disk = smallDisk(state);
  agreeTo(config, state);
  const env = environment(folder, {
    CHANNEL_ROUTER_STATE_DIR: state,
    CLAUDE_CONFIG_DIR: join(folder, "claude"),
  });
  return {
    name: "router",
    port,
    args: [routerEntry, "--config", config],
    folder,
    env,
    disk,
    polled,
    write: (n) => appendFileSync(log, `${n}\n`),
    /** A router without a session, as `up` makes it. */
    up() {
      const child = spawn(process.execPath, [routerEntry, "up", "--foreground", "--config", config], {
        cwd: folder,
        env,
        stdio: ["ignore", "ignore", "inherit"],
      });
      const gone = new Promise((resolve) => child.once("exit", resolve));
      running.add(child);
      void gone.then(() => running.delete(child));
      return { pid: child.pid, gone, kill: (signal) => child.kill(signal), isUp: true };
    },
    ownerPid() {
      try {
        const own = join(
          state,
          readdirSync(state).find((name) => /^[0-9a-f]{16}$/.test(name)),
        );
        const terms = readdirSync(own).map((name) => Number(/^owner-(\d+)\.json$/.exec(name)?.[1] ?? 0));
        return JSON.parse(readFileSync(join(own, `owner-${Math.max(...terms)}.json`), "utf8")).pid;
      } catch {
        return undefined; // Not there yet, or swept between the two looks.
      }
    },
    cursorsThatWentBack: () => cursorsThatWentBack(state),
    dispose() {
      polled.close();
      disk?.remove();
      for (const path of [folder, state]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A list that grows. */
async function startPolled() {
  const items = [];
  const server = createServer((request, response) => {
    const after = Number(new URL(request.url, "http://here").searchParams.get("after") || 0);
    const page = items.filter((id) => id > after).slice(0, pageSize);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ items: page.map((id) => ({ id })), last: page.at(-1) ?? after }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/items`,
    add: (id) => items.push(id),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** What the journal says of each cursor, in its order: of the polled list, and of the file. */
function cursorsThatWentBack(state) {
  const found = [];
  const last = new Map();
  const name = readdirSync(state).find((each) => /^[0-9a-f]{16}$/.test(each));
  const folder = join(state, name, "journal");
  const segments = readdirSync(folder).filter((each) => /^segment-.*\.jsonl$/.test(each));
  let looked = 0;
  for (const segment of segments.sort(bySegment)) {
    for (const text of readFileSync(join(folder, segment), "utf8").split("\n")) {
      if (!text.includes('"type":"cursor"')) continue;
      const { source, value } = JSON.parse(text);
      const at = /^poll\/.*cursor$/.test(source) ? value : value?.offset;
      if (typeof at !== "number") continue;
      looked += 1;
      if (at < (last.get(source) ?? 0)) found.push(`${source}: ${last.get(source)} to ${at}`);
      last.set(source, at);
    }
  }
  if (looked === 0) throw new Error("no cursor was found in the journal");
  return found;
}

function bySegment(one, other) {
  return one.localeCompare(other, "en", { numeric: true });
}

/** Undefined where this user may not mount one. */
function smallDisk(folder) {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  const ballast = join(folder, "ballast");
  return {
    fill() {
      try {
        writeFileSync(ballast, Buffer.alloc(32 * 1024 * 1024));
      } catch {
        // It is full.
      }
    },
    free: () => rmSync(ballast, { force: true }),
    remove() {
      execFileSync("umount", ["-l", folder]);
    },
  };
}
