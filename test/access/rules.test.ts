import { describe, expect, it } from "vitest";
import { openWorld } from "./world.ts";

const event = { as: "event" };
const nothing = { as: "nothing" };
const group = (id = "g", parentId?: string) => ({
  chat: { id, kind: "group" as const, ...(parentId === undefined ? {} : { parentId }) },
});

describe("who may write to the bot alone", () => {
  it("are those that the config names, by number or text", async () => {
    const { receive } = await openWorld({ dm: "allowlist", allow: [41, "42"] });
    expect(await receive({ sender: { id: "41" } })).toEqual(event);
    expect(await receive({ sender: { id: "42" } })).toEqual(event);
    expect(await receive({ sender: { id: "4" } })).toEqual(nothing);
  });

  it("is nobody when access is disabled", async () => {
    const { receive } = await openWorld({
      dm: "disabled",
      allow: ["41"],
      groups: { g: { mention: false, allow: ["41"] } },
    });
    expect(await receive()).toEqual(nothing);
    expect(await receive(group())).toEqual(nothing);
  });

  it("is told by id: a name proves nothing", async () => {
    const { receive } = await openWorld({ dm: "allowlist", allow: ["41"] });
    expect(await receive({ sender: { id: "66", name: "41" } })).toEqual(nothing);
  });

  it.each(["__proto__", "constructor", "toString"])("is not %s", async (id) => {
    const { receive } = await openWorld({ dm: "allowlist" });
    expect(await receive({ sender: { id } })).toEqual(nothing);
    expect(await receive({ sender: { id }, ...group(id) })).toEqual(nothing);
  });
});

describe("a group", () => {
  it("is heard only where it is named, and only from those it names", async () => {
    const { receive } = await openWorld({ allow: ["42"], groups: { g: { mention: true, allow: ["41"] } } });
    expect(await receive(group())).toEqual(event);
    expect(await receive(group("other"))).toEqual(nothing);
    // Whoever may write to the bot alone may not do so everywhere.
    expect(await receive({ sender: { id: "42" }, ...group() })).toEqual(nothing);
  });

  it("without allowed users admits nobody", async () => {
    const { receive } = await openWorld({ allow: ["41"], groups: { g: { mention: false, allow: [] } } });
    expect(await receive(group())).toEqual(nothing);
  });

  it("counts a mention, an answer, or a pattern of the config", async () => {
    const { receive } = await openWorld({
      mentionPatterns: ["claude"],
      groups: { g: { mention: true, allow: ["41"] } },
    });
    expect(await receive({ ...group(), isForUs: false })).toEqual(nothing);
    expect(await receive({ ...group(), isForUs: false, text: "hey claude" })).toEqual(event);
  });

  it("takes every message where no mention is needed", async () => {
    const { receive } = await openWorld({ groups: { g: { mention: false, allow: ["41"] } } });
    expect(await receive({ ...group(), isForUs: false })).toEqual(event);
  });

  it("speaks for its threads", async () => {
    const { receive } = await openWorld({ groups: { g: { mention: true, allow: ["41"] } } });
    expect(await receive(group("thread", "g"))).toEqual(event);
    expect(await receive(group("thread", "other"))).toEqual(nothing);
  });
});

describe("a bot", () => {
  const bot = { sender: { id: "900" }, isBot: true };

  it("is heard when the config names it, and gets no code", async () => {
    const { receive } = await openWorld({ bots: ["900"], groups: { g: { mention: true, allow: [] } } });
    expect(await receive(bot)).toEqual(event);
    expect(await receive({ ...bot, ...group() })).toEqual(event);
    expect(await receive({ ...bot, sender: { id: "901" } })).toEqual(nothing);
  });

  it("is heard ten times in a row, until a person says something or an hour has passed", async () => {
    const { receive, clock } = await openWorld({
      bots: ["900"],
      groups: { g: { mention: true, allow: ["41"] } },
    });
    const say = async (times: number) => {
      let heard = 0;
      for (let turn = 0; turn < times; turn++)
        if ((await receive({ ...bot, ...group() })).as === "event") heard += 1;
      return heard;
    };
    expect(await say(15)).toBe(10);
    await receive(group());
    expect(await say(15)).toBe(10);
    clock.set(clock.now() + 60 * 60 * 1_000 + 1);
    expect(await say(3)).toBe(3);
  });
});

describe("commands about the bot", () => {
  it("are answered to those who may write, in their chat alone", async () => {
    const { receive } = await openWorld({ allow: ["41"], groups: { g: { mention: true, allow: ["41"] } } });
    expect(await receive({ command: "start", text: "/start" })).toMatchObject({ as: "answer" });
    expect(await receive({ command: "status", text: "/status" })).toEqual({
      as: "answer",
      text: "A Claude session is open.",
    });
    expect(await receive({ command: "deploy", text: "/deploy" })).toEqual(event);
    expect(await receive({ ...group(), command: "status", text: "/status" })).toEqual(event);
  });
});

it("hears nobody while a person has not agreed, or no longer, and loses nothing", async () => {
  const { receive, people, trust, dropped } = await openWorld({ allow: ["41"] });
  expect(await receive()).toEqual({ as: "event" });
  expect(await people.admits("41")).toBe(true);
  trust(false);
  await expect(receive()).rejects.toMatchObject({ code: "E_CONSENT_REQUIRED", retryable: true });
  await expect(
    people.press({ sender: { id: "41" }, promptId: "abcde", button: "allow" }),
  ).rejects.toMatchObject({ code: "E_CONSENT_REQUIRED" });
  expect([await people.admits("41"), dropped]).toEqual([false, []]);
  trust(true);
  expect(await receive()).toEqual({ as: "event" });
});

it("counts a press of somebody who may not decide", async () => {
  const { people, dropped } = await openWorld({ allow: ["41"] });
  const press = { promptId: "abcde", button: "allow" as const };
  expect(await people.press({ ...press, sender: { id: "66" } })).toEqual({ show: "nothing" });
  expect(dropped).toEqual(["66 pressed a button but is not an approver"]);
});

it.each([
  [
    "removed",
    async ({ administer }: Awaited<ReturnType<typeof openWorld>>) =>
      administer({ do: "remove", person: "42" }),
  ],
  [
    "shut out with all others",
    async ({ administer }: Awaited<ReturnType<typeof openWorld>>) =>
      administer({ do: "policy", dm: "disabled" }),
  ],
] as const)("admits nobody who was %s", async (_, change) => {
  const world = await openWorld();
  await world.administer({ do: "allow", person: "42" });
  expect(await world.people.admits("42")).toBe(true);
  await change(world);
  expect(await world.people.admits("42")).toBe(false);
});
