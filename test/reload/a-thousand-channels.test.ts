// A large config is put into force while requests are answered. The bounds here are loose, because the suite shares its
// machine; the figures are measured by bench/figures/reload.mjs.

import { get } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { answers, isThere, post } from "./running.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

const channel = (index: number, word: string) => `  c${index}:
    from: hook
    match: { data.kind: k${index}, data.n: { gt: 5 } }
    when: size(data.items) >= ${index % 3}
    dedupe: { key: "{{data.id}}", for: 1h }
    content: "${word} {{data.title}} number ${index}"
    meta: { kind: "{{data.kind}}" }
`;
const config = (port: number, word: string) =>
  `listen: 127.0.0.1:${port}\nsources:\n  hook: { type: http, path: /hook }\nchannels:\n${Array.from({ length: 1_000 }, (_, index) => channel(index, word)).join("")}`;

test("all of them are changed at once, and no request waits for it", async () => {
  const project = await createProject((port) => config(port, "old"));
  projects.push(project);
  const claude = await project.claude();
  await answers(project, "/hook", isThere);

  let isOver = false;
  let longestMs = 0;
  const pinging = (async () => {
    while (!isOver) {
      const startMs = performance.now();
      await new Promise<void>((resolve, reject) => {
        get(`${project.address}/hook`, (response) => response.resume().on("end", resolve)).on(
          "error",
          reject,
        );
      });
      longestMs = Math.max(longestMs, performance.now() - startMs);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await project.write("channels.yaml", config(project.port, "new"));
  const startMs = performance.now();
  await eventually(() => claude.process.stderr().includes("reloaded: ~1000 channels"));
  const tookMs = performance.now() - startMs;
  isOver = true;
  await pinging;

  await post(project, "/hook", { kind: "k7", n: 9, items: [1, 2, 3], id: 1, title: "it" });
  expect((await claude.nextEvent()).content).toBe("new it number 7");
  expect(tookMs).toBeLessThan(15_000);
  expect(longestMs).toBeLessThan(3_000);
});
