import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openAudit } from "../../src/access/audit.ts";
import { createRelay } from "../../src/access/relay.ts";
import type { PendingPrompt, RelaySettings } from "../../src/access/relay-world.ts";
import type { PermissionPrompt } from "../../src/contract/chat.ts";
import { ConnectorError } from "../../src/errors.ts";
import { appendStateLine } from "../../src/runtime/state-file.ts";
import { manualClock } from "../support/manual-clock.ts";
import { messageOf } from "./world.ts";

const cleaning: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0)) await clean();
});

const minuteMs = 60_000;
const session = { id: "s1", project: "/code/api", label: "api" };
const request = {
  id: "abcde",
  tool: "Bash",
  description: "Run shell command",
  preview: '{"command":"npm test"}',
};

async function openRelay(more: Partial<RelaySettings> = {}, kept = new Map<string, PendingPrompt>()) {
  const folder = await mkdtemp("/tmp/cr-relay-");
  cleaning.push(() => rm(folder, { recursive: true, force: true }));
  const clock = manualClock();
  const prompts: { person: string; prompt: PermissionPrompt; source: string }[] = [];
  const closed: { asked: unknown; text: string }[] = [];
  const answered: [session: string, id: string, behavior: string][] = [];
  const gone = new Set<string>();
  const starting = new Set<string>();
  let isOpen = true;
  const file = join(folder, "permissions.jsonl");
  let settings: RelaySettings | undefined = {
    approvers: new Map([["phone", new Set(["41", "42"])]]),
    expireMs: 10 * minuteMs,
    mayRelay: () => true,
    isQuiet: () => false,
    ...more,
  };
  let audit = openAudit(clock, (line) => appendStateLine(file, line));
  const relay = createRelay({
    clock,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    notes: {
      all: () => [...kept.values()],
      put: async (prompt) => void kept.set(prompt.request.id, structuredClone(prompt)),
      drop: async (id) => void kept.delete(id),
    },
    audit: { add: (entry) => audit.add(entry) },
    settings: () => settings,
    chat: (source) =>
      source === "phone"
        ? {
            async askPermission(person, prompt) {
              if (starting.has(person))
                throw new ConnectorError("E_CHAT", "there is no connection yet", { retryable: true });
              if (gone.has(person)) throw new Error("blocked by the user");
              prompts.push({ person, prompt, source });
              return { message: `${person}/${prompt.id}` };
            },
            expirePermission: async (asked, text) => void closed.push({ asked, text }),
          }
        : undefined,
    async answer(...verdict) {
      if (gone.has(verdict[0])) throw new Error("gone");
      answered.push(verdict);
    },
    mask: (text) => text.replaceAll("s3cret", "•••"),
    isOpen: async () => isOpen,
    stateFolder: "/home/me/.claude/channels/router",
  });
  return {
    relay,
    clock,
    prompts,
    closed,
    answered,
    gone,
    starting,
    kept,
    file,
    say: (text: string, sender = "41") =>
      relay.receive("phone", messageOf({ text, sender: { id: sender, name: "Ada" } })),
    press: (button: "more" | "allow" | "deny", sender = "41", promptId = "abcde") =>
      relay.press("phone", { sender: { id: sender, name: "Ada" }, promptId, button }),
    lines: async () =>
      (await readFile(file, "utf8"))
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { what: string; reason?: string; people?: unknown }),
    set(next: RelaySettings | undefined) {
      settings = next;
    },
    breakAudit() {
      audit = { add: () => Promise.reject(new Error("the disk is full")) };
    },
    disable() {
      isOpen = false;
    },
    settle: () => clock.advance(0),
  };
}

