// Reloads in a row while requests come in: from the sender's side it must be as if nothing happened.

import { readdirSync } from "node:fs";
import { Agent, request } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createProject, type Project } from "../support/router.ts";
import { answers, isThere } from "./running.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const stormMs = Number(process.env.STORM_MS ?? 3_000);
const perSecond = 500;

const config = (port: number, round: number) => `listen: 127.0.0.1:${port}
budget: { hour: none }
sources:
  hook: { type: http, path: /hook, max_body: ${100 + (round % 7)}KiB }
  kept: { type: http, path: /kept }
  side${round % 3}: { type: http, path: /side }
channels:
  all: { from: [hook, kept], content: "{{data.n}}", meta: { round: "${round}" } }
`;

test("zero refused, zero 5xx, zero lost, zero duplicated, no descriptor left behind", async () => {
  const project = await createProject((port) => config(port, 0));
  projects.push(project);
  const claude = await project.claude();
  await answers(project, "/hook", isThere);
  const descriptors = () => readdirSync(`/proc/${claude.process.pid}/fd`).length;
  const before = process.platform === "linux" ? descriptors() : 0;

  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const outcomes = new Map<string, number>();
  const send = (n: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (outcome: string) => {
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        resolve();
      };
      const body = JSON.stringify({ n });
      const call = request(
        `${project.address}/${n % 2 === 0 ? "hook" : "kept"}`,
        {
          method: "POST",
          agent,
          headers: { "content-type": "application/json", "content-length": String(body.length) },
        },
        (response) => {
          response.resume();
          response.on("end", () => end(String(response.statusCode)));
        },
      );
      call.on("error", (error) => end(error.message));
      call.end(body);
    });

  const startMs = performance.now();
  const sent: Promise<void>[] = [];
  let round = 0;
  while (performance.now() - startMs < stormMs) {
    const dueRequests = Math.floor(((performance.now() - startMs) / 1_000) * perSecond);
    while (sent.length < dueRequests) sent.push(send(sent.length));
    if ((performance.now() - startMs) / 100 > round) {
      round += 1;
      await project.write("channels.yaml", config(project.port, round));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(sent);
  agent.destroy();

  expect(Object.fromEntries(outcomes)).toEqual({ "202": sent.length });
  const events = await claude.waitForEvents(sent.length, 30_000);
  expect(new Set(events.map(({ content }) => content)).size).toBe(sent.length);
  expect(events).toHaveLength(sent.length);
  expect(new Set(events.map(({ meta }) => meta.round)).size).toBeGreaterThan(stormMs / 2_000);
  if (process.platform === "linux")
    await expect.poll(descriptors, { timeout: 8_000 }).toBeLessThanOrEqual(before + 2);
});
