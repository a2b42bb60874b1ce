// What a user does with the page, in a real browser: signing in, following the feed, keys, answering, reconnecting.

import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { LiveEvent } from "../../../src/console/protocol.ts";
import { noBrowser, type OpenedPage, openPage, type PageOptions, startBrowser } from "./browser.ts";
import { MockFault, MockRouter } from "./mock-router.ts";
import { sampleEvents } from "./sample-answers.ts";

describe.skipIf(noBrowser !== undefined)(
  `the console in a browser${noBrowser ? ` (${noBrowser})` : ""}`,
  () => {
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

    async function open(options: PageOptions = {}) {
      opened = await openPage(browser, router.url, options);
      return opened.page;
    }

    async function openFeed(events: readonly LiveEvent[], options: PageOptions = {}) {
      const page = await open(options);
      await page.locator(".connection.open").waitFor();
      const counts = Object.fromEntries(events.map(({ source = "" }) => [source, 1]));
      router.send("batch", { events, changes: [], counts, left_out: 0 });
      await page.locator(".feed-row").first().waitFor();
      return page;
    }

    const called = (command: string) =>
      router.calls.filter((one) => one.command === command).map(({ args }) => args);

    describe("sign in", () => {
      test("a code in the address is used, and is in the address and the history no more", async () => {
        router.isKnown = false;
        const page = await open({ hash: `#enter=${router.code}` });
        await page.locator(".connection.open").waitFor();
        expect(page.url()).toBe(`${router.url}/#live`);
        await page.goBack().catch(() => null);
        expect(page.url()).not.toContain("enter");
        await page.close();
      });

      test("an unknown browser reads which command to type, and signs in with the code", async () => {
        router.isKnown = false;
        const page = await open();
        await page.getByRole("heading", { name: "This browser is not known yet" }).waitFor();
        expect(await page.locator(".command code").first().textContent()).toBe("channel-router console");
        await page.getByLabel(/enter the code/).fill("WRONG-CODE");
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.getByText("This code is wrong, used or expired.").waitFor();
        await page.getByLabel(/enter the code/).fill(`${router.url}/#enter=${router.code}`);
        await page.getByRole("button", { name: "Sign in" }).click();
        await page.locator(".connection.open").waitFor();
      });

      test("a read-only console says so, and its buttons are off", async () => {
        router.hello = { ...router.hello, read_only: true };
        const page = await open({ hash: "#people" });
        await page.getByText("This console is read-only").waitFor();
        const allow = page.getByRole("button", { name: "Allow" });
        await allow.waitFor();
        expect(await allow.isDisabled()).toBe(true);
      });
    });

    describe("the feed", () => {
      test("shows events with the states they reach", async () => {
        const [sample] = sampleEvents(1);
        const channels = [{ name: "ci_failed", state: "accepted" }];
        const event: LiveEvent = { ...(sample as LiveEvent), channels };
        const page = await openFeed([event]);
        const row = page.locator(".feed-row").first();
        const { event_id } = event;
        const change = {
          event_id,
          channel: "ci_failed",
          time: new Date().toISOString(),
          session: "s-4f1a",
        } as const;
        router.send("batch", {
          events: [],
          changes: [{ ...change, state: "read" }],
          counts: {},
          left_out: 0,
        });
        await row.getByText("read", { exact: true }).waitFor();
        // A late proof of less does not take it back.
        router.send("batch", {
          events: [],
          changes: [{ ...change, state: "shown" }],
          counts: {},
          left_out: 0,
        });
        router.send("batch", {
          events: [],
          changes: [{ ...change, state: "acked" }],
          counts: {},
          left_out: 0,
        });
        await row.getByText("acked", { exact: true }).waitFor();
      });

      test("is filtered by text, source and state, and the filter is cleared with Esc", async () => {
        const page = await openFeed(sampleEvents(60));
        const rows = page.locator(".feed-row");
        await page.keyboard.press("/");
        await page.keyboard.type("podcrash");
        await page.getByText(/match ·/).waitFor();
        for (const text of await rows.allTextContents()) expect(text).toContain("PodCrashLooping");
        await page.keyboard.press("Escape");
        await page.keyboard.press("Escape");
        await page.getByText("60 shown").waitFor();
        await page.getByLabel("State", { exact: true }).selectOption("held");
        await page.getByText(/match ·/).waitFor();
        for (const text of await rows.allTextContents()) expect(text).toContain("held");
      });

      test("stands still while it is paused, and counts what arrived meanwhile", async () => {
        const page = await openFeed(sampleEvents(10));
        await page.keyboard.press("p");
        const first = await page.locator(".feed-row").first().getAttribute("data-event");
        const [more] = sampleEvents(1);
        router.send("batch", {
          events: [{ ...(more as LiveEvent), event_id: "later" }],
          changes: [],
          counts: { github: 1 },
          left_out: 0,
        });
        await page.getByRole("button", { name: "Resume (1 new)" }).waitFor();
        expect(await page.locator(".feed-row").first().getAttribute("data-event")).toBe(first);
        await page.keyboard.press("p");
        await page.locator('.feed-row[data-event="later"]').waitFor();
      });

      test("an empty one says what to type", async () => {
        const page = await open();
        await page.getByText("Send one to alerts from a terminal").waitFor();
        expect(await page.locator(".empty .command").textContent()).toContain("curl -d");
      });

      test("the keys walk through it: j, k, Enter, Esc, g s, ?", async () => {
        const page = await openFeed(sampleEvents(40));
        await page.keyboard.press("j");
        await page.keyboard.press("j");
        await page.keyboard.press("j");
        await page.keyboard.press("k");
        const selected = page.locator(".feed-row.selected");
        const id = await selected.getAttribute("data-event");
        expect(id).toBe(await page.locator(".feed-row").nth(1).getAttribute("data-event"));
        expect(await page.evaluate(() => document.activeElement?.getAttribute("data-event"))).toBe(id);
        await page.keyboard.press("Enter");
        await page.getByRole("heading", { name: "Timeline" }).waitFor();
        expect(page.url()).toContain(`#event=${id}`);
        await page.keyboard.press("Escape");
        await page.locator(".feed-row").first().waitFor();
        await page.keyboard.press("g");
        await page.keyboard.press("s");
        await page.getByRole("heading", { name: "Silences" }).waitFor();
        await page.keyboard.press("?");
        await page.getByRole("dialog").waitFor();
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "hidden" });
      });

      test("Tab reaches navigation, filter and feed in this order, and each shows that it has the focus", async () => {
        const page = await openFeed(sampleEvents(3));
        const reached: string[] = [];
        for (let step = 0; step < 22; step++) {
          await page.keyboard.press("Tab");
          reached.push(
            await page.evaluate(() => {
              const element = document.activeElement as HTMLElement;
              const style = getComputedStyle(element);
              const isSeen = style.outlineStyle !== "none" || element.matches(".skip");
              return `${element.id || element.className || element.textContent} ${isSeen}`;
            }),
          );
        }
        const order = ["skip", "brand", "filter-text", "rows", "feed-row", "source-row"].map((name) =>
          reached.findIndex((one) => one.startsWith(name)),
        );
        expect(order).toEqual([...order].sort((a, b) => a - b));
        expect(order).not.toContain(-1);
        expect(reached.filter((one) => one.endsWith("false"))).toEqual([]);
      });
    });

    describe("an event", () => {
      const hash = "#event=01kbq90001";

      test("is replayed after a question", async () => {
        const page = await open({ hash });
        await page.getByRole("button", { name: "Replay" }).click();
        expect(called("replay")).toEqual([]);
        await page.getByRole("button", { name: "Replay now" }).click();
        await page.getByText("Replayed as 01kbq9zz99").waitFor();
        expect(called("replay")).toEqual([{ event_id: "01kbq90001" }]);
        expect(page.url()).toContain("#event=01kbq9zz99");
      });

      test.each([
        ["Make a test", "goes to ci_failed"],
        ["Make a channel", "data.workflow_run.id differs in each of them"],
        ["Make a recipe", "workflow_run.json"],
      ])("%s shows YAML to copy", async (button, text) => {
        const page = await open({ hash });
        await page.getByRole("button", { name: button }).click();
        await page.locator("#made").getByText(text).waitFor();
        await page.locator("#made").getByRole("button", { name: /^Copy/ }).click();
        await page.getByText(/^Copied the/).waitFor();
        expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
          await page.locator("#made pre").first().textContent(),
        );
      });

      test("one that is not known says so, and offers to try again", async () => {
        router.answers = {
          ...router.answers,
          event: () => {
            throw new MockFault(
              404,
              "E_USAGE",
              "no event with this id",
              "It may be older than the journal keeps.",
            );
          },
        };
        const page = await open({ hash });
        await page.getByRole("alert").getByText("no event with this id").waitFor();
        await page.getByRole("button", { name: "Try again" }).waitFor();
      });
    });

    describe("people", () => {
      const hash = "#people";

      test("a prompt that does not fit on the screen can be allowed only when it was read to its end", async () => {
        const text = Array.from({ length: 200 }, (_, index) => `line ${index}`).join("\n");
        const [prompt] = (await router.answers.prompts({})).prompts;
        router.answers = { ...router.answers, prompts: () => ({ prompts: [{ ...prompt!, text }] }) };
        const page = await open({ hash });
        const allow = page.getByRole("button", { name: "Allow" });
        await allow.waitFor();
        expect(await allow.isDisabled()).toBe(true);
        expect(await page.getByRole("button", { name: "Deny" }).isEnabled()).toBe(true);
        await page.locator(".prompt-text").evaluate((element) => element.scrollTo(0, element.scrollHeight));
        await expect.poll(() => allow.isEnabled()).toBe(true);
        await allow.click();
        await page.getByText("Allowed.").waitFor();
        expect(called("answer_prompt")).toEqual([{ id: "kfbqz", allow: true, shown: "c2hvd24" }]);
      });

      test("consent goes back for exactly the powers that were chosen, after a question", async () => {
        const page = await open({ hash });
        await page.getByRole("checkbox", { name: /rsync/ }).check();
        await page.getByRole("button", { name: "Agree to selected" }).click();
        await page.getByRole("button", { name: "Agree", exact: true }).click();
        await page.getByText("Agreed.").waitFor();
        expect(called("agree")).toEqual([{ ids: ["p1"], allow: true }]);
      });

      test("a pairing request is admitted after its code was compared", async () => {
        const page = await open({ hash });
        await page.getByRole("button", { name: "Admit Grace Hopper" }).click();
        await page.getByText("Does Grace Hopper see the code a41f9c?").waitFor();
        await page.getByRole("button", { name: "Yes, admit" }).click();
        await page.getByText("Grace Hopper may write on telegram now").waitFor();
        expect(called("access")).toContainEqual({ request: { do: "pair", code: "a41f9c" } });
      });
    });

    describe("sessions", () => {
      test("a silence begins and ends", async () => {
        const page = await open({ hash: "#sessions" });
        await page.getByLabel("Channel to silence").selectOption("oncall");
        await page.getByLabel("Reason").fill("deploy");
        await page.getByRole("button", { name: "Silence", exact: true }).click();
        await page.getByText("oncall is silenced.").waitFor();
        await page.getByRole("button", { name: "End the silence of releases" }).click();
        await page.getByText("releases is no longer silenced.").waitFor();
        expect(called("silence")).toEqual([
          { channel: "oncall", for_ms: 3_600_000, reason: "deploy" },
          { channel: "releases", for_ms: 0 },
        ]);
      });

      test("reload shows the verdict, and an earlier one its diff", async () => {
        const page = await open({ hash: "#sessions" });
        await page.getByRole("button", { name: "Reload" }).click();
        await page.getByText("nothing has changed").waitFor();
        await page.getByText("1 channel changed: ci_failed").click();
        await page.locator(".diff .added").first().waitFor();
      });
    });

    test("the theme is switched, and kept", async () => {
      const page = await open();
      await page.getByRole("button", { name: "Theme: as the system" }).click();
      await page.getByRole("button", { name: "Theme: light" }).click();
      expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe("dark");
      await page.reload();
      await page.getByRole("button", { name: "Theme: dark" }).waitFor();
    });

    test("a lost connection is said, made again, and continued after the last batch", async () => {
      const page = await openFeed(sampleEvents(5));
      router.dropStreams();
      await expect.poll(() => router.streamPaths.at(-1)).toBe("/stream?after=1");
      await page.locator(".connection.open").waitFor();
      expect(await page.locator(".feed-row").count()).toBe(5);
      const port = Number(new URL(router.url).port);
      await router.close();
      await page.getByText("No connection to the router.").waitFor();
      router = await MockRouter.start(port);
      await page.getByRole("button", { name: "Try now" }).click();
      await page.locator(".connection.open").waitFor();
    });
  },
);
