// docs/observability.md: each metric that it lists is there, and all of ours are listed; the program in it runs.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { EventFeed } from "../../src/console/event-feed.ts";
import type { RouterEvent } from "../../src/contract.ts";
import { EventMetrics } from "../../src/daemon/metrics/event-metrics.ts";
import { Observers } from "../../src/daemon/metrics/observers.ts";
import type { DaemonState } from "../../src/daemon/state.ts";
import { eventually } from "../support/router.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/observability.md", import.meta.url)), "utf8");

test("the metrics of events are those that the page lists, with their labels", () => {
  const metrics = new EventMetrics(systemClock, () => true).metrics();
  const rows = metrics.map(({ name, type }) => `| \`${name}${type === "counter" ? "_total" : ""}\` | `);
  expect(rows.filter((row) => !page.includes(row))).toEqual([]);
});

test("the program that reads events prints each of them", async () => {
  const observers = new Observers();
  const state = {
    ...{ clock: systemClock, observers, mask: (text: string) => text },
    running: () => undefined,
  };
  const feed = new EventFeed({
    state: state as unknown as DaemonState,
    tokenOf: (authorization) => (authorization === "Bearer crt_example" ? "t-1" : undefined),
  });
  let isConnected = false;
  const server = createServer((request, response) => {
    isConnected = feed.serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const [, program = ""] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  expect(program.trim().split("\n").length).toBeLessThanOrEqual(12);
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: {
      ROUTER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      TOKEN: "crt_example",
    },
  });
  let printed = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  await eventually(() => isConnected);
  for (const id of ["00000000000a1", "00000000000a2"]) {
    const event = {
      id,
      source: "github",
      connector: "http",
      timeMs: 0,
      trust: "verified",
      data: "a\n\nb",
      text: "",
    };
    observers.stored(event as RouterEvent, []);
  }
  await eventually(() => printed === "github 00000000000a1\ngithub 00000000000a2\n");
  child.kill();
  feed.close();
  server.close();
  server.closeAllConnections();
});
