// A thousand events a second for some seconds: the page answers keys and clicks, and its memory is bounded.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LiveChange, LiveEvent } from "../../../src/console/protocol.ts";
import { noBrowser, openPage, startBrowser } from "./browser.ts";
import { MockRouter } from "./mock-router.ts";
import { sampleEvents } from "./sample-answers.ts";

/** The machine of a test is shared: its time counts as much as ours. Alone, the page needs a tenth of this. */
const slack = 4;
const batches = 80;

describe.skipIf(noBrowser !== undefined)(`the feed under load${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });

  test("stays responsive, keeps 2,000 rows at most, and does not grow", async () => {
    const router = await MockRouter.start();
    const { page, context, faults } = await openPage(browser, router.url);
    await page.locator(".connection.open").waitFor();
    await page.evaluate(() => {
      const seen = window as unknown as { longest: number; blocked: number };
      seen.longest = 0;
      seen.blocked = 0;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) seen.longest = Math.max(seen.longest, entry.duration);
      }).observe({ type: "event", durationThreshold: 16, buffered: true } as PerformanceObserverInit);
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) seen.blocked = Math.max(seen.blocked, entry.duration);
      }).observe({ type: "longtask" });
    });
    const template = sampleEvents(100);
    const heapOf = async () => {
      await page.requestGC();
      return page.evaluate(
        () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize,
      );
    };
    let sent = 0;
    const round = async (count: number) => {
      for (let batch = 0; batch < count; batch++) {
        const events = template.map((event): LiveEvent => ({ ...event, event_id: `load-${sent++}` }));
        const changes = events.flatMap(({ event_id, channels }) =>
          channels.flatMap(({ name }): LiveChange[] =>
            (["sent", "shown"] as const).map((state) => ({ event_id, channel: name, time: event_id, state })),
          ),
        );
        router.send("batch", { events, changes, counts: { github: 100 }, left_out: 0 });
        if (batch % 8 === 3) await page.keyboard.press("p");
        if (batch % 8 === 5) await page.keyboard.press("?").then(() => page.keyboard.press("Escape"));
        await page.waitForTimeout(100);
      }
    };
    await round(batches / 2);
    const before = await heapOf();
    await round(batches / 2);
    const after = await heapOf();
    const { longest, blocked } = await page.evaluate(() => {
      const { longest, blocked } = window as unknown as { longest: number; blocked: number };
      return { longest, blocked };
    });
    const rows = await page.evaluate(() => document.querySelectorAll(".feed-row").length);
    const all = await page.locator(".rows-one").first().getAttribute("aria-setsize");
    expect(Number(all)).toBe(2_000);
    expect(rows).toBeLessThan(80);
    expect(longest, "interaction to next paint").toBeLessThan(200 * slack);
    expect(blocked, "longest task").toBeLessThan(200 * slack);
    expect(after - before, "growth of the heap").toBeLessThan(8_000_000);
    expect(faults).toEqual([]);
    await context.close();
    await router.close();
  });
});
