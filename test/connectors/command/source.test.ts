// The command source with real programs.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { command } from "../../../src/connectors/command/index.ts";
import { createLineSplitter } from "../../../src/connectors/command/lines.ts";
import type { CommandOptions } from "../../../src/connectors/command/options.ts";
import type { Arrival, Clock, Emit, Source } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { createMemoryCursors } from "../../../src/host/store.ts";
import { createListener } from "../../../src/http/server.ts";
import { hostOf, quiet, surroundings } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { isAlive } from "../../support/processes.ts";
import { eventually } from "../../support/router.ts";
import { accept, testSource } from "../conformance.ts";

const folder = mkdtempSync(join(tmpdir(), "router-command-"));
afterAll(() => rmSync(folder, { recursive: true }));
const running: Source[] = [];
afterEach(async () => {
  for (const source of running.splice(0)) await source.stop(AbortSignal.abort());
});

const usual = { exitCodes: [0], maxLineBytes: 65_536, maxOutputBytes: 1_048_576 } as const;
const sh = (script: string): [string, ...string[]] => ["sh", "-c", script];
const stop = () => AbortSignal.timeout(5_000);

interface Opening {
  readonly clock?: Clock;
  readonly cursors?: ReturnType<typeof createMemoryCursors>;
  readonly announce?: (content: string) => void;
}

function open(more: Partial<CommandOptions> & Pick<CommandOptions, "command">, opening: Opening = {}) {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const source = command.create(
    "tested",
    { ...usual, exitCodes: [0], cwd: folder, ...more },
    hostOf({
      clock: opening.clock ?? systemClock,
      listener: createListener({ addresses: [], hosts: [], trusted: () => true, log: quiet }),
      log: { info: write, warn: write, error: write },
      folder,
      ...(opening.cursors === undefined ? {} : { cursors: opening.cursors }),
      ...(opening.announce === undefined ? {} : { announce: opening.announce }),
    }),
  );
  running.push(source);
  const arrivals: Arrival[] = [];
  return {
    source,
    arrivals,
    lines,
    data: () => arrivals.map(({ data }) => data),
    start: (emit: Emit = accept(arrivals)) => source.start(emit),
  };
}

{
  // Says a line whenever its file has grown by one.
  const file = join(folder, "asked");
  writeFileSync(file, "");
  const script = `const fs = require("fs"); let said = 0; setInterval(() => { const n = fs.readFileSync(${JSON.stringify(file)}).length; while (said < n) { said += 1; console.log("line " + said); } }, 20);`;
  let taken = 0;
  testSource({
    type: {
      ...command,
      create(name, options, host) {
        const source = command.create(name, options, host);
        const counting =
          (emit: Emit): Emit =>
          async (arrival) => {
            const result = await emit(arrival);
            taken += 1;
            return result;
          };
        return { ...source, start: (emit) => source.start(counting(emit)) };
      },
    },
    written: { command: [process.execPath, "-e", script] },
    options: { ...usual, exitCodes: [0], command: [process.execPath, "-e", script] },
    async arrive({ source }) {
      const before = taken;
      const runs = () => source.health?.().state === "running";
      const hadEnded = !runs();
      writeFileSync(file, "x", { flag: "a" });
      // Time enough for a program that goes on although it was ended.
      if (hadEnded) await new Promise((resolve) => setTimeout(resolve, 300));
      else await eventually(() => taken > before || !runs());
      return taken > before;
    },
    acks: false,
  });
}

