// `npm run bench`: speed and memory of the built router, as ratios to bench/minimal-receiver.mjs in the same run.
// Needs dist/ (`npm run build`) and Linux (/proc). A figure that misses its target is said and does not fail the run,
// unless `--strict` is given: a busy machine makes any single run unreliable.

import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { backlog } from "./figures/backlog.mjs";
import { channels } from "./figures/channels.mjs";
import { durable } from "./figures/durable.mjs";
import { latency } from "./figures/latency.mjs";
import { memory } from "./figures/memory.mjs";
import { plan } from "./figures/plan.mjs";
import { polls } from "./figures/polls.mjs";
import { recovery } from "./figures/recovery.mjs";
import { reload } from "./figures/reload.mjs";
import { sessions } from "./figures/sessions.mjs";
import { shaping } from "./figures/shaping.mjs";
import { startup } from "./figures/startup.mjs";
import { tail } from "./figures/tail.mjs";
import { throughput } from "./figures/throughput.mjs";
import { tokens } from "./figures/tokens.mjs";
import { unread } from "./figures/unread.mjs";
import { printTable } from "./harness/table.mjs";

const figures = {
  startup,
  sessions,
  throughput,
  latency,
  durable,
  recovery,
  backlog,
  channels,
  memory,
  unread,
  polls,
  reload,
  tail,
  shaping,
  tokens,
  plan,
};

const usage = `Usage: npm run bench -- [--only NAME,...] [--json] [--strict] [--unread SECONDS] [--profile FOLDER]
  --only     of ${Object.keys(figures).join(", ")}
  --json     print the rows as JSON
  --strict   exit 1 when a target is missed
  --unread   how long stdout is not read (12)
  --profile  write CPU profiles of the router under load (throughput, latency, memory) to this folder`;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(figures).join(",") },
    json: { type: "boolean", default: false },
    strict: { type: "boolean", default: false },
    unread: { type: "string", default: "12" },
    profile: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const names = values.only.split(",");
const unknown = names.filter((name) => !Object.hasOwn(figures, name));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`no figure ${unknown.join(", ")}`);
  console.error(usage);
  process.exit(values.help ? 0 : 2);
}

const options = { profileFolder: values.profile, stallMs: Number(values.unread) * 1e3 };
const machine = `node ${process.version}, ${cpus().length} x ${cpus()[0].model}, load ${loadavg()[0].toFixed(1)} before`;
const rows = [];
for (const name of names) rows.push(...(await figures[name](options)));

if (values.json) console.log(JSON.stringify({ machine, rows }, null, 2));
else {
  console.log(`\n${machine}\n`);
  printTable(rows);
}
process.exitCode = values.strict && rows.some((row) => !row.ok) ? 1 : 0;
