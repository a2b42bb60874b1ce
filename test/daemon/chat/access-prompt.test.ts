// What a command in Claude's shell may do about access: show the person a form, and nothing else.

import { afterEach, describe, expect, it } from "vitest";
import { type AccessRequest, rehearse } from "../../../src/access/administer.ts";
import { createAccessPrompt } from "../../../src/daemon/chat/access-prompt.ts";
import { Prompts } from "../../../src/daemon/prompts.ts";
import type { Elicitation, ElicitationResult } from "../../../src/session/elicitation.ts";
import { codeIn, openWorld } from "../../access/world.ts";

const ending: AbortController[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end.abort();
});

const yes: ElicitationResult = { action: "accept", values: { allow: "yes" } };
const allow: AccessRequest = { do: "allow", person: "41" };

interface Terminal {
  readonly session?: string;
  readonly listens?: boolean;
  readonly supportsElicitation?: boolean;
  answer?(form: Elicitation, signal: AbortSignal): Promise<ElicitationResult>;
}

async function begin(...terminals: Terminal[]) {
  const world = await openWorld();
  const asked: { readonly terminal: number; readonly form: Elicitation }[] = [];
  const members = terminals.map((terminal, index) => ({
    id: `s${index}`,
    startedMs: index,
    listening: () => ({ state: terminal.listens === true ? ("yes" as const) : ("no" as const), reason: "" }),
    attached: { facts: () => (terminal.session === undefined ? {} : { session: terminal.session }) },
    mcp: {
      supportsElicitation: () => terminal.supportsElicitation ?? true,
      elicit(form: Elicitation, signal: AbortSignal) {
        asked.push({ terminal: index, form });
        return terminal.answer?.(form, signal) ?? Promise.resolve(yes);
      },
    },
  }));
  const end = new AbortController();
  ending.push(end);
  const askedOptions = {
    administer: world.administer,
    rehearse: (request: AccessRequest) => rehearse(request, world.administration),
    prompts: new Prompts({
      sessions: () => members,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      everyMs: 5,
    }),
    clock: world.clock,
    ending: end.signal,
    answerWithinMs: 5_000,
  };
  const ask = createAccessPrompt(askedOptions);
  const people = async () => (await world.administer({ do: "list" })).sources[0]?.people.map(({ id }) => id);
  return { ...world, ask, asked, askedOptions, people };
}

describe("a change of access from Claude's shell", () => {
  it("happens on the yes of the person, who sees what it would do", async () => {
    const { ask, asked, people } = await begin({});
    expect(await ask(allow, undefined)).toEqual({ state: "done", said: "41 may write on phone now" });
    expect(asked[0]?.form.message).toContain("41 may write on phone now");
    expect(await people()).toEqual(["41"]);
  });

  it.each<[string, ElicitationResult]>([
    ["a no", { action: "accept", values: { allow: "no" } }],
    ["a refusal", { action: "decline" }],
    ["a form that was put away", { action: "cancel" }],
    ["a form that was not filled in", { action: "accept", values: {} }],
  ])("does not happen on %s, and no further form is shown for ten minutes", async (_, answer) => {
    const { ask, asked, people, clock } = await begin({ answer: async () => answer });
    expect(await ask(allow, undefined)).toMatchObject({ state: "refused" });
    await expect(ask({ ...allow, person: "66" } as AccessRequest, undefined)).rejects.toThrow(
      "declined this",
    );
    await clock.advance(9 * 60_000);
    await expect(ask(allow, undefined)).rejects.toThrow("declined this");
    await clock.advance(60_000);
    await ask(allow, undefined);
    expect(asked).toHaveLength(2);
    expect(await people()).toEqual([]);
  });

  it("is shown in the session that it came from, else in one that listens", async () => {
    const { ask, asked } = await begin(
      { session: "a" },
      { session: "b", listens: true },
      { session: "c" },
      { session: "d", supportsElicitation: false },
    );
    for (const session of ["c", "d", undefined]) await ask(allow, session);
    expect(asked.map(({ terminal }) => terminal)).toEqual([2, 1, 1]);
  });

  it("is refused at once where it makes no sense, or nobody can be asked", async () => {
    const { ask, asked } = await begin({ supportsElicitation: false });
    await expect(ask({ do: "pair", code: "123abc" }, undefined)).rejects.toThrow(
      "no pending user has the code",
    );
    await expect(ask({ do: "allow", person: "Ada L" }, undefined)).rejects.toThrow("is not an id");
    await expect(ask(allow, undefined)).rejects.toThrow(
      "no Claude session is open that could show you a form",
    );
    expect(asked).toEqual([]);
  });

  it("is one form at a time, taken back when it was settled elsewhere", async () => {
    const taken: AbortSignal[] = [];
    const { ask, asked, administer, receive } = await begin({
      answer: (_, signal) => new Promise(() => void taken.push(signal)),
    });
    const code = codeIn(await receive());
    const settled = ask({ do: "pair", code }, undefined);
    await expect.poll(() => asked.length).toBe(1);
    await expect(ask(allow, undefined)).rejects.toThrow("open already");
    await administer({ do: "deny", code });
    expect(await settled).toMatchObject({ state: "refused", said: expect.stringContaining("withdrawn") });
    expect(taken[0]?.aborted).toBe(true);
  });

  it("does not keep the command waiting for ever, and a later yes counts", async () => {
    let agree: (answer: ElicitationResult) => void = () => {};
    const { people, ...world } = await begin({
      answer: () =>
        new Promise((resolve) => {
          agree = resolve;
        }),
    });
    const slow = createAccessPrompt({ ...world.askedOptions, answerWithinMs: 5 });
    expect(await slow(allow, undefined)).toMatchObject({ state: "open" });
    agree(yes);
    await expect.poll(people).toEqual(["41"]);
  });
});
