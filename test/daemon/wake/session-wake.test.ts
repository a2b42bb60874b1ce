// By which way a session is rung, and when the next way is tried.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RingResult } from "../../../src/contract/wake.ts";
import type { DaemonState } from "../../../src/daemon/state.ts";
import { ConnectedWays } from "../../../src/daemon/wake/connected-ways.ts";
import { serveRings } from "../../../src/daemon/wake/serve-rings.ts";
import { SessionWake } from "../../../src/daemon/wake/session-wake.ts";

const client = { session: "s" };
const unknown: RingResult = { rung: "unknown", reason: "lost" };
const failed: RingResult = { rung: false, reason: "broken" };

function open(results: Partial<Record<"monitor" | "hook" | "inbox", RingResult>>, configFolder = "/nowhere") {
  const rung: string[] = [];
  const ways = new ConnectedWays(() => undefined);
  for (const way of ["monitor", "hook"] as const) {
    const result = results[way];
    if (result === undefined) continue;
    const ring = async () => {
      rung.push(way);
      return result;
    };
    ways.add({ way, client, ring, replaced: () => undefined });
  }
  const wake = new SessionWake({
    consent: () => ({ state: "allowed", ways: ["monitor", "hook", "inbox"] }),
    ways,
    client: () => client,
    server: () => ({ name: "router" }),
    configFolder: () => configFolder,
    registration: () => undefined,
    inbox: () => (results.inbox === undefined ? undefined : true),
    async ringInbox() {
      rung.push("inbox");
      return results.inbox as RingResult;
    },
    changed: () => undefined,
    clock: { now: () => 0 },
  });
  return { rung, wake };
}

test("the settings that count are in the folder of the client of the session", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cr-wake-"));
  try {
    writeFileSync(join(folder, "remote-settings.json"), '{"channelsEnabled":false}');
    const { wake, rung } = open({ inbox: { rung: true } }, folder);
    expect([await wake.ring(1), rung]).toEqual([false, []]);
    expect(wake.report().reason).toContain(`channelsEnabled is false in ${folder}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the next way is tried only if nothing was sent", async () => {
  const first = open({ monitor: failed, hook: { rung: true }, inbox: { rung: true } });
  expect([await first.wake.ring(1), first.rung]).toEqual([true, ["monitor", "hook"]]);
  const none = open({ monitor: failed, inbox: failed });
  expect([await none.wake.ring(1), none.rung]).toEqual([false, ["monitor", "inbox"]]);
});

test("a ring that may have arrived counts, whichever way it went, and the reason is reported", async () => {
  for (const way of ["monitor", "hook", "inbox"] as const) {
    const { wake, rung } = open({ inbox: { rung: true }, [way]: unknown });
    expect([await wake.ring(1), rung]).toEqual([true, [way]]);
    await wake.prepare();
    expect(wake.report().reason).toBe(`${way}: lost`);
  }
});

test("a process of the plugin that ends during the ring may have taken it; one that is gone has not", async () => {
  for (const fault of ["ends", "fails"]) {
    const ways = new ConnectedWays(() => undefined);
    const gone = new AbortController();
    const state = {
      sessions: { list: () => [{ clientIdentity: () => client }] },
      wake: () => ({ state: "allowed" }),
      ways,
      running: () => ({ config: { plan: { wake: { ways: ["monitor"] } } } }),
    } as unknown as DaemonState;
    const served = serveRings(
      state,
      { way: "monitor", session: "s" },
      async ({ waiting }) => {
        if (waiting === 0) return;
        gone.abort();
        if (fault === "fails") throw new Error("closed");
      },
      gone.signal,
    );
    const way = ways.of("monitor", client);
    expect(await way?.ring(1)).toMatchObject({ rung: "unknown" });
    expect(await way?.ring(1)).toMatchObject({ rung: false });
    expect(await served).toEqual({ state: "replaced" });
  }
});
