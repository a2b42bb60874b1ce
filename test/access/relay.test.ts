import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Relay } from "../../src/access/relay.ts";
import {
  openAudit,
  type PendingPrompt,
  type PromptMessage,
  type RelaySettings,
} from "../../src/access/relay-deps.ts";
import { plainPrompt } from "../../src/chat/prompt-text.ts";
import type { AskedPrompt, PermissionPrompt } from "../../src/contract/chat.ts";
import { ConnectorError } from "../../src/errors.ts";
import { appendStateLine } from "../../src/files/state-file.ts";
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

async function openRelay(
  { canEdit = true, ...more }: Partial<RelaySettings> & { canEdit?: boolean } = {},
  kept = new Map<string, PendingPrompt>(),
  messages = new Map<string, readonly PromptMessage[]>(),
) {
  const folder = await mkdtemp("/tmp/cr-relay-");
  cleaning.push(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const clock = manualClock();
  const prompts: { person: string; prompt: PermissionPrompt; source: string }[] = [];
  const closed: { asked: AskedPrompt; text: string }[] = [];
  /** Texts of all pages, as each person sees them. */
  const pages = new Map<string, string[]>();
  let refusesMore = false;
  const show = (person: string, { text }: PermissionPrompt) =>
    pages.set(person, [...(pages.get(person) ?? []), plainPrompt(text)]);
  const answered: [session: string, id: string, behavior: string][] = [];
  const gone = new Set<string>();
  const starting = new Set<string>();
  let isConnected = true;
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
  const relay = new Relay({
    clock,
    log: { info: () => {}, warn: () => {}, error: () => {} },
    notes: {
      all: () => [...kept.values()],
      put: async (prompt) => void kept.set(prompt.request.id, structuredClone(prompt)),
      drop: async (id) => void kept.delete(id),
    },
    messageNotes: {
      all: () => [...messages.values()].flat(),
      put: async (key, ids) => void messages.set(key, ids),
    },
    audit: { add: (entry) => audit.add(entry) },
    settings: () => settings,
    chat: (source) =>
      source === "phone" && isConnected
        ? {
            async askPermission(person, prompt) {
              if (starting.has(person))
                throw new ConnectorError("E_CHAT", "there is no connection yet", { retryable: true });
              if (gone.has(person)) throw new Error("blocked by the user");
              prompts.push({ person, prompt, source });
              show(person, prompt);
              return { chat_id: person, message_ids: [`${person}/${prompt.id.slice(0, 5)}`] };
            },
            async continuePermission({ chat_id, message_ids }, prompt) {
              if (refusesMore) throw new Error("Telegram wants to be left alone");
              prompts.push({ person: chat_id, prompt, source });
              show(chat_id, prompt);
              return { chat_id, message_ids: [...message_ids, `${chat_id}/page-${message_ids.length + 1}`] };
            },
            ...(canEdit ? { edit: async () => "1" } : {}),
            expirePermission: async (asked, text) => void closed.push({ asked, text: plainPrompt(text) }),
          }
        : undefined,
    async answer(...verdict) {
      if (gone.has(verdict[0])) throw new Error("gone");
      answered.push(verdict);
    },
    mask: (text) => text.replaceAll("s3cret", "•••"),
    isOpen: async () => isOpen,
    pageLength: () => 1_000,
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
    messages,
    file,
    say: (text: string, sender = "41") =>
      relay.receive("phone", messageOf({ text, sender: { id: sender, name: "Ada" } })),
    /** A button of the newest prompt with this id. */
    press: (button: "more" | "allow" | "deny", sender = "41", id = "abcde") =>
      relay.press("phone", {
        sender: { id: sender, name: "Ada" },
        promptId: prompts.findLast(({ prompt }) => prompt.id.startsWith(id))?.prompt.id ?? id,
        button,
      }),
    pages: (person = "41") => pages.get(person) ?? [],
    buttons: (person = "41") =>
      prompts
        .filter((one) => one.person === person)
        .map(({ prompt }) => prompt.buttons.map(({ button }) => button).join(" ")),
    connect(now: boolean) {
      isConnected = now;
    },
    refuseMore(refuses: boolean) {
      refusesMore = refuses;
    },
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

describe("a page that shows all of a permission prompt", () => {
  const by = { source: "console", person: "0000-1111-2222-3333-4444" };

  it("has it with all of its text, and its verdict counts once", async () => {
    const { relay, closed, answered, lines, settle } = await openRelay();
    const preview = `start ${"x".repeat(2_500)} rm -rf / \u202e s3cret`;
    await relay.ask({ ...request, preview }, session);
    const [prompt, ...others] = relay.waiting();
    expect(others).toEqual([]);
    expect(prompt).toMatchObject({ isWhole: true, session: "s1" });
    const shown = plainPrompt((prompt as { text: PermissionPrompt["text"] }).text);
    expect(shown).toMatch(/^🔐 Permission: Bash\n│ Run shell command\n│ start x{2500} rm -rf \/ /);
    expect(shown).toContain("for /code/api, session api");
    expect(shown).not.toMatch(/s3cret|\u202e|yes abcde/);
    expect(await relay.decide(prompt?.id as string, "allow", by)).toBeUndefined();
    await settle();
    expect(answered).toEqual([["s1", "abcde", "allow"]]);
    await expect.poll(() => closed.map(({ text }) => /by [^.]+/.exec(text)?.[0])).toContain("by console");
    expect(await lines()).toMatchObject([
      { what: "asked" },
      { what: "allow", people: [by] },
      { what: "sent" },
    ]);
    expect(relay.waiting()).toEqual([]);
    expect(await relay.decide(prompt?.id as string, "deny", by)).toBe("That prompt is over.");
    expect(answered).toHaveLength(1);
  });

  it("can only deny one of which the client sent less than all", async () => {
    const { relay, answered, settle } = await openRelay();
    await relay.ask({ ...request, preview: "y".repeat(20_000) }, session);
    const [prompt] = relay.waiting();
    expect(prompt?.isWhole).toBe(false);
    expect(await relay.decide(prompt?.id as string, "allow", by)).toContain("at the terminal only");
    expect(answered).toEqual([]);
    expect(await relay.decide(prompt?.id as string, "deny", by)).toBeUndefined();
    await settle();
    expect(answered).toEqual([["s1", "abcde", "deny"]]);
  });

  it("decides nothing by the id of another prompt, or by one that it makes up", async () => {
    const { relay, answered } = await openRelay();
    await relay.ask(request, session);
    for (const id of ["abcde", "abcde000000000000", "", "fghij000000000000"])
      expect(await relay.decide(id, "allow", by)).toBe("That prompt is over.");
    expect(answered).toEqual([]);
  });

  it("has none where no approver is configured, or the tool stays at the terminal", async () => {
    const { relay, set } = await openRelay({ mayRelay: () => false });
    await relay.ask(request, session);
    set(undefined);
    await relay.ask({ ...request, id: "fghij" }, session);
    expect(relay.waiting()).toEqual([]);
  });
});

describe("a permission prompt", () => {
  it("goes to each approver, and says what is asked, for whom, and how to answer", async () => {
    const { relay, prompts, pages } = await openRelay();
    await relay.ask(request, session);
    expect(prompts.map(({ person }) => person)).toEqual(["41", "42"]);
    expect(pages()[0]).toBe(
      '🔐 Permission: Bash\n│ Run shell command\n│ {"command":"npm test"}\n\nfor /code/api, session api\nWithin 10 min: yes abcde or no abcde',
    );
    expect(prompts[0]?.prompt.buttons.map(({ button }) => button)).toEqual(["allow", "deny"]);
  });

  it("that is longer than a page can be allowed only by those who were shown all of it", async () => {
    const { relay, press, say, pages, buttons, answered, settle } = await openRelay();
    const preview = `start ${"x".repeat(2_500)} rm -rf /`;
    await relay.ask({ ...request, preview }, session);
    expect(buttons()).toEqual(["more deny"]);
    expect(pages()[0]).toContain("Within 10 min: more abcde (shows the rest) or no abcde");
    expect(await press("allow")).toEqual({
      show: "notice",
      text: "You have not seen all of it yet: more abcde",
    });
    expect(await say("yes abcde")).toEqual({
      as: "answer",
      text: "You have not seen all of it yet: more abcde",
    });
    expect(await press("more")).toEqual({ show: "taken" });
    await expect.poll(buttons).toEqual(["more deny", "", "allow deny"]);
    const shown = pages().flatMap((page) =>
      page.split("\n").flatMap((line) => /^│ (.*)$/.exec(line)?.[1] ?? []),
    );
    expect(shown.join("").replaceAll(" ", "")).toBe(`Runshellcommand${preview.replaceAll(" ", "")}`);
    expect(pages().map((page) => /\(part \d of \d\)/.exec(page)?.[0])).toEqual([
      "(part 1 of 3)",
      "(part 2 of 3)",
      "(part 3 of 3)",
    ]);
    expect(pages()[2]).toContain("Within 10 min: yes abcde or no abcde");
    expect(await press("more")).toEqual({ show: "notice", text: "All of it is shown already." });
    // The other approver has seen one page only.
    expect(await say("yes abcde", "42")).toMatchObject({ as: "answer" });
    expect(answered).toEqual([]);
    expect(await press("allow")).toEqual({ show: "notice", text: "Sent: allow" });
    await settle();
    expect(answered).toEqual([["s1", "abcde", "allow"]]);
  });

  it("that is longer than a page can be denied at once, and its rest be asked for in writing", async () => {
    const { relay, say, pages, answered, closed } = await openRelay();
    await relay.ask({ ...request, preview: "x".repeat(1_500) }, session);
    expect(await say("More ABCDE")).toEqual({ as: "verdict", emoji: "👀", text: "The rest follows." });
    await expect.poll(() => pages().length).toBe(2);
    expect(await say("more abcde")).toEqual({ as: "answer", text: "All of it is shown already." });
    expect(await say("no abcde", "42")).toMatchObject({ as: "verdict", emoji: "❌" });
    expect(answered).toEqual([["s1", "abcde", "deny"]]);
    await expect.poll(() => closed.length).toBe(2);
    expect(closed.map(({ asked }) => asked.message_ids).sort()).toEqual([
      ["41/abcde", "41/page-2"],
      ["42/abcde"],
    ]);
    expect(await say("more abcde")).toMatchObject({ as: "answer", text: expect.stringContaining("over") });
    expect(await say("more abcde", "66")).toBeUndefined();
  });

  it("whose rest could not be sent cannot be allowed, and its rest can be asked for again", async () => {
    const { relay, press, pages, refuseMore, answered } = await openRelay();
    await relay.ask({ ...request, preview: "x".repeat(1_500) }, session);
    refuseMore(true);
    await press("more");
    expect(await press("allow")).toMatchObject({ text: expect.stringContaining("not seen all") });
    refuseMore(false);
    await press("more");
    await expect.poll(() => pages().length).toBe(2);
    expect(await press("allow")).toEqual({ show: "notice", text: "Sent: allow" });
    expect(answered).toHaveLength(1);
  });

  it("of which somebody was shown all stays so with the next owner", async () => {
    const before = await openRelay();
    await before.relay.ask({ ...request, preview: "x".repeat(1_500) }, session);
    await before.press("more");
    await expect
      .poll(() => before.kept.get("abcde")?.copies.find(({ person }) => person === "41")?.pages)
      .toBe(2);
    before.relay.stop();
    const after = await openRelay({}, before.kept);
    after.relay.resume();
    const promptId = before.prompts[0]?.prompt.id;
    expect(await after.press("allow", "42", promptId)).toMatchObject({
      text: expect.stringContaining("not seen all"),
    });
    for (const id of ["41/abcde", "41/page-2"]) expect(after.relay.isPrompt("phone", id)).toBe(true);
    expect(await after.press("allow", "41", promptId)).toEqual({ show: "notice", text: "Sent: allow" });
  });

  it.each([
    ["a field that the client cut", { preview: '{"content":"a ⋯ 1,204 code points elided ⋯ z"}' }],
    ["a description that the client cut", { description: "a ⋯ 12 code points elided ⋯ z" }],
    ["a value that the client could not show", { preview: '{"a":"(value unserializable)"}' }],
    ["what an old client cut", { preview: `${"x".repeat(200)}…` }],
    ["more than the router keeps", { preview: "x".repeat(16_001) }],
    ["more pages than anybody reads", { preview: "\u200b".repeat(16_000) }],
  ])("with %s has no Allow, in no way", async (_, more) => {
    const { relay, press, say, pages, buttons, answered } = await openRelay();
    await relay.ask({ ...request, ...more }, session);
    await press("more");
    await expect.poll(() => buttons().at(-1)).toBe("deny");
    expect(buttons().join(" ")).not.toContain("allow");
    expect(pages().at(-1)).toContain("allowed at the terminal only");
    expect(pages().at(-1)).toContain("Within 10 min: no abcde");
    const refusal = { text: "Not all of it could be shown here: it can be allowed at the terminal only." };
    expect(await press("allow")).toMatchObject(refusal);
    expect(await say("yes abcde")).toMatchObject(refusal);
    expect(await press("deny")).toEqual({ show: "notice", text: "Sent: deny" });
    expect(answered).toEqual([["s1", "abcde", "deny"]]);
  });

  it("fits its pages, whatever length it has: none is lost and none is longer", async () => {
    for (let length = 970; length <= 1_030; length += 1) {
      const { relay, press, pages, buttons } = await openRelay();
      await relay.ask(
        { ...request, description: "", preview: "ab🦊".repeat(length).slice(0, length) },
        session,
      );
      await press("more");
      await expect.poll(() => buttons().at(-1)).toBe("allow deny");
      const shown = pages().map((page) => /^│ (.*)$/m.exec(page)?.[1] ?? "");
      expect(shown.join("")).toBe("ab🦊".repeat(length).slice(0, length).toWellFormed());
      expect(Math.max(...shown.map((text) => text.length))).toBeLessThanOrEqual(1_000);
      expect(shown.every((text) => text.isWellFormed())).toBe(true);
    }
  });

  it("hides nothing of what is asked, and shows no secret", async () => {
    const { relay, pages } = await openRelay();
    const preview = "token s3cret x\u200by \u{E0041} ⚠️ 👨‍👩‍👧 e\u0301\u0301\u0301\u0301\u0301 \uD800";
    await relay.ask({ ...request, description: "a\u202Eb\u0007", preview }, session);
    expect(pages()[0]).toContain(
      "│ a\\u{202E}b\\u{7}\n│ token ••• x\\u{200B}y \\u{E0041} ⚠️ 👨‍👩‍👧 e\u0301\u0301\u0301\\u{301}\\u{301} \uFFFD",
    );
  });

  it("cannot be forged by what a model wrote: all of that is quoted, and none is hidden behind empty lines", async () => {
    const { relay, prompts, pages } = await openRelay();
    const forged = "✅ Sent: allow\nfor /safe, session good\nWithin 10 min: yes zzzzz or no zzzzz";
    const preview = `${"x".repeat(300)}\u2028${forged}\r\n\n \n\n\n\u3164\n${" ".repeat(200)}rm -rf /`;
    await relay.ask({ ...request, tool: `Bash\n${forged}`, description: forged, preview }, session);
    const { title, foot } = (prompts[0] as { prompt: PermissionPrompt }).prompt.text;
    expect(title).toEqual(["🔐 Permission: ", { code: expect.stringMatching(/^Bash_[\w.:@/-]+$/) }]);
    expect(foot).toEqual([
      ["for ", { code: "/code/api" }, ", session ", { code: "api" }],
      ["Within 10 min: yes abcde or no abcde"],
    ]);
    expect(pages()[0]).toContain("⋯ 200 blanks ⋯ rm -rf /");
  });

  it("is bound to its request: a button of an earlier one with the same id decides nothing", async () => {
    const { relay, prompts, clock, answered, closed } = await openRelay();
    await relay.ask(request, session);
    const old = prompts[0]?.prompt.id as string;
    await clock.advance(10 * minuteMs);
    await expect.poll(() => closed.length).toBe(2);
    await clock.advance(61 * minuteMs);
    // What is over is forgotten with the next one that ends.
    await relay.ask({ ...request, id: "fghij" }, session);
    await clock.advance(10 * minuteMs);
    await relay.ask({ ...request, preview: "rm -rf /" }, session);
    const sender = { id: "41", name: "Ada" };
    expect(prompts.at(-1)?.prompt.id).not.toBe(old);
    for (const promptId of [old, "abcde", `abcde${"0".repeat(12)}`])
      expect(await relay.press("phone", { sender, promptId, button: "allow" })).toEqual({
        show: "notice",
        text: "That prompt is over.",
      });
    expect(answered).toEqual([]);
  });

  it("is only one for an id: another call with the same one stays at the terminal, now and soon after", async () => {
    const { relay, prompts, pages, press, answered, settle, lines } = await openRelay();
    const other = { ...request, preview: "rm -rf /" };
    await Promise.all([relay.ask(request, session), relay.ask(other, { ...session, id: "s2" })]);
    expect(prompts).toHaveLength(2);
    expect(pages()[0]).toContain("npm test");
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
    const { relay, press, settle, kept, messages } = await openRelay();
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
    // It is over, and no prompt waits: a later owner knows its messages all the same.
    await expect.poll(() => kept.size).toBe(0);
    const later = await openRelay({}, new Map(kept), new Map(messages));
    later.relay.resume();
    for (const asked of ["41/abcde", "42/abcde"]) expect(later.relay.isPrompt("phone", asked)).toBe(true);
  });

  it("is known with all of its pages after it ended and its router did too", async () => {
    const before = await openRelay();
    await before.relay.ask({ ...request, preview: "x".repeat(1_500) }, session);
    await before.press("more");
    await expect.poll(() => before.pages().length).toBe(2);
    await before.press("deny");
    await before.settle();
    const after = await openRelay({}, new Map(), before.messages);
    after.relay.resume();
    for (const id of ["41/abcde", "41/page-2", "42/abcde"])
      expect([id, after.relay.isPrompt("phone", id)]).toEqual([id, true]);
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

  it("waits for a chat that does not run yet", async () => {
    const { relay, clock, connect, prompts, kept } = await openRelay();
    connect(false);
    const asked = relay.ask(request, session);
    await expect.poll(() => kept.has("abcde")).toBe(true);
    await clock.advance(10_000);
    connect(true);
    await clock.advance(2_000);
    await asked;
    expect(prompts.map(({ person }) => person)).toEqual(["41", "42"]);
  });

  it("comes to no verdict when its chat does not run for long", async () => {
    const { relay, clock, connect, kept, lines } = await openRelay();
    connect(false);
    const asked = relay.ask(request, session);
    await expect.poll(() => kept.has("abcde")).toBe(true);
    await clock.advance(60_000);
    await asked;
    expect([...kept]).toEqual([]);
    expect((await lines()).map(({ what }) => what)).toEqual(["asked", "unasked"]);
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

  it.each(["expires", "has ended with its session", "was answered"])(
    "that %s while its chat was not connected shows it once that is back",
    async (how) => {
      const { relay, clock, press, connect, closed, kept } = await openRelay();
      await relay.ask(request, session);
      if (how === "was answered") await press("allow");
      connect(false);
      if (how === "expires") await clock.advance(10 * minuteMs);
      if (how === "has ended with its session") relay.sessionGone("s1");
      await clock.advance(10_000);
      expect(closed).toEqual([]);
      connect(true);
      await clock.advance(2_000);
      await expect.poll(() => closed.length).toBe(2);
      await expect.poll(() => kept.size).toBe(0);
    },
  );

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
    expect(await after.press("allow", "41", before.prompts[0]?.prompt.id)).toEqual({
      show: "notice",
      text: "Sent: allow",
    });
    await expect.poll(() => after.closed.length).toBe(2);
    expect(after.answered).toEqual([["s1", "abcde", "allow"]]);
    expect(after.closed.map(({ asked }) => asked)).toEqual([
      { chat_id: "41", message_ids: ["41/abcde"] },
      { chat_id: "42", message_ids: ["42/abcde"] },
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

describe("what is known of the prompt at the terminal", () => {
  const outcomes = ({ closed }: Awaited<ReturnType<typeof openRelay>>) =>
    closed.filter(({ asked }) => asked.chat_id === "41").map(({ text }) => text.split("\n").at(-1));
  const asked = async (options?: Parameters<typeof openRelay>[0]) => {
    const opened = await openRelay(options);
    await opened.relay.ask(request, session);
    return opened;
  };
  const shows = (opened: Awaited<ReturnType<typeof openRelay>>, ...expected: string[]) =>
    expect.poll(() => outcomes(opened)).toEqual(expected);
  const maybe = "✅ Sent: allow, by Ada. The terminal may have answered first.";

  it("a prompt that was answered there closes in the chat, once the session has gone on", async () => {
    const opened = await asked();
    const { relay, clock, press } = opened;
    relay.sessionWaits("s1", true);
    await clock.advance(minuteMs);
    relay.sessionWaits("s1", false);
    await clock.advance(2_000);
    expect(outcomes(opened)).toEqual([]);
    await clock.advance(1_000);
    await shows(opened, "It was answered at the terminal.");
    expect(await press("allow")).toEqual({ show: "notice", text: "It was answered at the terminal." });
    expect(opened.answered).toEqual([]);
    expect((await opened.lines()).at(-1)).toMatchObject({ what: "ended" });
  });

  it("one dialog after the other is no end, nor is a session whose client stops reporting", async () => {
    const opened = await asked();
    const { relay, clock } = opened;
    for (const waits of [true, false, true, undefined, false]) {
      relay.sessionWaits("s1", waits);
      await clock.advance(2_900);
    }
    relay.sessionWaits("s2", true);
    relay.sessionWaits("s2", false);
    await clock.advance(2_900);
    expect(outcomes(opened)).toEqual([]);
  });

  it("a prompt of a session that is not seen to wait stays until it expires", async () => {
    const opened = await asked();
    opened.relay.sessionWaits("s1", false);
    await opened.clock.advance(9 * minuteMs);
    expect(outcomes(opened)).toEqual([]);
    await opened.clock.advance(2 * minuteMs);
    await shows(opened, "⌛ Expired. It can still be decided in the terminal.");
  });

  it("a verdict that was sent says what is known, and then that the prompt has closed", async () => {
    const opened = await asked();
    const { relay, clock, press } = opened;
    relay.sessionWaits("s1", true);
    await press("allow");
    await shows(opened, maybe);
    relay.sessionWaits("s1", false);
    await clock.advance(3_000);
    await shows(opened, maybe, "✅ Sent: allow, by Ada. The prompt has closed.");
    expect(await press("deny")).toMatchObject({ text: "✅ Sent: allow, by Ada. The prompt has closed." });
    await clock.advance(minuteMs);
    expect(outcomes(opened)).toHaveLength(2);
  });

  it("a verdict that had no effect says that the session still waits", async () => {
    const opened = await asked();
    opened.relay.sessionWaits("s1", true);
    await opened.press("deny");
    const sent = "❌ Sent: deny, by Ada. The terminal may have answered first.";
    await shows(opened, sent);
    await opened.clock.advance(11_000);
    await shows(opened, sent, "❌ Sent: deny, by Ada. The session still waits at the terminal.");
  });

  it("with another prompt of the session open, or without reports, nothing is concluded", async () => {
    const opened = await asked();
    const { relay, clock, press } = opened;
    await press("allow");
    await shows(opened, maybe);
    await clock.advance(minuteMs);
    expect(outcomes(opened)).toEqual([maybe]);
    await relay.ask({ ...request, id: "bcdef" }, session);
    await relay.ask({ ...request, id: "cdefg" }, session);
    relay.sessionWaits("s1", true);
    await press("allow", "41", "bcdef");
    await shows(opened, maybe, maybe);
    await clock.advance(minuteMs);
    expect(outcomes(opened)).toEqual([maybe, maybe]);
  });

  it("where a message cannot be changed, no further one is sent", async () => {
    const opened = await asked({ canEdit: false });
    opened.relay.sessionWaits("s1", true);
    await opened.press("allow");
    await shows(opened, maybe);
    opened.relay.sessionWaits("s1", false);
    await opened.clock.advance(minuteMs);
    expect(outcomes(opened)).toEqual([maybe]);
  });
});
