// What it costs that an accepted delivery survives a power cut: the same router with its journal on disk, and in memory
// (/dev/shm), where fdatasync has nothing to do. The journal's own work is in both: without it there is no router.

import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { router } from "../harness/contenders.mjs";
import { median } from "../harness/statistics.mjs";
import { measureLatency } from "./latency.mjs";
import { measureThroughput, startAll } from "./throughput.mjs";

const inMemory = "/dev/shm";
const rounds = 3;
const roundMs = 2_500;
const minShare = 0.8;
const maxP99 = 2;
/** statfs(2): TMPFS_MAGIC. */
const memoryFileSystem = 0x01021994;

async function contenders() {
  return [
    { ...(await router({ channels: 10 })), name: "disk" },
    { ...(await router({ channels: 10, stateIn: inMemory })), name: "memory" },
  ];
}

export async function durable() {
  const all = await startAll(await contenders());
  let results;
  try {
    results = await measureThroughput(all.servers, { rounds, roundMs });
  } finally {
    await all.close();
  }
  const perSecond = (name) => results[name].map((round) => round.perSecond);
  const share = median(perSecond("disk").map((own, index) => own / perSecond("memory")[index]));
  const { rate, p50, p99 } = await measureLatency(await contenders());
  const show = (name) => `${p99[name].toFixed(1)} ms (p50 ${p50[name].toFixed(1)})`;
  const isNoDisk = statfsSync(tmpdir()).type === memoryFileSystem;
  return [
    {
      figure: "journal on disk against in memory, 16 connections",
      router: `${median(perSecond("disk")).toFixed(0)}/s`,
      against: `${median(perSecond("memory")).toFixed(0)}/s`,
      ratio: share,
      target: `>= ${minShare} x`,
      ok: share >= minShare,
      ...(isNoDisk && { note: `${tmpdir()} is in memory too: set TMPDIR to a folder on a disk` }),
    },
    {
      figure: `the same, p99 request to line, ${rate}/s`,
      router: show("disk"),
      against: show("memory"),
      ratio: p99.disk / p99.memory,
      target: `<= ${maxP99} x`,
      ok: p99.disk / p99.memory <= maxP99,
    },
  ];
}
