// Two configs with one bot: two routers of the built program, each the owner of its own config.

import { afterEach, expect, it } from "vitest";
import { createProject, eventually, type Project } from "../../support/router.ts";
import { startTelegram } from "../../support/servers/telegram.ts";
import { trustAll } from "../../support/trust.ts";
import { ann } from "./bot.ts";

const clean: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

it("one has the bot, the other says who has it, and takes over when that one is killed", async () => {
  const server = await startTelegram();
  clean.push(() => server.close());
  const config = (port: number) =>
    `listen: 127.0.0.1:${port}\nsources:\n  phone: { type: telegram, token: "${server.token}", api_root: "${server.root}", access: { allow: [42] } }\n`;
  const first = await createProject(config);
  const second = await createProject(config);
  clean.push(first.remove, second.remove);
  // One user, one machine: the same register of running routers.
  const env = { CHANNEL_ROUTER_STATE_DIR: first.state };
  for (const { folder } of [first, second]) await trustAll(env, `${folder}/channels.yaml`);
  const status = async (project: Project) =>
    (await project.ask(["status", "--config", `${project.folder}/channels.yaml`], env)).stdout;

  const holder = await first.claude({}, env);
  await eventually(async () => (await status(first)).includes("@router_bot"));
  const waiting = await second.claude({}, env);
  const said = await eventually(async () => {
    const text = await status(second);
    return text.includes("its token is in use") && text;
  });
  expect(said).toContain(`by process ${holder.process.pid}, which runs ${first.folder}/channels.yaml`);
  expect(server.calls.filter(({ method }) => method === "getMe")).toHaveLength(1);

  process.kill(holder.process.pid, "SIGKILL");
  server.write(ann, "who is there?");
  const event = await waiting.nextEvent(15_000);
  expect(event.content).toBe("who is there?");
});
