// A second session of the same config: how soon it is greeted, what it costs while nothing happens, and how much later an
// event comes out of it than out of the owner's own session.

import { setTimeout as sleep } from "node:timers/promises";
import { labelled, minimal, router } from "../harness/contenders.mjs";
import { note } from "../harness/note.mjs";
import { processorMsExact, residentMb } from "../harness/process-usage.mjs";
import { startServer } from "../harness/server.mjs";
import { median, percentile } from "../harness/statistics.mjs";
import { measureLatencies } from "./latency.mjs";

const starts = 11;
const maxStart = 0.5;
const idleWindows = 7;
const idleMs = 2_000;
const maxIdlePercent = 0.2;
const maxResidentMb = 60;
const hopRounds = 3;
const hopLoad = { rate: 100, events: 250 };
const maxHopMs = 2;
const label = "there";

export async function sessions() {
  return [...(await attaching()), ...(await hop())];
}

async function attaching() {
  const routed = await router({ channels: 50 });
  const plain = await minimal();
  const times = { attached: [], minimal: [] };
  try {
    const owner = await startServer(routed);
    await owner.listening();
    for (let run = 0; run < starts; run++) {
      for (const [name, contender] of Object.entries({ attached: routed, minimal: plain })) {
        const server = await startServer(contender);
        times[name].push(server.startupMs);
        await server.stop();
      }
    }
    const attached = await startServer(routed);
    note("sessions: idle");
    await sleep(4_000);
    const processes = [owner, attached];
    const shares = processes.map(() => []);
    for (let window = 0; window < idleWindows; window++) {
      const before = processes.map(({ pid }) => processorMsExact(pid));
      await sleep(idleMs);
      for (const [index, { pid }] of processes.entries()) {
        shares[index].push(((processorMsExact(pid) - before[index]) / idleMs) * 100);
      }
    }
    // The median, because collecting the garbage of the start falls into one window and is no idling.
    const [ownerShare, attachedShare] = shares.map(median);
    const resident = residentMb(attached.pid);
    for (const server of [attached, owner]) await server.stop();
    const ratio = median(times.attached) / median(times.minimal);
    return [
      {
        figure: "spawn to initialize, attaching, 50 channels",
        router: `${median(times.attached).toFixed(0)} ms`,
        against: `${median(times.minimal).toFixed(0)} ms`,
        ratio,
        target: `<= ${maxStart} x`,
        ok: ratio <= maxStart,
      },
      {
        figure: "processor time while idle, owner and attached",
        router: `${ownerShare.toFixed(2)} %, ${attachedShare.toFixed(2)} %`,
        target: `< ${maxIdlePercent} % each`,
        ok: Math.max(ownerShare, attachedShare) < maxIdlePercent,
      },
      {
        figure: "resident memory, attached",
        router: `${resident.toFixed(0)} MB`,
        target: `<= ${maxResidentMb} MB`,
        ok: resident <= maxResidentMb,
      },
    ];
  } finally {
    routed.dispose();
    plain.dispose();
  }
}

/** The same few events for one labelled session, which is once the owner's own and once another process'. */
async function hop() {
  const own = [];
  const across = [];
  const routed = await router({ channels: 10, label });
  try {
    for (let round = 0; round < hopRounds; round++) {
      own.push(await timeTo(routed, false));
      across.push(await timeTo(routed, true));
      note(`sessions: hop, round ${round + 1} of ${hopRounds}`);
    }
  } finally {
    routed.dispose();
  }
  const hopMs = median(across.map((p50, index) => p50 - own[index]));
  return [
    {
      figure: "p50 request to line, attached and owner's session",
      router: `${median(across).toFixed(2)} ms`,
      against: `${median(own).toFixed(2)} ms`,
      target: `<= ${maxHopMs} ms between`,
      ok: hopMs <= maxHopMs,
      note: `the hop to another process takes ${hopMs.toFixed(2)} ms (p50)`,
    },
  ];
}

async function timeTo(routed, isAcross) {
  const owner = await startServer(isAcross ? routed : labelled(routed, label));
  await owner.listening();
  const reader = isAcross ? await startServer(labelled(routed, label)) : owner;
  await sleep(500);
  await measureLatencies(owner, { ...hopLoad, reader });
  const times = await measureLatencies(owner, { ...hopLoad, reader });
  for (const server of new Set([reader, owner])) await server.stop();
  return percentile(times, 0.5);
}
