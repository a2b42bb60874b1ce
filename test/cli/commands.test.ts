// The commands about a running router: what a person types, what they read, how it exits.

import { beforeEach, describe, expect, test } from "vitest";
import type { Json } from "../../src/contract.ts";
import { createControl } from "../../src/daemon/commands/control.ts";
import { ConnectorError } from "../../src/errors.ts";
import { line } from "../../src/text.ts";
import { version } from "../../src/version.ts";
import { command, listed, type RunningFixture, startRunning } from "./running.ts";

let running: RunningFixture;
beforeEach(async () => {
  running = await startRunning({
    big: { match: { data: { glob: "big*" } }, content: "{{data}}!" },
    once: { match: { data: "once" }, dedupe: { key: "{{data}}", forMs: 60_000 } },
  });
});

const send = async (data: string) => {
  const { stdout } = await command(running, ["send", "post", "--data", data, "--json"]);
  return JSON.parse(stdout) as { event_id: string; outcome: string };
};

describe("status", () => {
  test("names process, sources, sessions and counts", async () => {
    running.sessions.push({
      id: "s1",
      pid: 12,
      project: "/code/api",
      label: "api",
      client: { name: "claude-code", version: "2.1.330" },
      listening: { state: "no", reason: "Claude was started without --channels" },
      sinceMs: running.clock.now() - 120_000,
      sent: 3,
    });
    await send("big one");
    const { code, stdout } = await command(running, ["status"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`channel-router ${version}, pid ${process.pid}, in the background, up 0 s`);
    expect(stdout).toContain("  post (letter) running");
    expect(stdout).toContain("  s1 (review, api) /code/api, pid 12, claude-code 2.1.330, idle");
    expect(stdout).toContain(
      "listening: no, Claude was started without --channels; 3 events sent, since 2 min ago",
    );
    expect(stdout).toContain("1 accepted");
    expect(stdout).toContain("journal: 1 open, 0 dead, 2.0 KiB");
  });

  test("exits 1 when the config has a problem", async () => {
    const state = { ...running.state, problems: () => [line`channels.yaml:1:1 is broken`] };
    const { code, stdout } = await command({ ...running, state }, ["status", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ problems: ["channels.yaml:1:1 is broken"], epoch: 2 });
  });
});

test("no running router is said with what to do, and which others run", async () => {
  const { code, stderr } = await command(running, ["status", "--config", "/elsewhere.yaml"]);
  expect(code).toBe(1);
  expect(stderr).toContain("no router runs for /elsewhere.yaml");
  expect(stderr).toContain(
    "start Claude Code with it, or channel-router up; others run: --config /p/channels.yaml",
  );
});

describe("send", () => {
  test("exits 0 for an event that a channel took", async () => {
    const { code, stdout } = await command(running, ["send", "post", "-d", "big one"]);
    expect(stdout).toMatch(/^accepted \w{13} by big\n$/);
    expect(code).toBe(0);
  });

  test("exits 1 and says why for one that nobody wants", async () => {
    const { code, stdout } = await command(running, ["send", "post", "--data", "small"]);
    expect(stdout).toContain("unmatched");
    // Also for a channel that admission passed over without asking.
    expect(stdout).toContain('no  big: match: data: was "small", wanted glob "big*"');
    expect(stdout).toContain('no  once: match: data: was "small", wanted "once"');
    expect(code).toBe(1);
  });

  test("the payload may stand beside the source, but not twice", async () => {
    expect((await command(running, ["send", "post", "big one"])).stdout).toMatch(
      /^accepted \w{13} by big\n$/,
    );
    const twice = await command(running, ["send", "post", "big one", "-d", "big two"]);
    expect(twice.stderr).toContain("the payload was given twice");
    expect(twice.code).toBe(2);
  });

  test("an unknown source is wrong usage, with the nearest name", async () => {
    const { code, stderr } = await command(running, ["send", "posst"]);
    expect(stderr).toContain('no source named posst\n  did you mean "post"?');
    expect(code).toBe(2);
  });
});

describe("events", () => {
  test("lists accepted and unwanted ones in the order of their arrival", async () => {
    await send("big one");
    await running.clock.advance(10);
    await send("small");
    const { stdout, code } = await command(running, ["events"]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/ accepted post -> big done {2}big one!$/);
    expect(lines[1]).toMatch(/ unmatched post {2}big: match: data/);
    expect(code).toBe(0);
    const limited = await command(running, ["events", "-n", "1", "--json"]);
    expect(JSON.parse(limited.stdout).events).toMatchObject([{ outcome: "unmatched" }]);
  });

  test("a content that moves the cursor or begins a new line cannot do so", async () => {
    await send("big \u001b[2J\r\u009bsecond");
    const { stdout } = await command(running, ["events"]);
    expect(stdout).not.toMatch(/[\u001b\r\u009b]/);
    expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  });

  test("-f shows the latest, then each as it comes, until it is interrupted", async () => {
    await send("big one");
    const interrupt = new AbortController();
    let shown = "";
    const following = command(running, ["events", "-f", "--json"], {
      interrupted: () => interrupt.signal,
      print(text) {
        shown += text;
        if (shown.includes("two")) interrupt.abort();
      },
    });
    await new Promise((resolve) => setImmediate(resolve));
    await running.router.emit("post", { data: "big two", text: "big two", trust: "local" });
    await running.router.emit("post", { data: "two", text: "two", trust: "local" });
    expect((await following).code).toBe(0);
    const outcomes = shown
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line).outcome);
    expect(outcomes).toEqual(["accepted", "accepted", "unmatched"]);
  });

  test("-f goes on with the next owner, and shows nothing twice and nothing from before", async () => {
    await send("big one");
    await running.clock.advance(60_000);
    const interrupt = new AbortController();
    const control = createControl(running.state);
    const asked: Json[] = [];
    const shown: string[] = [];
    const following = command(running, ["events", "-f", "-n", "0", "--json"], {
      interrupted: () => interrupt.signal,
      print(text) {
        shown.push(JSON.parse(text).event_id);
        if (shown.length === 3) interrupt.abort();
      },
      routers: {
        list: async () => [listed(running.state)],
        async call(_, name, args, options = {}) {
          asked.push(args);
          const owner = new AbortController();
          const signal = AbortSignal.any([owner.signal, options.signal ?? owner.signal]);
          let parts = 0;
          await control(
            name,
            args,
            async (part) => {
              options.onPart?.(part);
              parts += 1;
              // The first owner dies with its second event.
              if (asked.length === 1 && parts === 2) owner.abort();
            },
            signal,
          );
          throw new ConnectorError("E_CONTROL", "the peer closed the connection", { retryable: true });
        },
      },
    });
    const emit = (data: string) => running.router.emit("post", { data, text: data, trust: "local" });
    await new Promise((resolve) => setImmediate(resolve));
    const ids = [];
    for (const data of ["big two", "big three", "big four"]) ids.push((await emit(data)).eventId);
    expect((await following).code).toBe(0);
    expect(shown).toEqual(ids);
    expect(asked[0]).toEqual({ limit: 0, follow: true });
    expect(asked[1]).toMatchObject({ since: expect.any(String) });
  });

  test.each(["many", "0", "1001", "-1"])("a limit of %s is wrong usage", async (limit) => {
    const { code, stderr } = await command(running, ["events", `--limit=${limit}`]);
    expect(code).toBe(2);
    expect(stderr).toContain(`--limit must be a whole number from 1 to 1000, not ${limit}`);
  });
});

