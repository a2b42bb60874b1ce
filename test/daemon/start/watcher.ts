// A program for client-watch.test.ts: finds its client, says who it is, and says so when it is gone.

import { findClient, readAncestors, watchClient } from "../../../src/daemon/start/client-watch.ts";

const client = findClient(await readAncestors(), process.env);
process.stdout.write(`${JSON.stringify({ pid: process.pid, client: client?.pid ?? null })}\n`);
process.stdin.resume();
setTimeout(() => process.exit(9), 15_000);
if (client !== undefined) {
  watchClient(client, () => {
    process.stdout.write('{"gone":true}\n');
    process.exit(0);
  });
}
