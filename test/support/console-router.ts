// Where a router of a test serves its console, and a code that lets a browser in.

import { join } from "node:path";
import { expect } from "vitest";
import { listRunning } from "../../src/cluster/running-leaders.ts";
import { callLeader } from "../../src/control/client.ts";
import type { Project } from "./router.ts";

// biome-ignore lint/suspicious/noExplicitAny: whatever the router says
export type Answer = any;
export const asked = async ({ ask }: Project, ...args: string[]): Promise<Answer> =>
  JSON.parse((await ask([...args, "--json"])).stdout);

/** Once the router serves its console. */
export async function consoleOf(one: Project): Promise<string> {
  let address: string | undefined;
  await expect
    .poll(async () => (address = (await asked(one, "status")).console), { timeout: 15_000 })
    .toBeTruthy();
  return address as string;
}

/** A code as the command gets it: the command itself wants a user at a terminal. */
export async function codeOf(one: Project): Promise<string> {
  const [router] = await listRunning(join(one.state, "running"));
  if (router === undefined) throw new Error("no router runs");
  const answer = await callLeader(router.socket, "console", { do: "code" }, { version: router.version });
  return (answer as { code: string }).code;
}
