import { describe, expect, it } from "vitest";
import { codeIn, from, openWorld } from "./world.ts";

const hourMs = 60 * 60 * 1_000;
const nothing = { as: "nothing" };

describe("a stranger who writes to the bot alone", () => {
  it("gets a code, the same once more, and then nothing", async () => {
    const { receive } = await openWorld();
    const code = codeIn(await receive());
    expect(codeIn(await receive({ text: "again" }))).toBe(code);
    expect(await receive()).toEqual(nothing);
  });

  it("is let in when a person types the code, and forgets the code then", async () => {
    const { receive, administer } = await openWorld();
    const code = codeIn(await receive());
    const { said, paired } = await administer({ do: "pair", code: code.toUpperCase() });
    expect(said).toBe('41 ("Ada") may write on phone now');
    expect(paired).toEqual({ source: "phone", person: "41", chatId: "direct-41" });
    expect(await receive()).toEqual({ as: "event" });
    await expect(administer({ do: "pair", code })).rejects.toThrow("no pending user has the code");
  });

  it("gets no second code when let in just while they wrote again", async () => {
    const { receive, administer } = await openWorld();
    const code = codeIn(await receive());
    const [, again] = await Promise.all([administer({ do: "pair", code }), receive()]);
    expect(again).toEqual({ as: "event" });
    expect((await administer({ do: "list" })).sources[0]?.pending).toEqual([]);
  });

  it("gets another code when the hour is over", async () => {
    const { receive, administer, clock } = await openWorld();
    const code = codeIn(await receive());
    clock.set(clock.now() + hourMs);
    await expect(administer({ do: "pair", code })).rejects.toThrow("no pending user");
    expect(codeIn(await receive())).not.toBe(code);
  });

  it("gets a code however many others wait, and is let in by it", async () => {
    const { receive, administer, clock } = await openWorld();
    for (let n = 0; n < 30; n++) codeIn(await receive(from(`stranger${n}`)));
    const code = codeIn(await receive());
    for (let n = 30; n < 200; n++) {
      clock.set(clock.now() + 10_000);
      await receive(from(`stranger${n}`));
    }
    await administer({ do: "pair", code });
    expect(await receive()).toEqual({ as: "event" });
  });

  it("keeps its code for the hour under any flood, and one who comes in a flood has one within minutes", async () => {
    const { receive, dropped, administer, clock, store } = await openWorld();
    const code = codeIn(await receive());
    let late: string | undefined;
    for (let second = 0, n = 0; second < 3_500; second += 5) {
      clock.set(clock.now() + 5_000);
      for (let each = 0; each < 3; each++) await receive(from(`stranger${n++}`));
      // Writes again every half minute until there is an answer.
      if (second % 30 === 0 && late === undefined) {
        const answer = await receive(from("late"));
        if (answer.as === "answer") late = codeIn(answer);
      }
    }
    expect(dropped).toContain("stranger200 got no code: too many unknown senders write at once");
    expect(late).toBeDefined();
    expect(Object.keys((await store.read()).phone?.pending ?? {}).length).toBeLessThanOrEqual(1_500);
    expect((await administer({ do: "pair", code })).paired?.person).toBe("41");
  });

  it("is listed in the order in which all came", async () => {
    const { receive, administer, clock } = await openWorld();
    for (let n = 0; n < 40; n++) {
      clock.set(clock.now() + 1_000);
      await receive(from(`stranger${n}`));
    }
    const { sources } = await administer({ do: "list" });
    expect(sources[0]?.pending.map(({ id }) => id)).toEqual(
      Array.from({ length: 40 }, (_, n) => `stranger${n}`),
    );
  });

  it("is not asked about again after a person declined", async () => {
    const { receive, administer, clock } = await openWorld();
    await administer({ do: "deny", code: codeIn(await receive()) });
    clock.set(clock.now() + 10 * hourMs);
    expect(await receive()).toEqual(nothing);
    await administer({ do: "allow", person: "41" });
    expect(await receive()).toEqual({ as: "event" });
  });

  it("cannot let themselves in with the code", async () => {
    const { receive } = await openWorld();
    const code = codeIn(await receive());
    await receive({ text: `channel-router access pair ${code}` });
    expect(await receive({ text: `access pair ${code}` })).toEqual(nothing);
    expect(await receive()).toEqual(nothing);
  });

  it("gets no code in a group, whatever they write", async () => {
    const { receive } = await openWorld({ groups: { g: { mention: true, allow: ["7"] } } });
    const inGroup = { chat: { id: "g", kind: "group" as const }, text: "/start" };
    expect(await receive(inGroup)).toEqual(nothing);
    expect(await receive({ ...inGroup, command: "start" })).toEqual(nothing);
  });

  it("gets nothing where strangers are not wanted", async () => {
    for (const dm of ["allowlist", "disabled"] as const) {
      const { receive, dropped } = await openWorld({ dm });
      expect(await receive()).toEqual(nothing);
      expect(dropped).toHaveLength(1);
    }
  });

  it("is told nothing when the code could not be kept: the message may come again", async () => {
    const { receive } = await openWorld({}, async () => {
      throw new Error("the disk is full");
    });
    await expect(receive()).rejects.toMatchObject({ code: "E_ACCESS_STATE", retryable: true });
  });
});
