// The chat of the console with a real router and a session: what the user writes reaches Claude, what Claude answers reaches every open page.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { codeOf, consoleOf } from "../../support/console-router.ts";
import { createProject, freePort, type Project } from "../../support/router.ts";
import { noBrowser, openPage, startBrowser } from "./browser.ts";

/** With a port of its own: when the leader is killed, a router of another test could take a usual one. */
const config = (port: number, consolePort: number) => `listen: 127.0.0.1:${port}
console: 127.0.0.1:${consolePort}
sources:
  desk:
    type: webchat
channels:
  desk:
    from: desk
    receipt: ack
`;
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** The rules of axe that the page breaks. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axe, "utf8"));
  return page.evaluate(async () => {
    const run = (window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }).axe.run;
    return (await run()).violations.map(({ id }) => id);
  });
}

/** 1 x 1, transparent. */
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

describe.skipIf(noBrowser !== undefined)(`chat${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  let browser: Browser;
  let project: Project;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await project.remove();
  });

  async function signedIn() {
    const consolePort = await freePort();
    project = await createProject((port) => config(port, consolePort));
    const claude = await project.claude();
    const url = await consoleOf(project);
    const opened = await openPage(browser, url, { hash: `#enter=${await codeOf(project)}` });
    closing.push(async () => {
      expect(opened.faults).toEqual([]);
      await opened.context.close();
    });
    const { page } = opened;
    await page.locator(".connection.open").waitFor();
    await page.evaluate(() => {
      location.hash = "#chat";
    });
    return { page, claude, url, context: opened.context };
  }

  const admit = (page: Page) => page.getByRole("button", { name: "Write here from this browser" }).click();
  const write = async (page: Page, text: string) => {
    await page.getByRole("textbox", { name: "Message" }).fill(text);
    await page.keyboard.press("Enter");
  };

  test("a message with a file reaches Claude, and its answer with Markdown and a file comes back", async () => {
    const { page, claude } = await signedIn();
    await admit(page);
    await page
      .locator('input[type="file"]')
      .setInputFiles({ name: "plan.png", mimeType: "image/png", buffer: png });
    await write(page, "What is in it?");
    const event = await claude.nextEvent();
    expect(event.content).toContain("What is in it?");
    await page.locator(".chat-message.you img.picture").waitFor();
    await claude.callTool("reply", {
      event_id: event.meta.event_id as string,
      text: "A **dot**, see [this](https://example.com) <img src=x onerror=alert(1)>.",
    });
    const answer = page.locator(".chat-message.claude");
    await answer.waitFor();
    expect(await answer.locator("b", { hasText: "dot" }).count()).toBe(1);
    expect(await answer.locator("a").getAttribute("rel")).toBe("noreferrer noopener");
    expect(await answer.locator("img").count()).toBe(0);
    await page.locator(".chat-message.you .chip", { hasText: "read" }).waitFor();
  });

  test("rooms, quotes, unread messages and a second tab", async () => {
    const { page, claude, url, context } = await signedIn();
    await admit(page);
    await page.getByRole("button", { name: "New room" }).click();
    await page.getByRole("textbox", { name: "Name of the room" }).fill("Not A Room");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("Lower-case letters").waitFor();
    await page.getByRole("textbox", { name: "Name of the room" }).fill("deploys");
    await page.keyboard.press("Enter");
    await write(page, "Is it out?");
    const event = await claude.nextEvent();
    await page.getByRole("button", { name: "main", exact: true }).click();
    const second = await context.newPage();
    await second.goto(`${url}/#chat`);
    await second.getByRole("button", { name: "deploys" }).waitFor();
    await claude.callTool("reply", { event_id: event.meta.event_id as string, text: "Yes." });
    await page.getByRole("button", { name: "deploys (1)" }).waitFor();
    expect(await page.title()).toMatch(/^\(1\) /);
    await page.getByRole("button", { name: "deploys (1)" }).click();
    await page.locator(".chat-message.claude").getByText("Yes.").waitFor();
    await second.getByRole("button", { name: "deploys" }).click();
    await second.locator(".chat-message.claude").getByText("Yes.").waitFor();
    await page.getByRole("button", { name: "Quote the message of Claude" }).click();
    await write(page, "Thanks.");
    expect((await claude.nextEvent()).content).toContain("Thanks.");
    await page.locator(".chat-message.you .quoted, .chat-message.you p.quoted").getByText("Yes.").waitFor();
    expect(await page.title()).toBe("Chat · channel-router");
  });

  test("what is written while the router is away is sent once when it is back", async () => {
    const { page, claude } = await signedIn();
    await admit(page);
    await write(page, "before");
    await claude.nextEvent();
    claude.process.kill("SIGKILL");
    await page.getByText("No connection to the chat").waitFor();
    await write(page, "meanwhile");
    await page.getByText("It is sent when the router answers.").waitFor();
    const successor = await project.claude();
    const received = () => successor.events.filter(({ content }) => content.includes("meanwhile"));
    await expect.poll(received, { timeout: 30_000 }).toHaveLength(1);
    await page.locator(".chat-message.you", { hasText: "meanwhile" }).waitFor();
    await page.locator(".chat-message.you .error").waitFor({ state: "detached" });
    expect(await page.locator(".chat-message.you").count()).toBe(2);
  });

  test("screen readers find nothing to stumble over, in both themes and on a phone", async () => {
    const { page } = await signedIn();
    await admit(page);
    await write(page, "hello");
    await page.locator(".chat-message.you").waitFor();
    for (const [theme, width] of [
      ["light", 1_280],
      ["dark", 360],
    ] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await page.setViewportSize({ width, height: 740 });
      expect(await violations(page)).toEqual([]);
      if (process.env.SCREENSHOTS !== undefined)
        await page.screenshot({ path: `${process.env.SCREENSHOTS}/chat-${theme}-${width}.png` });
    }
  });
});
