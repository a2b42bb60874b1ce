// Each page in a real browser: what it shows, that it keeps the policy, and that axe finds nothing.

import { createRequire } from "node:module";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noBrowser, type OpenedPage, openPage, type PageOptions, startBrowser } from "./browser.ts";
import { MockRouter } from "./mock-router.ts";
import { sampleEvents } from "./sample-answers.ts";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** Each with a text that is on the screen when it has loaded. */
const pages = [
  ["live", "#live", "checkout #4123"],
  ["event", "#event=01kbq90001", "What Claude saw"],
  ["people", "#people", "Grace Hopper"],
  ["sessions", "#sessions", "rate limited by imap.example.net"],
  ["chat", "#chat", "it expects a total with tax"],
  ["try", "#try=01kbq90001", "Claude would see 41 tokens"],
] as const;
const themes = ["light", "dark"] as const;
const widths = [1_280, 360] as const;

describe.skipIf(noBrowser !== undefined)(
  `the pages of the console${noBrowser ? ` (${noBrowser})` : ""}`,
  () => {
    let browser: Browser;
    let router: MockRouter;
    beforeAll(async () => {
      browser = await startBrowser();
      router = await MockRouter.start();
    });
    afterAll(async () => {
      await browser?.close();
      await router?.close();
    });

    async function open(options: PageOptions): Promise<OpenedPage> {
      const opened = await openPage(browser, router.url, options);
      await opened.page.locator(".connection.open").waitFor();
      const events = sampleEvents(60);
      router.send("batch", { events, changes: [], counts: { github: 60 }, left_out: 0 });
      return opened;
    }

    for (const theme of themes)
      for (const width of widths)
        test(`nothing for axe, nothing against the policy: ${theme}, ${width} px wide`, async () => {
          const { page, context, faults } = await open({ theme, width });
          // axe is not the page's: the policy would keep it out.
          await page.evaluate(await readText(axe));
          for (const [name, hash, text] of pages) {
            await page.evaluate((to) => location.assign(to), hash);
            await page.locator(`.page-${name}`).getByText(text).first().waitFor();
            const { violations } = await page.evaluate(
              async () =>
                (await (window as unknown as { axe: { run(): Promise<unknown> } }).axe.run()) as AxeResult,
            );
            const found = violations.flatMap(({ id, nodes }) =>
              nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
            );
            expect(found, name).toEqual([]);
            const overflow = await page.evaluate(
              () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
            );
            expect(overflow, `${name} scrolls sideways`).toBe(0);
          }
          expect(faults).toEqual([]);
          await context.close();
        });
  },
);

async function readText(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(path, "utf8");
}
