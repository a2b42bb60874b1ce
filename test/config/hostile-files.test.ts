// A file of at most 1 MiB, whatever it contains very much of, is loaded, checked and shown without blocking the event loop, in time that
// grows in proportion to the file, and with a few kilobytes of output. Parts of the files are tried here: what matters is the growth.
// `CR_WHOLE_FILES` tries whole ones too, which takes minutes.

import { describe, expect, test } from "vitest";
import { maxBlockMs, withWatchdog } from "../support/loop-watchdog.ts";
import { processorTime } from "../support/processor-time.ts";
import { openProject } from "../support/proven.ts";
import { slowness } from "../support/slowness.ts";
import { hostileFiles } from "./hostile-files.ts";

/** 26 problems and 26 warnings, each with its lines. */
const maxShown = 96 * 1024;
/** For a whole file; most take a tenth of it. */
const maxProcessorMs = 15_000;

const whole = process.env.CR_WHOLE_FILES !== undefined;
const share = whole ? 1 : 1 / 8;
const files = hostileFiles(share);
const double = hostileFiles(2 * share);
const project = openProject();
const slow = slowness();

async function check(text: string): Promise<{ readonly shown: number; readonly tookMs: number }> {
  const time = processorTime();
  const { issues, loaded } = await project.prove(text);
  const shown = [...issues, ...loaded.warnings].map((issue) => loaded.frame(issue)).join("\n");
  const json = JSON.stringify([issues, loaded.warnings, loaded.notes]);
  return { shown: shown.length + json.length, tookMs: time() };
}

/** The first try compiles the code, and garbage is collected now and then: the best of three counts. */
async function best(text: string, atMostMs: number) {
  let least: { blockedMs: number; shown: number; tookMs: number } | undefined;
  for (let tries = 0; tries < 3 && (least === undefined || least.blockedMs > atMostMs); tries++) {
    const { result, blockedMs } = await withWatchdog(() => check(text));
    if (least === undefined || blockedMs < least.blockedMs) least = { ...result, blockedMs };
  }
  return least as NonNullable<typeof least>;
}

describe("one file of", () => {
  test.each(Object.keys(files))(
    "%s",
    async (name) => {
      // A turn grows with the file where it is not a slice: half of the bound is for what is compiled or collected.
      const atMostMs = maxBlockMs * slow * (whole ? 1 : 1 / 2);
      const { blockedMs, shown, tookMs } = await best(files[name] as string, atMostMs);
      expect(blockedMs, "the longest turn of the event loop").toBeLessThan(atMostMs);
      expect(shown).toBeLessThan(maxShown);
      expect(tookMs).toBeLessThan(maxProcessorMs * share * slow * 2);
      if (whole || tookMs < 300) return;
      // What takes long takes twice as long for twice as much, and not four times.
      const first = (await check(double[name] as string)).tookMs;
      const ofDouble =
        first / tookMs < 3 ? first : Math.min(first, (await check(double[name] as string)).tookMs);
      expect(ofDouble / tookMs).toBeLessThan(3.2);
    },
    120_000,
  );
});
