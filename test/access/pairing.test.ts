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
    await expect(administer({ do: "pair", code })).rejects.toThrow("nobody waits with the code");
  });

  it("gets another code when the hour is over", async () => {
    const { receive, administer, clock } = await openWorld();
    const code = codeIn(await receive());
    clock.set(clock.now() + hourMs);
    await expect(administer({ do: "pair", code })).rejects.toThrow("nobody waits");
    expect(codeIn(await receive())).not.toBe(code);
  });

  it("gets none while three others wait", async () => {
    const { receive, dropped, clock } = await openWorld();
    for (const id of ["1", "2", "3"]) codeIn(await receive(from(id)));
    expect(await receive(from("4"))).toEqual(nothing);
    expect(dropped.at(-1)).toBe("4 was given no code: 3 wait already");
    clock.set(clock.now() + hourMs);
    codeIn(await receive(from("4")));
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
