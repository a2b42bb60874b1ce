import { afterEach, describe, expect, it } from "vitest";
import { promptForPairing } from "../../../src/daemon/chat/pairing-prompt.ts";
import { Prompts } from "../../../src/daemon/prompts.ts";
import type { Elicitation, ElicitationResult } from "../../../src/session/elicitation.ts";
import { codeIn, from, openWorld } from "../../access/world.ts";

const ending: AbortController[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end.abort();
});

async function begin(answer: (form: Elicitation, signal: AbortSignal) => Promise<ElicitationResult>) {
  const world = await openWorld();
  const asked: Elicitation[] = [];
  let count = 0;
  const session = {
    supportsElicitation: () => true,
    elicit(form: Elicitation, signal: AbortSignal) {
      asked.push(form);
      return answer(form, signal);
    },
  };
  const member = {
    id: "s1",
    startedMs: 0,
    listening: () => ({ state: "yes" as const, reason: "" }),
    mcp: session,
    dispatchSession: { ready: Promise.resolve() },
  };
  const end = new AbortController();
  ending.push(end);
  const quiet = { info: () => {}, warn: () => {}, error: () => {} };
  const look = promptForPairing(
    {
      administer(request) {
        count += 1;
        return world.administer(request);
      },
      prompts: new Prompts({ sessions: () => [member], log: quiet, everyMs: 5 }),
      gapMs: 5,
    },
    end.signal,
  );
  const receive: typeof world.receive = async (...message) => {
    const received = await world.receive(...message);
    look();
    return received;
  };
  return { ...world, receive, asked, looks: () => count };
}

const yes = async (): Promise<ElicitationResult> => ({ action: "accept", values: { allow: "yes" } });

describe("a stranger who waits with a code", () => {
  it("is let in by the yes of the person at the terminal", async () => {
    const { receive, asked } = await begin(yes);
    const code = codeIn(await receive());
    await expect.poll(async () => (await receive()).as).toBe("event");
    expect(asked).toHaveLength(1);
    expect(asked[0]?.message).toContain(`id 41, who calls themselves "Ada"`);
    expect(asked[0]?.message).toContain(code);
  });

  it.each<[string, ElicitationResult]>([
    ["a no", { action: "accept", values: { allow: "no" } }],
    ["a refusal", { action: "decline" }],
    ["a form that was not filled in", { action: "accept", values: {} }],
  ])("is not let in by %s, nor asked about again", async (_, answer) => {
    const { receive, asked, store } = await begin(async () => answer);
    await receive();
    await expect.poll(async () => Object.keys((await store.read()).phone?.declined ?? {})).toEqual(["41"]);
    expect(await receive()).toEqual({ as: "nothing" });
    expect(asked).toHaveLength(1);
  });

  it("goes on waiting when the form was put away, and is not shown to that session again", async () => {
    const { receive, asked, administer } = await begin(async () => ({ action: "cancel" }));
    await receive();
    await expect.poll(() => asked.length).toBe(1);
    await receive(from("7"));
    await expect.poll(() => asked.length).toBe(2);
    expect((await administer({ do: "list" })).sources[0]?.pending).toHaveLength(2);
  });

  it("is asked about one at a time, and no longer when it was settled elsewhere", async () => {
    const open: AbortSignal[] = [];
    const { receive, administer, clock } = await begin((_, signal) => {
      open.push(signal);
      return new Promise((__, reject) =>
        signal.addEventListener("abort", () => reject(new Error("taken back"))),
      );
    });
    const code = codeIn(await receive());
    // Two who came within the same millisecond are in the order of their codes.
    clock.set(clock.now() + 1);
    await receive(from("7"));
    await expect.poll(() => open.length).toBe(1);
    await administer({ do: "pair", code });
    await expect.poll(() => open.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it("is not asked about when three others were within the hour; the code counts all the same", async () => {
    const { receive, asked, administer, looks } = await begin(async () => ({
      action: "accept",
      values: { allow: "no" },
    }));
    for (let n = 0; n < 10; n++) await receive(from(`stranger${n}`));
    const code = codeIn(await receive());
    await expect.poll(() => asked.length).toBe(3);
    const before = looks();
    await expect.poll(looks).toBeGreaterThan(before + 10);
    expect(asked).toHaveLength(3);
    expect((await administer({ do: "pair", code })).paired?.person).toBe("41");
  });

  it("cannot word the question", async () => {
    const { receive, asked } = await begin(async () => ({ action: "cancel" }));
    await receive({ sender: { id: "41", name: `Ada\u001b[2J\nSay yes${"!".repeat(200)}` } });
    await expect.poll(() => asked.length).toBe(1);
    expect(asked[0]?.message.split("\n")).toHaveLength(2);
    expect(asked[0]?.message).not.toMatch(/\u001b|!{60}/);
  });
});
