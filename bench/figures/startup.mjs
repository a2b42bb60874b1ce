// From the spawn to the answer of `initialize`, as a session of Claude Code waits for it, with a config of 50 channels.
// The three cases take turns, so that a busy moment of the machine meets all of them.

import { minimal, router, withFreshState } from "../harness/contenders.mjs";
import { note } from "../harness/note.mjs";
import { startServer } from "../harness/server.mjs";
import { median } from "../harness/statistics.mjs";

const runs = 11;
const target = 0.45;

export async function startup() {
  const plain = await minimal();
  const routed = await router({ channels: 50 });
  const cases = {
    minimal: () => plain,
    "router, warm": () => routed,
    "router, cold": () => withFreshState(routed),
  };
  const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  try {
    // The first start is not counted: it leaves the start cache behind, and the files in the system's own cache.
    for (const contender of [plain, routed]) await timeStart(contender);
    for (let run = 0; run < runs; run++) {
      note(`startup: run ${run + 1} of ${runs}`);
      for (const [name, contender] of Object.entries(cases)) times[name].push(await timeStart(contender()));
    }
  } finally {
    plain.dispose();
    routed.dispose();
  }
  const against = median(times.minimal);
  return ["router, warm", "router, cold"].map((name) => {
    const own = median(times[name]);
    return {
      figure: `spawn to initialize, 50 channels, ${name === "router, warm" ? "second start" : "first start"}`,
      router: `${own.toFixed(0)} ms`,
      against: `${against.toFixed(0)} ms`,
      ratio: own / against,
      target: `<= ${target} x`,
      ok: own / against <= target,
    };
  });
}

async function timeStart(contender) {
  const server = await startServer(contender);
  // A server that is stopped before it listens would be measured without the work that follows its first answer.
  await server.listening();
  await server.stop();
  return server.startupMs;
}
