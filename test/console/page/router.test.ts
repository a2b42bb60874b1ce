// The page in a browser with the built program: signing in, an event from its request to replay, and a take-over.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, consoleOf } from "../../support/console-router.ts";
import { createProject, freePort, type Project } from "../../support/router.ts";
import { noBrowser, openPage, startBrowser } from "./browser.ts";

/** With a port of its own: when the leader is killed, a router of another test could take a usual one. */
const config = (port: number, consolePort: number) => `listen: 127.0.0.1:${port}
console: 127.0.0.1:${consolePort}
sources:
  ci:
    type: http
    path: /ci
channels:
  failed:
    from: ci
    match:
      data.state: failed
    content: "job {{data.job}} failed"
`;

describe.skipIf(noBrowser !== undefined)(
  `the page and the router${noBrowser ? ` (${noBrowser})` : ""}`,
  () => {
    let browser: Browser;
    let project: Project;
    beforeAll(async () => {
      browser = await startBrowser();
      const consolePort = await freePort();
      project = await createProject((port) => config(port, consolePort));
    });
    afterAll(async () => {
      await browser?.close();
      await project?.remove();
    });

    const post = async (job: string, state: string) =>
      (await fetch(`${project.address}/ci`, { method: "POST", body: JSON.stringify({ job, state }) })).status;

    test("an event is seen, explained and replayed, and the page survives a kill of the leader", async () => {
      await project.claude();
      await project.claude();
      const address = await consoleOf(project);
      const stranger = await openPage(browser, address);
      await stranger.page.getByRole("heading", { name: "This browser is not known yet" }).waitFor();
      await stranger.context.close();

      const { page, context, faults } = await openPage(browser, address, {
        hash: `#enter=${await codeOf(project)}`,
      });
      await page.locator(".connection.open").waitFor();
      expect(page.url()).toBe(`${address}/#live`);
      expect(await post("e2e", "failed")).toBeLessThan(300);
      expect(await post("unit", "passed")).toBeLessThan(300);
      await page.getByText("job e2e failed").first().waitFor();
      await page.locator(".feed-row").getByText("unmatched").waitFor();

      await page.getByText("job e2e failed").first().click();
      await page.locator(".block.claude").getByText("job e2e failed").waitFor();
      await page.getByText("takes it", { exact: true }).waitFor();
      await page.locator(".json").getByText('"e2e"').waitFor();
      await page.getByRole("button", { name: "Make a test" }).click();
      await page.locator("#made pre").waitFor();
      await page.getByRole("button", { name: "Replay", exact: true }).click();
      await page.getByRole("button", { name: "Replay now" }).click();
      await page.getByText(/^Replayed as/).waitFor();

      await page.keyboard.press("g");
      await page.keyboard.press("s");
      await page.getByLabel("Channel to silence").selectOption("failed");
      await page.getByRole("button", { name: "Silence", exact: true }).click();
      await page.getByText("failed is silenced.").waitFor();
      await page.getByRole("button", { name: "End the silence of failed" }).click();
      await page.getByText("failed is no longer silenced.").waitFor();
      expect(await page.getByRole("alert").allTextContents()).toEqual([]);
      await page.evaluate(() => location.assign("#people"));
      await page.getByText("No permission prompt was relayed yet.").waitFor();
      await page.getByText("this browser").waitFor();
      expect(await page.getByRole("alert").allTextContents()).toEqual([]);

      await page.evaluate(() => location.assign("#live"));
      const { pid } = JSON.parse((await project.ask(["status", "--json"])).stdout);
      process.kill(pid, "SIGKILL");
      await page.getByText("No connection to the router.").waitFor();
      await page.locator(".connection.open").waitFor();
      await expect.poll(() => post("late", "failed").catch(() => 599), { timeout: 30_000 }).toBeLessThan(300);
      await page.getByText("job late failed").first().waitFor();
      expect(await page.getByText("job late failed").count()).toBe(1);
      expect(faults).toEqual([]);
      await context.close();
    });
  },
);
