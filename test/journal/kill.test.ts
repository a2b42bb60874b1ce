// A real process, killed with SIGKILL while it writes, again and again on the same journal.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { createBench } from "./fixture.ts";

const rounds = 22;
/** What the child has under way at any time. */
const atOnce = 16;

/** Runs the child until it was killed; the lines that it printed. */
async function flood(
  script: string,
  args: readonly [folder: string, epoch: number, size: string],
  lifeMs: number,
): Promise<string[]> {
  const child = spawn(process.execPath, [script, ...args.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    // From its first sign of life, so that a slow start does not turn rounds into nothing.
    if (printed === "") setTimeout(() => child.kill("SIGKILL"), lifeMs);
    printed += text;
  });
  const signal = await new Promise((resolve) => child.once("close", (_, by) => resolve(by)));
  expect(signal).toBe("SIGKILL");
  return printed.split("\n").slice(0, -1);
}

test.each(["large", "small"])(
  "whatever had settled before a kill -9 is there afterwards, with its states, over many lives: a %s journal",
  {
    timeout: 120_000,
  },
  async (size) => {
    const bench = createBench();
    try {
      const script = join(bench.folder, "..", "flood.mjs");
      await build({
        entryPoints: [fileURLToPath(new URL("./flood-child.ts", import.meta.url))],
        bundle: true,
        platform: "node",
        format: "esm",
        outfile: script,
        logLevel: "error",
      });
      const settled = new Set<string>();
      const ended = new Set<string>();
      for (let round = 0; round < rounds; round++) {
        const lines = await flood(script, [bench.folder, 2 * round + 1, size], (round * 37) % 250);
        for (const line of lines) {
          if (line.startsWith("-")) ended.add(line.slice(1));
          else settled.add(line);
        }
        const journal = await bench.open({ term: 2 * round + 2 });
        const open = journal.page({ limit: 10_000_000 });
        const openIds = new Set(open.map(({ id }) => id));
        expect(openIds.size).toBe(open.length);
        expect([...ended].filter((id) => openIds.has(id))).toEqual([]);
        // Neither open nor known to have ended: killed between the commit of its end and saying so.
        const untold = [...settled].filter((id) => !openIds.has(id) && !ended.has(id));
        expect(untold.length).toBeLessThanOrEqual(atOnce);
        for (const id of untold) {
          const history = (await journal.history(id)).map(({ type }) => type);
          // A small journal has deleted many that have ended.
          expect(
            size === "small" ? [[], ["state"], ["event", "state"]] : [["event", "state"]],
          ).toContainEqual(history);
          ended.add(id);
        }
        // Open and never told: killed between the commit and saying so.
        const extra = [...openIds].filter((id) => !settled.has(id));
        expect(extra.length).toBeLessThanOrEqual(atOnce);
        for (const id of extra) settled.add(id);
        const bodies = await journal.deliveries(open);
        expect(bodies.map((body) => body?.content)).toEqual(open.map(({ id }) => id));
        const last = new Set(lines.slice(-40).map((line) => line.replace("-", "")));
        for (const id of [...last].filter((one) => size === "large" || openIds.has(one)))
          expect(await journal.read(id)).toMatchObject({ event: { id }, deliveries: [{ content: id }] });
        expect(journal.recovery).toMatchObject({ brokenLines: 0, lost: 0, damage: [] });
        await journal.close();
      }
      expect(settled.size).toBeGreaterThan(rounds * atOnce);
      const text = bench.files("segment").map(bench.text).join("");
      expect(text.includes('"moved":{"acceptedMs"')).toBe(size === "small");
    } finally {
      await bench.clear();
    }
  },
);
