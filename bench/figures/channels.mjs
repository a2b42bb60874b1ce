// What one event costs when the config has 1,000 channels, against 10. The same ten channels take the same posts in both,
// and processor time is measured rather than time, because it does not depend on who else uses the machine.

import { router } from "../harness/contenders.mjs";
import { runLoad } from "../harness/load.mjs";
import { note } from "../harness/note.mjs";
import { processorMs } from "../harness/process-usage.mjs";
import { startServer } from "../harness/server.mjs";
import { median } from "../harness/statistics.mjs";

const sizes = [10, 1_000];
const warmUpEvents = 12_000;
const rounds = 4;
const roundEvents = 10_000;
const target = 1.2;

export async function channels() {
  const contenders = [];
  const servers = [];
  const cost = sizes.map(() => []);
  try {
    for (const size of sizes) {
      contenders.push(await router({ channels: size }));
      servers.push(await startServer(contenders.at(-1)));
      await servers.at(-1).listening();
      note(`channels: warming up with ${size}`);
      await runLoad(servers.at(-1), { events: warmUpEvents });
    }
    for (let round = 0; round < rounds; round++) {
      for (const [index, server] of servers.entries()) {
        const before = processorMs(server.pid);
        const { accepted } = await runLoad(server, { events: roundEvents });
        const perEvent = ((processorMs(server.pid) - before) * 1e3) / accepted;
        cost[index].push(perEvent);
        note(`channels: round ${round + 1} of ${rounds}, ${sizes[index]} channels ${perEvent.toFixed(0)} us`);
      }
    }
  } finally {
    for (const server of servers) await server.stop();
    for (const contender of contenders) contender.dispose();
  }
  const [few, many] = cost;
  const ratio = median(many.map((perEvent, index) => perEvent / few[index]));
  return [
    {
      figure: "processor time per event, 1,000 channels against 10",
      router: `${median(many).toFixed(0)} us`,
      against: `${median(few).toFixed(0)} us`,
      ratio,
      target: `<= ${target} x`,
      ok: ratio <= target,
    },
  ];
}