describe("a program that is kept running", () => {
  test("makes an event of each line that is not blank", async () => {
    const { start, data, source } = open({ command: sh("printf 'one\\n\\n  \\ntwo\\r\\nthree'; sleep 60") });
    await start();
    await eventually(() => data().length === 2);
    expect(data()).toEqual([{ line: "one" }, { line: "two" }]);
    expect(source.health?.()).toMatchObject({
      state: "running",
      detail: expect.stringMatching(/^sh, pid \d+$/),
    });
  });

  test("makes events of its JSON, and of a line that is none all the same", async () => {
    const { start, data, lines } = open({
      command: sh(`printf '{"a":1}\\n[2]\\n"x"\\nnot json\\nnor this\\n'; sleep 60`),
      format: "json",
    });
    await start();
    await eventually(() => data().length === 5);
    expect(data()).toEqual([{ a: 1 }, [2], "x", { line: "not json" }, { line: "nor this" }]);
    expect(lines.filter((line) => line.includes("is not valid JSON"))).toHaveLength(1);
  });

  test("is started again when it ends, later each time that it ends at once, and the session is told", async () => {
    const clock = manualClock();
    const told: string[] = [];
    const { start, data, lines, source } = open(
      { command: sh("echo up; echo 'no way in' >&2; exit 3") },
      { clock, announce: (content) => void told.push(content) },
    );
    await start();
    for (const count of [1, 2, 3]) {
      await eventually(() => source.health?.().nextTryMs !== undefined && data().length === count);
      await clock.advance(count === 3 ? 0 : 4_000);
    }
    expect(lines.filter((line) => line.includes("exited with code 3"))).toHaveLength(1);
    expect(lines[0]).toContain("the command sh exited with code 3 (stderr: no way in)");
    expect(told).toEqual([expect.stringMatching(/^source tested fails: the command sh exited with code 3/)]);
    expect(source.health?.()).toMatchObject({ lastError: expect.stringContaining("no way in") });
  });

  test("is left alone after it went well, or in any case, where restart says so", async () => {
    const well = open({ command: sh("echo done"), restart: "failure" });
    await well.start();
    await eventually(() => well.source.health?.().state === "stopped");
    expect(well.source.health?.().detail).toBe("the command sh exited with code 0");
    expect(well.data()).toEqual([{ line: "done" }]);
    const badly = open({ command: sh("exit 4"), restart: "never" });
    await badly.start();
    await eventually(() => badly.source.health?.().detail === "the command sh exited with code 4");
  });

  test("that is not there waits and tries again", async () => {
    const { start, source } = open({ command: ["no-such-program-here"] });
    await start();
    await eventually(() => source.health?.().state === "waiting");
    expect(source.health?.().lastError).toContain("no such program");
  });

  test("waits while nobody takes what it says, and nothing of it is lost", async () => {
    let isFull = true;
    const { start, source, arrivals } = open({ command: sh("seq 1 200000; sleep 60") });
    await start(async (arrival) => {
      if (isFull) throw new DeliveryError("E_SESSION_BUSY", "the queue is full");
      arrivals.push(arrival);
      return { eventId: "e", outcome: "accepted" };
    });
    await eventually(() => source.health?.().detail?.includes("to be taken") === true);
    expect(arrivals).toEqual([]);
    isFull = false;
    await eventually(() => arrivals.length === 200_000);
    expect(arrivals.at(-1)?.data).toEqual({ line: "200000" });
  });

  test("ends with the source, with all that it started", async () => {
    const { start, source, data } = open({
      command: sh("sleep 60 & echo $!; trap '' TERM; echo $$; sleep 60; sleep 60"),
    });
    await start();
    await eventually(() => data().length === 2);
    const pids = data().map((one) => Number((one as { line: string }).line));
    await source.stop(stop());
    await eventually(() => pids.every((pid) => !isAlive(pid)));
    expect(source.health?.().state).toBe("stopped");
  });
});

