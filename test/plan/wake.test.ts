// `wake` is a power of its own: absent unless the config asks for it, and another one for other ways.

import { expect, test } from "vitest";
import { describeDiff, diffPlans } from "../../src/plan/diff.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { openProject } from "../support/proven.ts";

const project = openProject();
const planOf = async (head: string, channel = "") =>
  (
    await project.prove(
      `${head}\nsources:\n  hook: { type: http, path: /hook }\nchannels:\n  hook: {${channel}}\n`,
    )
  ).plan;
const powersOf = ({ powers }: Plan) => powers.map(({ power, value }) => `${power} ${value}`);

test("a config that does not ask for it, or turns it off, has no such power", async () => {
  for (const head of ["", "wake: off", "version: 1"]) {
    const plan = await planOf(head);
    expect([plan.wake, plan.powers]).toEqual([undefined, []]);
  }
});

test("auto tries all ways, a list those that it names, in its order", async () => {
  expect(powersOf(await planOf("wake: auto"))).toEqual(["wake monitor, hook, inbox"]);
  expect(powersOf(await planOf("wake: [inbox, monitor]"))).toEqual(["wake inbox, monitor"]);
  expect((await planOf("wake: [hook]")).wake?.ways).toEqual(["hook"]);
});

test("other ways are another power, and a reload says so", async () => {
  const [auto, inbox, off] = [await planOf("wake: auto"), await planOf("wake: [inbox]"), await planOf("")];
  expect(auto.wake?.power.hash).not.toBe(inbox.wake?.power.hash);
  expect((await planOf("wake: auto", "wake: false")).wake?.power.hash).toBe(auto.wake?.power.hash);
  expect(describeDiff(diffPlans(auto, inbox))).toBe("wake changed");
  expect(describeDiff(diffPlans(auto, off))).toBe("wake changed");
  expect(describeDiff(diffPlans(auto, await planOf("wake: auto")))).toBeUndefined();
});

test("a channel wakes unless it says otherwise", async () => {
  expect((await planOf("")).channels.map(({ wakes }) => wakes)).toEqual([true]);
  expect((await planOf("", "wake: false")).channels.map(({ wakes }) => wakes)).toEqual([false]);
});

test.each([
  ["wake: true", "wake"],
  ["wake: sometimes", "wake"],
  ["wake: []", "wake"],
  ["wake: [inbox, inbox]", "wake"],
  ["wake: [mail]", "wake"],
  ["wake: { way: inbox }", "wake"],
])("%s is a mistake at its place", async (head, path) => {
  const { issues } = await project.prove(`${head}\nsources:\n  hook: { type: http, path: /hook }\n`);
  expect(issues.map((issue) => issue.path.split(".")[0]?.split("[")[0])).toEqual([path]);
});
