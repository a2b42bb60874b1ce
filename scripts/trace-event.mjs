// Shows the road of one posted event: builds a copy of the program in which every function of `src` reports that it was
// entered, posts events to an http source with one channel and one session, and counts what one of them entered.
//
//   node scripts/trace-event.mjs           the figures, and what is entered more than twice
//   node scripts/trace-event.mjs --steps   also every entry, in order
//
// An entry is a call of a function with a name; callbacks without one are counted apart. A move is an entry in another
// room than the entry before it; the files beside the rooms count to none. The first event loads chunks and fills caches,
// and the program looks at its files now and then, so several are recorded, and the one with the fewest entries counts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseSync } from "oxc-parser";
import { rolldown } from "rolldown";
import { bundleOptions, root, version } from "./bundle.mjs";

const events = 6;
/** By the number that the copy reports. */
const functions = [];
const functionTypes = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** Loaded before the copy: SIGUSR2 begins to record, and writes what was recorded when it comes again. */
const recorder = `
import { writeFileSync } from "node:fs";
let entered;
globalThis.__enter = (id) => {
  entered?.push(id);
};
process.on("SIGUSR2", () => {
  if (entered !== undefined) writeFileSync(process.env.TRACE_FILE, JSON.stringify(entered));
  entered = entered === undefined ? [] : undefined;
});
`;

const folder = mkdtempSync(join(tmpdir(), "trace-event-"));
try {
  await buildCopy();
  print(await record());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function buildCopy() {
  const instrument = {
    name: "instrument",
    load: {
      filter: { id: /\/src\/[^?]*\.ts$/ },
      handler: (path) => ({ code: instrumented(path), moduleType: "ts" }),
    },
  };
  const bundle = await rolldown(bundleOptions([instrument]));
  await bundle.write({ dir: folder, format: "esm" });
  await bundle.close();
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "recorder.js"), recorder);
}

/** The same text with a call at the start of each function. */
function instrumented(path) {
  const text = readFileSync(path, "utf8");
  const file = relative(join(root, "src"), path);
  const insertions = [];
  const visit = (node, parent) => {
    if (Array.isArray(node)) for (const item of node) visit(item, parent);
    else if (typeof node?.type === "string") {
      if (functionTypes.has(node.type) && node.body?.type !== undefined) {
        const { type, start, end } = node.body;
        const enter = `__enter(${functions.push({ file, ...nameOf(node, parent, text) }) - 1})`;
        if (type === "BlockStatement") insertions.push([start + 1, `${enter};`]);
        else insertions.push([start, `(${enter},`], [end, ")"]);
      }
      for (const value of Object.values(node))
        if (typeof value === "object" && value !== null) visit(value, node);
    }
  };
  visit(parseSync(file, text).program);
  let made = "";
  let from = 0;
  for (const [at, words] of insertions.sort(([a], [b]) => a - b)) {
    made += text.slice(from, at) + words;
    from = at;
  }
  return made + text.slice(from);
}

function nameOf({ id, start }, parent, text) {
  const { name, type } = id ?? parent?.key ?? parent?.id ?? {};
  if (name === undefined) return { line: text.slice(0, start).split("\n").length };
  return { name: type === "PrivateIdentifier" ? `#${name}` : name };
}

/** The functions that an event entered, in order. */
async function record() {
  const config = join(folder, "channels.yaml");
  const file = join(folder, "entered.json");
  writeFileSync(
    config,
    `version: 1
listen: ":0"
sources:
  ci:
    type: http
    path: /ci
channels:
  builds:
    from: ci
    match:
      data.status: failed
`,
  );
  const router = spawn(
    process.execPath,
    ["--import", join(folder, "recorder.js"), join(folder, "channel-router.js"), "run", "--config", config],
    {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        CHANNEL_ROUTER_STATE_DIR: join(folder, "state"),
        TRACE_FILE: file,
      },
      cwd: folder,
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  try {
    const client = talkTo(router);
    await client.request("initialize", {
      protocolVersion: "2025-06-18",
      capabilities: {},
      clientInfo: { name: "trace-event", version },
    });
    client.notify("notifications/initialized", {});
    const address = await listening(client);
    let fewest;
    for (let count = 1; count <= events; count += 1) {
      // What came before has settled, and nothing is on its way.
      await sleep(1_500);
      router.kill("SIGUSR2");
      await sleep(100);
      const delivered = client.event();
      const answer = await fetch(`${address}/ci`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ status: "failed", run: count }),
      });
      if (!answer.ok) throw new Error(`the event was refused: ${answer.status} ${await answer.text()}`);
      await Promise.race([delivered, late()]);
      await sleep(200);
      router.kill("SIGUSR2");
      await sleep(200);
      const entered = JSON.parse(readFileSync(file, "utf8"));
      if (fewest === undefined || entered.length < fewest.length) fewest = entered;
    }
    return fewest;
  } finally {
    const exited = once(router, "exit");
    router.stdin.end();
    const cancel = new AbortController();
    sleep(5_000, undefined, { signal: cancel.signal }).then(
      () => router.kill("SIGKILL"),
      () => {},
    );
    await exited;
    cancel.abort();
  }
}

/** Waits until `status` names the address. */
async function listening(client) {
  for (let tries = 0; tries < 100; tries += 1) {
    const { content } = await client.request("tools/call", { name: "status", arguments: {} });
    const address = /listener: (http\S+)/.exec(content?.[0]?.text ?? "")?.[1];
    if (address !== undefined && / running/.test(content[0].text)) return address;
    await sleep(100);
  }
  throw new Error("the router does not listen");
}

async function late() {
  await sleep(20_000, undefined, { ref: false });
  throw new Error("the event was not delivered");
}

function talkTo(router) {
  const answers = new Map();
  let onEvent = () => {};
  let unread = "";
  router.stdout.setEncoding("utf8").on("data", (text) => {
    const lines = `${unread}${text}`.split("\n");
    unread = lines.pop();
    for (const line of lines) {
      const message = JSON.parse(line);
      if (message.method === "notifications/claude/channel") onEvent();
      else if (message.method === undefined) answers.get(message.id)?.(message.result ?? {});
    }
  });
  const send = (message) => router.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  return {
    notify: (method, params) => send({ method, params }),
    request(method, params) {
      const id = answers.size + 1;
      send({ id, method, params });
      return new Promise((resolve) => answers.set(id, resolve));
    },
    event: () =>
      new Promise((resolve) => {
        onEvent = resolve;
      }),
  };
}

function print(entered) {
  const all = entered.map((id) => functions[id]);
  const entries = all.filter(({ name }) => name !== undefined);
  if (process.argv.includes("--steps"))
    for (const { file, name, line } of all) console.log(`${file} ${name ?? `line ${line}`}`);
  const counts = new Map();
  for (const { file, name } of entries) {
    const what = `${file} ${name}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  for (const [what, count] of [...counts].sort(([, a], [, b]) => b - a))
    if (count > 2) console.log(`${String(count).padStart(4)}  ${what}`);
  const rooms = entries
    .map(({ file }) => file.split("/"))
    .flatMap(([room, inside]) => (inside ? [room] : []));
  const moves = rooms.filter((room, index) => index > 0 && room !== rooms[index - 1]).length;
  console.log(`files      ${new Set(entries.map(({ file }) => file)).size}`);
  console.log(`functions  ${counts.size}`);
  console.log(`entries    ${entries.length}, and ${all.length - entries.length} callbacks without a name`);
  console.log(`moves      ${moves}, between ${new Set(rooms).size} rooms`);
}
