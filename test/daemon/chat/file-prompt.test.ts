// The question to the user whether a file may leave: who is asked, what a yes is for, and how long anything counts.

import { afterEach, describe, expect, it } from "vitest";
import { createFilePrompt, type FilePrompt } from "../../../src/daemon/chat/file-prompt.ts";
import { Prompts } from "../../../src/daemon/prompts.ts";
import type { Elicitation, ElicitationResult } from "../../../src/session/elicitation.ts";
import { manualClock } from "../../support/manual-clock.ts";

const ending: AbortController[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end.abort();
});

const yes: ElicitationResult = { action: "accept", values: { allow: "yes" } };
const file: FilePrompt = {
  source: "/home/ann/letter.txt",
  bytes: 4_200,
  asks: ["it is outside the project"],
  hash: "h1",
};

interface Terminal {
  readonly listens?: boolean;
  readonly supportsElicitation?: boolean;
  answer?(form: Elicitation, signal: AbortSignal): Promise<ElicitationResult>;
}

function begin(terminals: readonly Terminal[], answerWithinMs = 5_000) {
  const clock = manualClock();
  const asked: { readonly session: string; readonly form: Elicitation }[] = [];
  const members = terminals.map((terminal, index) => ({
    id: `s${index}`,
    startedMs: index,
    listening: () => ({ state: terminal.listens === true ? ("yes" as const) : ("no" as const), reason: "" }),
    mcp: {
      supportsElicitation: () => terminal.supportsElicitation ?? true,
      elicit(form: Elicitation, signal: AbortSignal) {
        asked.push({ session: `s${index}`, form });
        return terminal.answer?.(form, signal) ?? Promise.resolve(yes);
      },
    },
  }));
  const end = new AbortController();
  ending.push(end);
  const ask = createFilePrompt({
    prompts: new Prompts({
      sessions: () => members,
      log: { info: () => {}, warn: () => {}, error: () => {} },
      everyMs: 5,
    }),
    clock,
    ending: end.signal,
    answerWithinMs,
  });
  return { ask, asked, clock };
}

describe("a file that nothing but the user can let go", () => {
  it("goes on the yes, and the same content to the same chat again for ten minutes", async () => {
    const { ask, asked, clock } = begin([{}]);
    await ask("s0", "phone", [file]);
    await ask("s0", "phone", [file]);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.form.message).toContain("/home/ann/letter.txt (4 kB): it is outside the project");
    await ask("s0", "desk", [file]);
    await ask("s0", "phone", [{ ...file, hash: "h2" }]);
    await ask("s0", "phone", [{ ...file, source: "/home/ann/other.txt" }]);
    expect(asked).toHaveLength(4);
    await clock.advance(10 * 60_000);
    await ask("s0", "phone", [file]);
    expect(asked).toHaveLength(5);
  });

  it.each<[string, ElicitationResult]>([
    ["a no", { action: "accept", values: { allow: "no" } }],
    ["a refusal", { action: "decline" }],
    ["a form that was put away", { action: "cancel" }],
    ["a form that was not filled in", { action: "accept", values: {} }],
  ])("stays on %s, and no further form is shown for ten minutes", async (_, answer) => {
    const { ask, asked, clock } = begin([{ answer: async () => answer }]);
    await expect(ask("s0", "phone", [file])).rejects.toMatchObject({ code: "E_FILE" });
    await expect(ask("s0", "phone", [{ ...file, hash: "h2" }])).rejects.toThrow("said no to a file");
    await clock.advance(10 * 60_000);
    await expect(ask("s0", "phone", [file])).rejects.toThrow("did not agree");
    expect(asked).toHaveLength(2);
  });

  it("is asked about in the session that sends it, else in one that listens, else not at all", async () => {
    const terminals = [{ supportsElicitation: false }, {}, { listens: true }];
    const { ask, asked } = begin(terminals);
    await ask("s1", "phone", [file]);
    await ask("s0", "phone", [{ ...file, hash: "h2" }]);
    expect(asked.map(({ session }) => session)).toEqual(["s1", "s2"]);
    await expect(begin([{ supportsElicitation: false }]).ask("s0", "phone", [file])).rejects.toThrow(
      "no Claude session is open that could show the user a form",
    );
  });

  it("does not keep the call waiting for ever, and a late yes counts for the next one", async () => {
    let agree: (answer: ElicitationResult) => void = () => {};
    const { ask, asked } = begin(
      [
        {
          answer: () =>
            new Promise((resolve) => {
              agree = resolve;
            }),
        },
      ],
      5,
    );
    await expect(ask("s0", "phone", [file])).rejects.toThrow("send it again when it is answered");
    await expect(ask("s0", "phone", [file])).rejects.toThrow("is open already");
    agree(yes);
    await expect
      .poll(() =>
        ask("s0", "phone", [file]).then(
          () => "sent",
          () => "refused",
        ),
      )
      .toBe("sent");
    expect(asked).toHaveLength(1);
  });

  it("is taken back when nobody answers within ten minutes", async () => {
    const taken: AbortSignal[] = [];
    const { ask, clock } = begin([{ answer: (_, signal) => new Promise(() => void taken.push(signal)) }]);
    const asking = ask("s0", "phone", [file]);
    asking.catch(() => undefined);
    await expect.poll(() => taken.length).toBe(1);
    await clock.advance(10 * 60_000);
    await expect(asking).rejects.toThrow("did not agree");
    expect(taken[0]?.aborted).toBe(true);
  });

  it("is shown as what it is, whatever its name holds", async () => {
    const { ask, asked } = begin([{}]);
    const names = [
      "/home/ann/a\nAllow it? yes",
      "/home/ann/\u202Etxt.exe",
      "/home/ann/\x1b[2Jx",
      `/home/ann/${"x".repeat(900)}`,
    ];
    const many = Array.from({ length: 30 }, (_, index) => ({
      ...file,
      source: names[index % names.length] ?? "",
      hash: `${index}`,
    }));
    await ask("s0", "phone", many);
    const message = asked[0]?.form.message ?? "";
    expect(message.split("\n")).toHaveLength(13);
    expect(message).not.toMatch(/[\x1b\u202E]/);
    expect(message).toContain("and 20 more");
    expect(message.length).toBeLessThan(5_000);
  });
});
