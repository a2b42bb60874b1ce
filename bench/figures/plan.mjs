// `channel-router plan --since` over a journal of 100,000 events: the time and the memory of the whole command. The journal is written
// by the router's own code, bundled from the source; each event is about 1.5 KB and is taken by one of four channels.

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadSource } from "../harness/load-source.mjs";
import { note } from "../harness/note.mjs";
import { residentMb } from "../harness/process-usage.mjs";

const events = 100_000;
const atOnce = 500;
const maxSeconds = 60;
const maxMb = 400;
const program = fileURLToPath(new URL("../../dist/channel-router.js", import.meta.url));

const config = `sources:
  ci:
    type: http
    path: /ci
channels:
  failed:
    from: ci
    match: { data.state: failed }
    dedupe: { key: "{{data.id}}", for: 1h }
    content: "{{data.job}} failed: {{truncate data.text 80}}"
  flip:
    from: ci
    match: { data.state: flip }
    changed: { value: data.value, by: "{{data.job}}" }
    content: "{{data.job}} is {{data.value}}"
  slow:
    from: ci
    when: data.seconds > 600
    content: "{{data.job}} took {{data.seconds}} s"
  rest:
    from: ci
    content: "{{data.job}} {{data.state}}"
`;

export async function plan() {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  try {
    note(`plan: ${events.toLocaleString("en")} events into a journal`);
    const file = join(folder, "channels.yaml");
    const edited = join(folder, "edited.yaml");
    writeFileSync(file, config);
    writeFileSync(edited, config.replace("{{data.job}} failed", "{{upper data.job}} failed"));
    const env = { ...process.env, CHANNEL_ROUTER_STATE_DIR: join(folder, "state"), CLAUDECODE: "" };
    await fill(file, env);
    note("plan: the command");
    const { seconds, mb, code } = await run([edited, "--config", file, "--since", "7d", "--json"], env);
    return [
      {
        figure: `plan --since, ${events.toLocaleString("en")} events`,
        router: `${seconds.toFixed(1)} s, ${mb.toFixed(0)} MB`,
        target: `<= ${maxSeconds} s, <= ${maxMb} MB`,
        ok: code === 1 && seconds <= maxSeconds && mb <= maxMb,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What other channels of the same names made of them, so that each event differs, which is the most work. */
async function fill(file, env) {
  const { openJournal, stateFolder, createEventIds } = await loadParts();
  const nowMs = Date.now();
  const folder = join(stateFolder(env, file), "journal");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const journal = await openJournal({
    folder,
    term: 1,
    isCurrent: () => true,
    clock: { now: () => nowMs, after: () => () => {} },
    log: { info() {}, warn() {}, error() {} },
    maxBytes: 2 ** 31,
  });
  const newId = createEventIds();
  const states = ["failed", "flip", "passed"];
  let pending = [];
  for (let n = 0; n < events; n++) {
    const timeMs = nowMs - (events - n) * 100;
    const [state, job] = [states[n % 3], `job ${n % 50}`];
    const data = { id: n, job, state, value: n, seconds: (n * 37) % 900, text };
    const event = {
      ...{ id: newId(timeMs), source: "ci", connector: "http", timeMs, trust: "verified" },
      ...{ data, text: JSON.stringify(data) },
    };
    const channel = state === "passed" ? "rest" : state;
    const terms = { source: "ci", to: "one" };
    const delivery = { channel, content: `${job} ${state}`, meta: { channel }, tokens: 30, terms };
    const write = { scope: `${channel}/bench`, key: String(n), value: event.id, limit: 10_000 };
    pending.push(journal.append({ event, deliveries: [delivery], memory: [write] }));
    if (pending.length < atOnce) continue;
    await Promise.all(pending);
    pending = [];
  }
  await Promise.all(pending);
  await journal.close();
}

const text = "what the job printed, ".repeat(60);

function run(args, env) {
  const begun = performance.now();
  const child = spawn(process.execPath, [program, "plan", ...args], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  let mb = 0;
  const looking = setInterval(() => {
    mb = Math.max(mb, residentMb(child.pid));
  }, 50);
  return new Promise((resolve) => {
    child.on("exit", (code) => {
      clearInterval(looking);
      resolve({ code, mb, seconds: (performance.now() - begun) / 1_000 });
    });
  });
}

const loadParts = () =>
  loadSource([
    'export { openJournal } from "./src/journal/journal.ts";',
    'export { stateFolder } from "./src/config/paths.ts";',
    'export { createEventIds } from "./src/router/event-id.ts";',
  ]);