describe("why", () => {
  test("tells an accepted event from its arrival to Claude's receipt", async () => {
    const { event_id } = await send("big one");
    const at = running.clock.now();
    const state = { type: "state" as const, id: event_id, channel: "big", final: false };
    running.history.get(event_id)?.push(
      { ...state, timeMs: at + 1_000, state: "held", reason: "no session is open" },
      { ...state, timeMs: at + 60_000, state: "sent", session: "s1", attempt: 2 },
      {
        ...state,
        timeMs: at + 90_000,
        state: "acked",
        session: "s1",
        reason: "opened a ticket",
        final: true,
      },
    );
    await running.clock.advance(120_000);
    const { stdout, code } = await command(running, ["why", event_id]);
    expect(code).toBe(0);
    const told = stdout.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d /g, "");
    expect(told.split("\n").slice(1)).toEqual([
      " 2 min ago  arrived at post, local",
      "    yes big",
      expect.stringMatching(/^ 2 min ago {2}big: accepted: ~\d+ tokens$/),
      " 1 min ago  big: held: no session is open",
      " 1 min ago  big: sent to session s1, attempt 2, waiting for a receipt",
      "  30 s ago  big: acknowledged by session s1: opened a ticket",
      "",
    ]);
  });

  test("tells for an unwanted event what each channel of its source said", async () => {
    const { event_id } = await send("small");
    const { stdout } = await command(running, ["why", event_id]);
    expect(stdout).toContain("unmatched: no channel of its source wanted it");
    expect(stdout).toMatch(/no {2}big: match/);
    expect(stdout).toMatch(/no {2}once: match/);
  });

  test("tells which filter of which channel dropped a duplicate", async () => {
    await send("once");
    const { event_id } = await send("once");
    const { stdout } = await command(running, ["why", event_id, "--json"]);
    const { outcome, steps } = JSON.parse(stdout);
    expect(outcome).toBe("duplicate");
    expect(steps[1].text).toContain("duplicate by dedupe of once");
  });

  test("an id that nobody knows exits 1", async () => {
    const { code, stderr } = await command(running, ["why", "nonsense"]);
    expect(code).toBe(1);
    expect(stderr).toContain("no stored event has the id nonsense");
  });
});