describe("a program that is run", () => {
  test("every so often makes one event of all that it says", async () => {
    const clock = manualClock();
    const { start, data, source } = open(
      { command: sh(`printf '{"a": [1,\\n 2]}\\n'`), everyMs: 60_000, format: "text" },
      { clock },
    );
    await start();
    await eventually(() => data().length === 1 && source.health?.().nextTryMs !== undefined);
    await clock.advance(70_000);
    await eventually(() => data().length === 2);
    expect(data()).toEqual([{ a: [1, 2] }, { a: [1, 2] }]);
  });

  test("makes one event of all that it says, unless lines are asked for; one that is kept running, one of each line", async () => {
    const script = sh("printf 'a\\nb\\n'");
    const run = open({ command: script, everyMs: 3_600_000 });
    const lines = open({ command: script, everyMs: 3_600_000, format: "lines" });
    const kept = open({ command: script });
    for (const one of [run, lines, kept]) await one.start();
    await eventually(() => run.data().length > 0 && lines.data().length > 1 && kept.data().length > 1);
    expect(run.data()).toEqual(["a\nb"]);
    expect(lines.data()).toEqual([{ line: "a" }, { line: "b" }]);
    expect(kept.data().slice(0, 2)).toEqual([{ line: "a" }, { line: "b" }]);
    await eventually(() => kept.source.health?.().lastError !== undefined);
    expect(kept.source.health?.().lastError).toMatch(
      /exited with code 0 \(for a program that exits by itself add every:/,
    );
  });

  test("and says nothing makes no event; a line that is not JSON is text", async () => {
    const silent = open({ command: ["true"], everyMs: 3_600_000, format: "text" });
    const said = open({ command: ["echo", "87%"], everyMs: 3_600_000, format: "text" });
    await silent.start();
    await said.start();
    await eventually(() => said.data().length === 1 && silent.source.health?.().nextTryMs !== undefined);
    expect(said.data()).toEqual(["87%"]);
    expect(silent.data()).toEqual([]);
  });

  test("by cron at its times, once for those that were missed", async () => {
    const cursors = createMemoryCursors();
    const first = open(
      { command: ["echo", "x"], cron: "0 9 * * *", tz: "UTC" },
      { clock: manualClock(Date.UTC(2026, 0, 5, 9, 0, 1)), cursors },
    );
    await first.start();
    await eventually(() => first.source.health?.().nextTryMs !== undefined);
    expect(first.data()).toEqual([]);
    await first.source.stop(stop());
    const second = open(
      { command: ["echo", "x"], cron: "0 9 * * *", tz: "UTC" },
      { clock: manualClock(Date.UTC(2026, 0, 8, 12)), cursors },
    );
    await second.start();
    await eventually(() => second.data().length === 1 && second.source.health?.().nextTryMs !== undefined);
    await second.source.stop(stop());
    const third = open(
      { command: ["echo", "x"], cron: "0 9 * * *", tz: "UTC" },
      { clock: manualClock(Date.UTC(2026, 0, 8, 13)), cursors },
    );
    await third.start();
    await eventually(() => third.source.health?.().nextTryMs !== undefined);
    expect(third.data()).toEqual([]);
  });

  test.each<[string, Partial<CommandOptions>, string]>([
    ["every so often", { everyMs: 7_200_000 }, "2 h"],
    ["by cron", { cron: "1 * * * *", tz: "UTC" }, "60 min"],
  ])("%s and fails is not run again before its time, and the session is told", async (_, when, next) => {
    const clock = manualClock(Date.UTC(2026, 0, 5, 9));
    const told: string[] = [];
    const { start, data, source } = open(
      { command: sh("echo ran; exit 3"), ...when },
      { clock, announce: (content) => void told.push(content) },
    );
    await start();
    const rested = () => eventually(() => source.health?.().nextTryMs !== undefined);
    await rested();
    if (when.cron !== undefined) await clock.advance(60_000);
    await eventually(() => source.health?.().state === "waiting");
    for (let minutes = 0; minutes < 50; minutes += 10) {
      await clock.advance(600_000);
      await rested();
    }
    expect(data()).toEqual(["ran"]);
    expect(source.health?.()).toMatchObject({
      state: "waiting",
      lastError: expect.stringContaining("exited with code 3"),
    });
    expect(told).toEqual([expect.stringContaining(`Tried once; it goes on trying, next try in ${next}`)]);
  });

  test("too long is ended and told", async () => {
    const { start, source } = open({ command: ["sleep", "60"], everyMs: 60_000, timeoutMs: 200 });
    await start();
    await eventually(() => source.health?.().state === "waiting");
    expect(source.health?.().lastError).toMatch(/sleep ran longer than 0\.2 s/);
  });

  test("gets what its env names, and not the secrets of the router", async () => {
    process.env.SOME_TOKEN = "for the router alone";
    const { start, data } = open({
      command: ["env"],
      everyMs: 3_600_000,
      format: "text",
      env: { GIVEN_TOKEN: "g" },
    });
    await start();
    await eventually(() => data().length === 1);
    delete process.env.SOME_TOKEN;
    expect(String(data()[0])).toContain("GIVEN_TOKEN=g");
    expect(String(data()[0])).not.toContain("SOME_TOKEN");
  });
});

describe("lines", () => {
  test("come out as they went in, however they are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" })),
        fc.array(fc.integer({ min: 1, max: 7 })),
        (lines, cuts) => {
          const clean = lines.map((line) => line.toWellFormed().replaceAll(/[\r\n]/g, "_"));
          const bytes = Buffer.from(clean.join("\n"));
          const splitter = createLineSplitter(1_000_000);
          const found: string[] = [];
          let from = 0;
          for (const cut of [...cuts, bytes.length]) {
            found.push(...splitter.push(bytes.subarray(from, from + cut)));
            from += cut;
            if (from >= bytes.length) break;
          }
          found.push(...splitter.push(bytes.subarray(from)), ...splitter.end());
          expect(found.join("\n")).toBe(clean.join("\n").replace(/\n$/, ""));
        },
      ),
    );
  });

  test("that are too long are cut between characters, and cost no memory", () => {
    const splitter = createLineSplitter(10);
    const piece = Buffer.from("é".repeat(50_000));
    for (let round = 0; round < 100; round += 1) expect(splitter.push(piece)).toEqual([]);
    expect(splitter.push(Buffer.from("\nshort\n"))).toEqual(["ééééé…", "short"]);
    const odd = createLineSplitter(3);
    expect(odd.push(Buffer.from("éé\n"))).toEqual(["é…"]);
  });
});