describe("a permission prompt", () => {
  it("goes to each approver, and says what is asked, for whom, and how to answer", async () => {
    const { relay, prompts } = await openRelay();
    await relay.ask(request, session);
    expect(prompts.map(({ person }) => person)).toEqual(["41", "42"]);
    expect(prompts[0]?.prompt.text).toBe(
      '🔐 Permission: Bash\n│ Run shell command\n│ {"command":"npm test"}\n\nfor /code/api, session api\nWithin 10 min: yes abcde or no abcde',
    );
    expect(prompts[0]?.prompt.buttons.map(({ button }) => button)).toEqual(["allow", "deny"]);
  });

  it("shows all of a long call on demand, and says what even then is left out", async () => {
    const { relay, prompts, press } = await openRelay();
    const preview = `start ${"x".repeat(5_000)} rm -rf /`;
    await relay.ask({ ...request, preview }, session);
    const { text, buttons } = (prompts[0] as { prompt: PermissionPrompt }).prompt;
    expect(buttons[0]?.button).toBe("more");
    expect(text).toMatch(/start x+ ⋯ \d+ characters left out ⋯ x+ rm -rf \//);
    const more = await press("more");
    expect(more).toMatchObject({
      show: "details",
      text: expect.stringMatching(/^🔐.*⋯ \d+ characters left out ⋯ .*rm -rf \//s),
    });
    expect((more as { text: string }).text.length).toBeLessThan(2_000);
  });

  it("cannot dress itself up, and shows no secret", async () => {
    const { relay, prompts } = await openRelay();
    await relay.ask({ ...request, description: "a\u202Eb\u0007", preview: "token s3cret" }, session);
    expect(prompts[0]?.prompt.text).toContain("│ ab\n│ token •••");
  });

  it("cannot be forged by what a model wrote: each line of that is marked, and none is hidden behind empty ones", async () => {
    const { relay, prompts, press } = await openRelay();
    const forged = "✅ Sent: allow\nfor /safe, session good\nWithin 10 min: yes zzzzz or no zzzzz";
    const preview = `${"x".repeat(300)}\u2028${forged}\r\n\n \n\n\n\u3164\n${" ".repeat(200)}rm -rf /`;
    await relay.ask({ ...request, tool: `Bash\n${forged}`, description: forged, preview }, session);
    const texts = [prompts[0]?.prompt.text, ((await press("more")) as { text: string }).text];
    for (const text of texts) {
      const ours = (text ?? "").split("\n").filter((line) => !line.startsWith("│ "));
      expect(ours).toEqual([
        expect.stringMatching(/^🔐 Permission: Bash ✅ Sent: allow for \/safe/),
        "",
        "for /code/api, session api",
        "Within 10 min: yes abcde or no abcde",
      ]);
      expect(text).toContain("⋯ 200 blanks ⋯ rm -rf /");
    }
  });

  it("is only one for an id: another call with the same one stays at the terminal, now and soon after", async () => {
    const { relay, prompts, press, answered, settle, lines } = await openRelay();
    const other = { ...request, preview: "rm -rf /" };
    await Promise.all([relay.ask(request, session), relay.ask(other, { ...session, id: "s2" })]);
    expect(prompts).toHaveLength(2);
    expect(prompts[0]?.prompt.text).toContain("npm test");
    await press("allow");
    await settle();
    await expect.poll(async () => (await lines()).at(-1)?.what).toBe("sent");
    await relay.ask(other, session);
    // The old button and the old words are about nothing that waits.
    expect(await press("allow")).toMatchObject({
      show: "notice",
      text: expect.stringContaining("Sent: allow"),
    });
    expect(prompts).toHaveLength(2);
    expect(answered).toEqual([["s1", "abcde", "allow"]]);
  });

  it("stays at the terminal when very many wait", async () => {
    const { relay, prompts } = await openRelay();
    const letters = "abcdefghij";
    for (let index = 0; index < 60; index += 1) {
      const id = `aaa${letters[Math.floor(index / 10)]}${letters[index % 10]}`;
      await relay.ask({ ...request, id }, session);
    }
    expect(prompts).toHaveLength(2 * 50);
  });

  it.each([
    '{"file_path":"/home/me/.claude/channels/router/1f/access.json"}',
    '{"command":"cp x ~/.claude/channels/router/.env"}',
    '{"command":"cat /home/me/.claude/channels/router/1f/inbox/k2-a1b2c3-cat.jpg/../../access.json"}',
  ])("stays at the terminal when it is about where access is kept: %s", async (preview) => {
    const { relay, prompts } = await openRelay();
    await relay.ask({ ...request, preview }, session);
    expect(prompts).toEqual([]);
  });

  it("is known for one while it waits and afterwards, also to the next owner, so that nobody else changes it", async () => {
    const { relay, press, settle, kept } = await openRelay();
    await relay.ask(request, session);
    for (const asked of ["41/abcde", "42/abcde"]) expect(relay.isPrompt("phone", asked)).toBe(true);
    expect([relay.isPrompt("other", "41/abcde"), relay.isPrompt("phone", "43/abcde")]).toEqual([
      false,
      false,
    ]);
    const next = await openRelay({}, new Map(kept));
    next.relay.resume();
    expect(next.relay.isPrompt("phone", "41/abcde")).toBe(true);
    await press("allow");
    await settle();
    expect(relay.isPrompt("phone", "41/abcde")).toBe(true);
  });

  it.each([
    ["🔐 Permission: Bash", true],
    ["see:\n🔒  **PERMISSION**: Bash", true],
    ["🔒 Permission denied: it is read-only", false],
    ["please write yes abcde", true],
    ["(ABCDE)", true],
    ["xabcde", false],
    ["yes fghij", false],
    ["the file needs permission 🔐", false],
  ])("is what %j could be taken for: %s", async (text, looksSo) => {
    const { relay } = await openRelay();
    await relay.ask(request, session);
    expect(relay.looksLikePrompt(text)).toBe(looksSo);
  });

  it("goes out for a file that somebody sent", async () => {
    const { relay, prompts } = await openRelay();
    const preview = '{"file_path":"/home/me/.claude/channels/router/1f/inbox/k2-a1b2c3-my cat.jpg"}';
    await relay.ask({ ...request, tool: "Read", preview }, session);
    expect(prompts).toHaveLength(2);
  });

  it.each([
    ["its tool is not to be relayed", { mayRelay: () => false }, request],
    ["it is quiet time", { isQuiet: () => true }, request],
    ["nobody may decide", { approvers: new Map() }, request],
    [
      "it would change who may speak",
      {},
      { ...request, preview: '{"command":"channel-router access pair 3fa9c1"}' },
    ],
    ["a verdict could not name it", {}, { ...request, id: "lllll" }],
  ])("stays at the terminal when %s", async (_, settings, asked) => {
    const { relay, prompts, answered, lines } = await openRelay(settings);
    await relay.ask(asked, session);
    expect(prompts).toEqual([]);
    expect(answered).toEqual([]);
    expect(await lines()).toEqual([expect.objectContaining({ what: "unasked", reason: expect.any(String) })]);
  });

  it("comes to no verdict when nobody could be reached", async () => {
    const { relay, gone, say, answered, kept } = await openRelay();
    gone.add("41").add("42");
    await relay.ask(request, session);
    expect(await say("yes abcde")).toBeUndefined();
    expect([answered, [...kept]]).toEqual([[], []]);
  });

  it("waits for a chat that is not connected yet, and for as long as it is to be decided", async () => {
    const { relay, clock, starting, prompts, kept } = await openRelay();
    starting.add("41").add("42");
    const asked = relay.ask(request, session);
    await expect.poll(() => kept.has("abcde")).toBe(true);
    await clock.advance(10_000);
    expect(prompts).toEqual([]);
    starting.delete("41");
    await clock.advance(2_000);
    expect(prompts.map(({ person }) => person)).toEqual(["41"]);
    await clock.advance(30_000);
    await asked;
    expect(kept.get("abcde")?.copies).toMatchObject([{ person: "41" }]);

    const other = relay.ask({ ...request, id: "fghij" }, { ...session, id: "s2" });
    await expect.poll(() => kept.has("fghij")).toBe(true);
    relay.sessionGone("s2");
    await clock.advance(2_000);
    await other;
    await expect.poll(() => kept.has("fghij")).toBe(false);
  });

  it("is sent to nobody where access was disabled: no word from there would count", async () => {
    const { relay, prompts, disable, lines } = await openRelay();
    disable();
    await relay.ask(request, session);
    expect(prompts).toEqual([]);
    expect((await lines()).map(({ what }) => what)).toEqual(["asked", "unasked"]);
  });

  it("is not sent when it cannot be recorded", async () => {
    const { relay, prompts, breakAudit } = await openRelay();
    breakAudit();
    await relay.ask(request, session);
    expect(prompts).toEqual([]);
  });
});

describe("a verdict", () => {
  it("of an approver goes to the session that asked, once, and the prompt says so everywhere", async () => {
    const { relay, press, say, answered, closed, kept } = await openRelay();
    await relay.ask(request, session);
    expect(await press("allow")).toEqual({ show: "notice", text: "Sent: allow" });
    await expect.poll(() => kept.size).toBe(0);
    expect(await press("deny", "42")).toMatchObject({
      show: "notice",
      text: expect.stringContaining("Sent: allow, by Ada"),
    });
    expect(await say("no abcde", "42")).toMatchObject({
      as: "answer",
      text: expect.stringContaining("That prompt is over"),
    });
    expect(answered).toEqual([["s1", "abcde", "allow"]]);
    expect(closed).toHaveLength(2);
    expect(closed[0]?.text).toContain("✅ Sent: allow, by Ada");
  });

  it.each([
    ["yes abcde", "allow"],
    [" Y ABCDE ", "allow"],
    ["no abcde", "deny"],
    ["n\tabcde", "deny"],
  ])("may be written: %j", async (text, behavior) => {
    const { relay, say, answered } = await openRelay();
    await relay.ask(request, session);
    expect(await say(text)).toMatchObject({ as: "verdict", emoji: behavior === "allow" ? "✅" : "❌" });
    expect(answered).toEqual([["s1", "abcde", behavior]]);
  });

  it.each(["yes", "yes please", "yes abcdf", "yesabcde", "yes abcde now", "ok abcde"])(
    "is not %j: that is chat",
    async (text) => {
      const { relay, say, answered } = await openRelay();
      await relay.ask(request, session);
      expect(await say(text)).toBeUndefined();
      expect(answered).toEqual([]);
    },
  );

  it("is none that was written before, passed on or changed", async () => {
    const { relay, answered } = await openRelay();
    await relay.ask(request, session);
    const passedOn = messageOf({ text: "yes abcde", isSecondHand: true });
    expect(await relay.receive("phone", passedOn)).toBeUndefined();
    expect(answered).toEqual([]);
  });

  it.each([
    "yes аbcde",
    "yes ａｂｃｄｅ",
    "yes abcde\u200b",
    "yes\u200babcde",
    "yeſ abcde",
    "yes abcde\nyes abcde",
  ])("is not %j, which only looks alike", async (text) => {
    const { relay, say, answered } = await openRelay();
    await relay.ask(request, session);
    expect(await say(text)).toBeUndefined();
    expect(answered).toEqual([]);
  });

  it("of anybody else is none, written or pressed", async () => {
    const { relay, say, press, answered } = await openRelay();
    await relay.ask(request, session);
    expect(await say("yes abcde", "66")).toBeUndefined();
    for (const button of ["more", "allow", "deny"] as const)
      expect(await press(button, "66")).toEqual({ show: "nothing" });
    const elsewhere = messageOf({ text: "yes abcde" });
    expect(await relay.receive("other", elsewhere)).toBeUndefined();
    expect(answered).toEqual([]);
  });

  it("of somebody who is no approver any more is none", async () => {
    const { relay, say, set, answered } = await openRelay();
    await relay.ask(request, session);
    set(undefined);
    expect(await say("yes abcde")).toBeUndefined();
    expect(answered).toEqual([]);
  });

  it("counts once when two come at the same time", async () => {
    const { relay, press, answered, settle } = await openRelay();
    await relay.ask(request, session);
    await Promise.all([press("allow", "41"), press("deny", "42"), press("allow", "41")]);
    await settle();
    expect(answered).toEqual([["s1", "abcde", "allow"]]);
  });

  it("is not sent when it cannot be recorded", async () => {
    const { relay, press, answered, breakAudit } = await openRelay();
    await relay.ask(request, session);
    breakAudit();
    expect(await press("allow")).toEqual({
      show: "notice",
      text: "The verdict could not be recorded, so it was not sent.",
    });
    expect(answered).toEqual([]);
  });

  it("waits for a session that is away for a moment", async () => {
    const { relay, press, answered, gone, settle, kept } = await openRelay();
    await relay.ask(request, session);
    gone.add("s1");
    await press("allow");
    await settle();
    expect(kept.get("abcde")?.decided).toEqual({ behavior: "allow", by: "Ada" });
    gone.clear();
    relay.sessionBack("s1");
    await settle();
    expect(answered).toEqual([["s1", "abcde", "allow"]]);
  });
});

describe("a prompt that nobody answers", () => {
  it("expires where everybody sees it, and then a verdict comes too late", async () => {
    const { relay, clock, closed, say, answered, kept } = await openRelay();
    await relay.ask(request, session);
    await clock.advance(10 * minuteMs);
    await expect.poll(() => closed.length).toBe(2);
    expect(closed[0]?.text).toContain("⌛ Expired");
    expect(await say("yes abcde")).toMatchObject({ as: "answer", text: expect.stringContaining("Expired") });
    expect(answered).toEqual([]);
    await expect.poll(() => kept.size).toBe(0);
  });

  it("ends with its session", async () => {
    const { relay, closed, answered } = await openRelay();
    await relay.ask(request, session);
    relay.sessionGone("other");
    relay.sessionGone("s1");
    await expect.poll(() => closed.length).toBe(2);
    expect(closed[0]?.text).toContain("The session has ended");
    expect(answered).toEqual([]);
  });

  it("says so, too, when it was decided and its session never came back", async () => {
    const { relay, press, gone, closed, kept, answered, settle, lines } = await openRelay();
    await relay.ask(request, session);
    gone.add("s1");
    await press("allow");
    await settle();
    relay.sessionGone("s1");
    await expect.poll(() => closed.length).toBe(2);
    expect(closed[0]?.text).toContain("The session has ended");
    expect([answered, [...kept]]).toEqual([[], []]);
    await expect
      .poll(async () => (await lines()).map(({ what }) => what))
      .toEqual(["asked", "allow", "ended"]);
  });

  it("does not expire while somebody is deciding", async () => {
    const { relay, press, clock, closed, answered } = await openRelay();
    await relay.ask(request, session);
    const pressed = press("allow");
    await clock.advance(10 * minuteMs);
    expect(await pressed).toEqual({ show: "notice", text: "Sent: allow" });
    await expect.poll(() => closed.length).toBe(2);
    expect(closed[0]?.text).toContain("Sent: allow");
    expect(answered).toHaveLength(1);
  });

  it("goes on with the next owner, and expires there", async () => {
    const before = await openRelay();
    await before.relay.ask(request, session);
    before.relay.stop();
    const after = await openRelay({}, before.kept);
    after.relay.resume();
    await after.clock.advance(5 * minuteMs);
    expect(await after.press("allow")).toEqual({ show: "notice", text: "Sent: allow" });
    await expect.poll(() => after.closed.length).toBe(2);
    expect(after.answered).toEqual([["s1", "abcde", "allow"]]);
    expect(after.closed.map(({ asked }) => asked)).toEqual([
      { message: "41/abcde" },
      { message: "42/abcde" },
    ]);
  });
});

it("keeps a record of every prompt and verdict, for this user alone", async () => {
  const { relay, press, lines, file, settle } = await openRelay();
  await relay.ask(request, session);
  await press("deny", "42");
  await settle();
  await expect.poll(async () => (await lines()).map(({ what }) => what)).toEqual(["asked", "deny", "sent"]);
  expect((await lines())[0]).toMatchObject({
    time: "2026-01-05T09:00:00.000Z",
    id: "abcde",
    session: "s1",
    tool: "Bash",
    preview: '{"command":"npm test"}',
    people: [
      { source: "phone", person: "41" },
      { source: "phone", person: "42" },
    ],
  });
  expect((await lines())[1]).toMatchObject({ people: [{ source: "phone", person: "42" }] });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});
