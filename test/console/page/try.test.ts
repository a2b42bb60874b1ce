// Try in a real browser: an edit is tried as it is typed, its problems are underlined, and nothing is written before its difference was seen.

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { noBrowser, type OpenedPage, openPage, type PageOptions, startBrowser } from "./browser.ts";
import { MockFault, MockRouter } from "./mock-router.ts";

describe.skipIf(noBrowser !== undefined)(`Try in a browser${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  let browser: Browser;
  let router: MockRouter;
  let opened: OpenedPage;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach(async () => {
    router = await MockRouter.start();
  });
  afterEach(async () => {
    expect(opened.faults).toEqual([]);
    await opened.context.close();
    await router.close();
  });

  async function open(options: PageOptions = {}): Promise<Page> {
    opened = await openPage(browser, router.url, { hash: "#try=01kbq90001", ...options });
    await editor(opened.page).waitFor();
    return opened.page;
  }
  const editor = (page: Page) => page.getByRole("textbox", { name: "The config, YAML" });
  const called = (command: string) =>
    router.calls.filter((one) => one.command === command).map(({ args }) => args as { text: string });
  /** Puts the cursor behind the first text of this kind, and types there. */
  async function typeBehind(page: Page, found: string, typed: string): Promise<void> {
    await page.locator(".cm-line", { hasText: found }).first().click();
    await page.keyboard.press("End");
    await page.keyboard.type(typed);
  }

  test("the event of the address is tried at once, and again as the config is edited", async () => {
    const page = await open();
    await page.getByText("Claude would see 41 tokens").waitFor();
    expect(called("try")[0]).toMatchObject({ event: { event_id: "01kbq90001" } });
    await typeBehind(page, "data.action: completed", "x");
    await page.getByText("does not take it").waitFor();
    expect(called("try").at(-1)?.text).toContain("data.action: completedx");
  });

  test("a problem is underlined, is listed with its line, and keeps the config from being written", async () => {
    const page = await open();
    await typeBehind(page, "content:", " broken");
    await page.getByRole("button", { name: "Go to line 11" }).click();
    await page.locator(".cm-lintRange-error", { hasText: "broken" }).waitFor();
    expect(await page.getByRole("button", { name: "Write…" }).isDisabled()).toBe(true);
    expect(await editor(page).evaluate((element) => element.getRootNode() instanceof ShadowRoot)).toBe(true);
  });

  test("keys and values of the schema are offered where the cursor is", async () => {
    const page = await open();
    await typeBehind(page, "from: github", "\nprio");
    // The editor takes no Enter for a list that has only just appeared.
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "priority" }).click();
    await page.keyboard.type("h");
    await page.locator(".cm-tooltip-autocomplete li", { hasText: "high" }).click();
    await page.locator(".cm-line", { hasText: "priority: high" }).waitFor();
  });

  test("it is written after its difference was shown, and not before", async () => {
    const page = await open();
    await typeBehind(page, "# Which builds", " Now");
    await page.getByRole("button", { name: "Write…" }).click();
    await page.getByText("+    from: gitlab").waitFor();
    expect(called("save")).toMatchObject([{ dry_run: true, sha256: "0".repeat(64) }]);
    await page.getByRole("button", { name: "Write it" }).click();
    await page.getByText("Written. ci_failed changed").waitFor();
    expect(called("save")).toHaveLength(2);
    expect(called("save")[1]).not.toHaveProperty("dry_run");
  });

  test("a file that others changed is not overwritten: the text stays in the editor", async () => {
    router.answers = {
      ...router.answers,
      save: () => {
        throw new MockFault(409, "changed", "channels.yaml was changed meanwhile", "Load it again.");
      },
    };
    const page = await open();
    await typeBehind(page, "# Which builds", " Mine");
    await page.getByRole("button", { name: "Write…" }).click();
    await page.getByText("channels.yaml was changed meanwhile").first().waitFor();
    await page.locator(".cm-line", { hasText: "Mine" }).waitFor();
  });

  test("an edit survives a look at another page", async () => {
    const page = await open();
    await typeBehind(page, "# Which builds", " Kept");
    await page.evaluate(() => location.assign("#sessions"));
    await page.locator(".page-sessions").waitFor();
    await page.evaluate(() => location.assign("#try=01kbq90001"));
    await page.locator(".cm-line", { hasText: "Kept" }).waitFor();
  });

  test("the events of yesterday are compared, as a difference for each of them", async () => {
    const page = await open();
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText("Tokens: 4,200 → 1,300").waitFor();
    await page.locator(".try-difference summary", { hasText: "content" }).click();
    await page.getByText("+build broke").waitFor();
    await page.getByText("-build failed").waitFor();
  });

  test("a payload is pasted, or is one of the config's tests", async () => {
    const page = await open({ hash: "#try" });
    await page.getByLabel("Which event").selectOption("fixture fixtures/failed.json");
    await page.getByText("Claude would see").waitFor();
    await page.getByLabel("Which event").selectOption("paste");
    await page.getByLabel("Payload").fill('{"action": "completed"}');
    await page.getByLabel(/Headers/).fill("X-GitHub-Event: push");
    await page.getByRole("button", { name: "Try it" }).click();
    await expect
      .poll(() => called("try").at(-1))
      .toMatchObject({
        event: { source: "github", data: '{"action": "completed"}', headers: { "x-github-event": "push" } },
      });
  });

  test("the keyboard leaves the editor with Esc and Tab, on a phone too nothing is wider than the screen", async () => {
    const page = await open({ width: 360, height: 740 });
    await editor(page).focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.shadowRoot ?? null)).toBeNull();
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow).toBe(0);
  });
});