describe("replay", () => {
  test("makes a new event of the kept one, through the config of today", async () => {
    const { event_id } = await send("big one");
    const { stdout, code } = await command(running, ["replay", event_id, "--json"]);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ outcome: "accepted", channels: ["big"] });
    expect(answer.event_id).not.toBe(event_id);
    expect(code).toBe(0);
  });

  test("--dry-run says what it would come to, and changes nothing", async () => {
    const { event_id } = await send("once");
    await running.clock.advance(120_000);
    const before = running.router.report().counts;
    for (let n = 0; n < 2; n += 1) {
      const { stdout, code } = await command(running, ["replay", event_id, "--dry-run"]);
      expect(stdout).toContain("would be accepted");
      expect(stdout).toContain('<channel source="router" channel="once"');
      expect(code).toBe(0);
    }
    expect(running.router.report().counts).toEqual(before);
  });

  test("an event that nobody took was not kept, and it says so", async () => {
    const { event_id } = await send("small");
    const { code, stderr } = await command(running, ["replay", event_id]);
    expect(code).toBe(1);
    expect(stderr).toContain(`event ${event_id} was unmatched, so it was not kept`);
  });
});

describe("silence", () => {
  test("lasts as long as was said, is shown by status with its reason, and ends with --off", async () => {
    const { stdout } = await command(running, ["silence", "big", "10m", "--reason", "noisy"]);
    expect(stdout).toMatch(/^big is silenced until .* \(in 10 min\)\n$/);
    expect((await command(running, ["status"])).stdout).toMatch(/big until .* \(in 10 min\): noisy/);
    expect((await command(running, ["silence", "big", "--off"])).stdout).toBe("big is no longer silenced\n");
    expect((await command(running, ["status"])).stdout).not.toContain("silenced");
  });

  test.each([
    [["silence", "bigg"], 'did you mean "big"?'],
    [["silence", "big", "soon"], '"soon" is not a duration'],
    [["silence", "big", "1h", "--off"], "--off takes no duration"],
    [["silence"], "missing required argument 'channel'"],
  ])("%j is wrong usage", async (args, message) => {
    const { code, stderr } = await command(running, args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});

describe("down", () => {
  test("ends a router that up started", async () => {
    const { stdout, code } = await command(running, ["down"], {
      processes: { self: async () => ({ pid: 1, start: "" }), isRunning: async () => !running.ended() },
    });
    expect(code).toBe(0);
    expect(stdout).toContain(`down: pid ${process.pid} has ended`);
  });

  test("leaves the router of a Claude session alone", async () => {
    const owned = await startRunning({}, false);
    const { code, stderr } = await command(owned, ["down"]);
    expect(code).toBe(1);
    expect(stderr).toContain(`belongs to a Claude session (pid ${process.pid})`);
    expect(owned.ended()).toBe(false);
  });
});
