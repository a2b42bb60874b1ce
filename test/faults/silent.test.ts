// Processes that live and do nothing: a client that does not read, an owner that is stopped.

import { expect, test } from "vitest";
import type { ChannelEvent } from "../support/claude-channel.ts";
import { eventually } from "../support/router.ts";
import { accepted, isLong, listening, open } from "./stage.ts";

const hook = (port: number) => `
listen: 127.0.0.1:${port}
sources: { hook: { type: http, path: /hook } }
channels: { big: { from: hook, budget: { event: 4000 }, content: "{{data.n}} {{data.text}}" } }
`;

const numberOf = ({ content }: ChannelEvent) => Number.parseInt(content, 10);

// They wait out ten seconds of not reading, and five of not answering. Every run shows the same of processes with less patience
// (ownership/stopped-owner.test.ts), of a client that reads again (crowd.test.ts), and with a clock in hand (dispatch/order.test.ts).
test.runIf(isLong)(
  "a client that does not read is named, and what it was not sent goes to another",
  async () => {
    const project = await open(hook);
    const owner = await project.claude();
    await listening(project);
    const stuck = await project.claude();
    stuck.pauseReading();
    const text = "x".repeat(14_000);
    for (let n = 1; n <= 40; n += 1) await accepted(project, "/hook", { n, text });
    const seen = async () => (await project.run(["sessions"])).stdout.includes("does not read");
    await eventually(seen);
    expect((await project.run(["status"])).stdout).toContain("does not read: it has taken nothing since");
    expect((await project.run(["doctor"])).stdout).toContain("its client does not read since");
    await eventually(() => owner.events.map(numberOf).includes(40));
    expect(owner.process.stderr().match(/does not read/g)).toHaveLength(1);
    stuck.resumeReading();
    await eventually(async () => !(await seen()));
    const numbers = [...owner.events, ...stuck.events].map(numberOf).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, n) => n + 1));
  },
  180_000,
);

test.runIf(isLong)(
  "a tool call to a stopped owner fails and says what to do, and all is well when it goes on or is ended",
  async () => {
    const project = await open(hook);
    const owner = await project.claude();
    await listening(project);
    const other = await project.claude();
    owner.process.kill("SIGSTOP");
    const { isError, text } = await other.callTool("status");
    expect(isError).toBe(true);
    expect(text).toContain(`kill -CONT ${owner.process.pid}`);
    owner.process.kill("SIGCONT");
    await eventually(async () => !(await other.callTool("status")).isError);
    owner.process.kill("SIGSTOP");
    const asked = other.callTool("status");
    owner.process.kill("SIGKILL");
    expect((await asked).isError).toBe(false);
    other.assertCleanWire();
  },
  180_000,
);