describe("check", () => {
  const told = (more: Partial<CommandOptions>) =>
    (command.check?.({ ...usual, exitCodes: [0], command: ["x"], ...more }, surroundings) ?? []).map(
      ({ path, message }) => `${path.join(".")}: ${message}`,
    );

  test.each([
    [{ command: [" "] }, ["command.0: names no program"]],
    [{ everyMs: 500 }, ["every: must be at least 1s"]],
    [{ everyMs: 5_000, cron: "@daily" }, ["cron: cannot be combined with every"]],
    [{ everyMs: 5_000, restart: "never" }, ["restart: applies only to a program that keeps running"]],
    [{ timeoutMs: 5_000 }, ["timeout: applies only to runs by every or cron: this program keeps running"]],
    [
      { tz: "UTC", missed: "none" },
      ["tz: has an effect only with cron", "missed: has an effect only with cron"],
    ],
    [{ cron: "0 99 * * *", tz: "X/Y" }, ['cron: "99" is not a hour', "tz: is not a time zone"]],
    [{ cron: "@daily", tz: "UTC", missed: "once", timeoutMs: 1_000 }, []],
  ] as const)("%j", (more, messages) => {
    expect(told(more as unknown as Partial<CommandOptions>)).toEqual(messages);
  });

  test("asks for consent for the command line", () => {
    const options = {
      ...usual,
      exitCodes: [0] as [number],
      command: ["tail", "-F", "my log"] as [string, ...string[]],
    };
    expect(command.reaches?.(options, surroundings)).toEqual([
      { to: "program", command: options.command, cwd: "/project", env: {} },
    ]);
  });
});

test("a payload to try it with is what the program would say", () => {
  const data = (format: NonNullable<CommandOptions["format"]>, payload: string) =>
    command.sampleArrival({ ...usual, exitCodes: [0], command: ["x"], format }, payload, {}).data;
  expect(data("lines", "a line\n")).toEqual({ line: "a line" });
  expect(data("json", '{"a":1}')).toEqual({ a: 1 });
  expect(data("text", "87%\n")).toBe("87%");
});
