// 200 polls, each once a minute (the default), of an address with 250 old items on which nothing new happens: what that costs more
// than a router without sources beside it, and that history makes no event.

import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { polling } from "../harness/contenders.mjs";
import { note } from "../harness/note.mjs";
import { processorMsExact, residentMb } from "../harness/process-usage.mjs";
import { startServer } from "../harness/server.mjs";

const count = 200;
/** Longer than the longest pause between two polls. */
const measuredMs = 72_000;
const maxShare = 0.01;

export async function polls() {
  const far = createServer(answer);
  let asked = 0;
  far.on("request", () => {
    asked += 1;
  });
  await new Promise((resolve) => far.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${far.address().port}`;
  const contenders = [await polling({ count, url }), await polling({ count: 0, url })];
  try {
    const [server, idle] = await Promise.all(contenders.map(startServer));
    note(`polls: the first ${count}`);
    while (asked < count) await sleep(100);
    await sleep(5_000);
    const before = { asked, server: processorMsExact(server.pid), idle: processorMsExact(idle.pid) };
    note(`polls: ${measuredMs / 1_000} s of nothing new`);
    await sleep(measuredMs);
    const share = (processorMsExact(server.pid) - before.server) / measuredMs;
    const idleShare = (processorMsExact(idle.pid) - before.idle) / measuredMs;
    const requests = asked - before.asked;
    const memory = residentMb(server.pid);
    await Promise.all([server.stop(), idle.stop()]);
    return [
      {
        figure: `processor for ${count} polls once a minute, nothing new`,
        router: `${percent(share)}, ${requests} requests, ${memory.toFixed(0)} MB`,
        against: `${percent(idleShare)} without`,
        target: `< ${percent(maxShare)} more`,
        ok: share - idleShare < maxShare && requests >= count,
      },
      {
        figure: `events of ${count} first polls with 250 old items each`,
        router: `${server.events}`,
        target: "0",
        ok: server.events === 0,
      },
    ];
  } finally {
    for (const contender of contenders) contender.dispose();
    far.closeAllConnections();
    far.close();
  }
}

const percent = (share) => `${(share * 100).toFixed(2)} %`;

const items = JSON.stringify(
  Array.from({ length: 250 }, (_, index) => ({
    id: 250 - index,
    title: `An old item, number ${250 - index}`,
  })),
);

function answer(request, response) {
  const etag = '"250"';
  if (request.headers["if-none-match"] === etag) return response.writeHead(304, { etag }).end();
  response.writeHead(200, { "content-type": "application/json", etag }).end(items);
}
