// The page in a browser with the built program: signing in, an event from its request to replay, and a take-over.

import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listRunning } from "../../../src/cluster/running-leaders.ts";
import { callLeader } from "../../../src/control/client.ts";
import { createProject, type Project } from "../../support/router.ts";
import { noBrowser, openPage, startBrowser } from "./browser.ts";

const config = (port: number) => `listen: 127.0.0.1:${port}
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

async function addressOf({ ask }: Project): Promise<string> {
  let address: string | undefined;
  await expect
    .poll(async () => (address = JSON.parse((await ask(["status", "--json"])).stdout).console), {
      timeout: 30_000,
    })
    .toBeTruthy();
  return address as string;
}

/** As `channel-router console` gets it, which wants a user at a terminal. */
async function codeOf({ state }: Project): Promise<string> {
  const [router] = await listRunning(join(state, "running"));
  if (router === undefined) throw new Error("no router runs");
  const { code } = (await callLeader(
    router.socket,
    "console",
    { do: "code" },
    { version: router.version },
  )) as {
    code: string;
  };
  return code;
}

describe.skipIf(noBrowser !== undefined)(
  `the page and the router${noBrowser ? ` (${noBrowser})` : ""}`,
  () => {
    let browser: Browser;
    let project: Project;
    beforeAll(async () => {
      browser = await startBrowser();
      project = await createProject(config);
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
      const address = await addressOf(project);
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
