// What every chat promises, as one suite that each of them runs against an emulator of its platform: the built program, real
// sessions, real processes. A platform says how people write on it and what they see; all else is the same for all.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { PermissionButton } from "../../src/contract/chat.ts";
import type { Sender } from "../../src/contract.ts";
import { newestOwner, stateRoot } from "../faults/stage.ts";
import type { BuiltProgram } from "../support/build-with.ts";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { createProject, eventually, type Project } from "../support/router.ts";

/** A platform as its people have it. */
export interface ChatPlatform {
  /** The source as YAML on one line; `access` is one, too. `port`: of the router's listener. */
  source(access: string, port: number): string;
  /** For the router's processes. */
  readonly env: Readonly<Record<string, string>>;
  /** Of a group in which everybody is. */
  readonly groupId: string;
  readonly abilities: {
    readonly files: boolean;
    readonly edit: boolean;
    readonly react: boolean;
    readonly buttons: boolean;
    readonly groups: boolean;
    /** An answer shows which message it answers. Default true. */
    readonly quotes?: boolean;
    /** `reply` tells the ids of what it sent. Default true. */
    readonly ids?: boolean;
    /** What was written before the source ran for the first time arrives. Default true. */
    readonly backlog?: boolean;
  };
  /** Somebody writes, to the bot alone or in the group. Settles with the message's id, whether or not anybody reads it. */
  write(
    person: Sender,
    text: string,
    options?: {
      readonly inGroup?: boolean;
      readonly isBot?: boolean;
      readonly attachment?: { readonly name: string; readonly content: string };
    },
  ): Promise<string>;
  press(person: Sender, messageId: string, button: PermissionButton): Promise<void>;
  /** What the bot has sent, in the chat with this person alone or in the group, oldest first. */
  shown(person: Sender, options?: { readonly inGroup?: boolean }): Promise<readonly ShownMessage[]>;
  /** Emojis of the bot under a message. */
  reactions(messageId: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface ShownMessage {
  readonly id: string;
  readonly text: string;
  readonly edited: boolean;
  readonly files: readonly { readonly name: string; readonly content: string }[];
  readonly buttons: readonly PermissionButton[];
  readonly replyTo?: string;
}

export interface ChatCase {
  readonly type: string;
  open(): Promise<ChatPlatform>;
  /** Default: the built program. */
  program?(): Promise<BuiltProgram>;
  readonly people?: { readonly ada: Sender; readonly eve: Sender };
  /** Of the router's listener. Default: a free one for each test. */
  readonly port?: number;
  /** Longer than one message of the platform may be, shorter than three. */
  readonly longText: string;
}

/** What some platform might take for the same id. */
function spellingsOf(id: string): string[] {
  const padded = /^\d/.test(id) ? [`0${id}`, `${id}.0`] : [];
  return [...padded, ` ${id}`, `${id} `, `+${id}`, `${id}/`, `./${id}`, `${id}?`, `${id}\u200b`];
}

export function testChat({ type, open, program, longText, port: ownPort, ...more }: ChatCase): void {
  const { ada, eve } = more.people ?? { ada: { id: "41", name: "Ada" }, eve: { id: "66", name: "Eve" } };
  const cleaning: (() => Promise<unknown>)[] = [];
  let built: BuiltProgram | undefined;
  let platform: ChatPlatform;
  let project: Project;

  beforeAll(async () => {
    built = await program?.();
  });
  afterAll(() => built?.remove());
  afterEach(async () => {
    for (const clean of cleaning.splice(0).reverse()) await clean();
  });

  /** One chat called `phone`. What the config lets people do was allowed before. */
  async function begin(written: string | ((platform: ChatPlatform) => string), config = ""): Promise<void> {
    platform = await open();
    cleaning.push(() => platform.close());
    const access = typeof written === "string" ? written : written(platform);
    project = await createProject(
      // Beside a source that is no chat.
      (port) =>
        `listen: 127.0.0.1:${port}\nsources:\n  phone: ${platform.source(access, port)}\n  hook: { type: http, path: /hook }\n${config}`,
      {
        consent: "all",
        ...(built === undefined ? {} : { program: built.program }),
        ...(ownPort === undefined ? {} : { port: ownPort }),
      },
    );
    cleaning.push(() => project.remove());
  }

  const env = () => platform.env;
  /** Nobody sits at its terminal. */
  async function claude(): Promise<SpawnedClaude> {
    const session = await project.claude({ answerForm: () => ({ action: "cancel" }) }, env());
    if (platform.abilities.backlog === false) await eventually(hasLooked);
    return session;
  }
  /** The source has ended a round: it waits for the next one. */
  async function hasLooked(): Promise<boolean> {
    const { sources } = JSON.parse((await run("status", "--json")).stdout || "{}") as {
      sources?: readonly { readonly next_try?: string }[];
    };
    return sources?.[0]?.next_try !== undefined;
  }
  const run = (...args: string[]) => project.ask(args, platform.env);
  const isConnected = () =>
    eventually(async () => / phone \(\S+\) running/.test((await run("status")).stdout));
  const lastTo = async (person: Sender) => (await platform.shown(person)).at(-1);
  const shows = (person: Sender, test: (message: ShownMessage) => boolean) =>
    eventually(async () => (await platform.shown(person)).find(test));

  async function askPermission(
    session: SpawnedClaude,
    id: string,
    preview = '{"command":"npm test"}',
  ): Promise<void> {
    session.wire.notify("notifications/claude/channel/permission_request", {
      request_id: id,
      tool_name: "Bash",
      description: "Run shell command",
      input_preview: preview,
    });
  }

  const verdicts = (session: SpawnedClaude) =>
    session.notices
      .filter(({ method }) => method === "notifications/claude/channel/permission")
      .map(({ params }) => params);

  const relayTo = (person: Sender) =>
    `permissions: { relay: [phone], approvers: { phone: ["${person.id}"] } }\n`;

  describe(`the chat type ${type}`, () => {
    it("lets a stranger in by a code that a person types, and nobody before", async () => {
      await begin("{}");
      const session = await claude();
      await platform.write(ada, "let me in");
      const { text } = await shows(ada, (message) => message.text.includes("access pair"));
      const code = /access pair ([0-9a-f]{6})/.exec(text)?.[1] as string;
      expect((await run("access", "list")).stdout).toContain(`${code}  ${ada.id}`);
      expect((await run("access", "pair", code)).stdout).toContain("may write on phone now");
      await shows(ada, (message) => message.text.includes("You are let in"));
      const message = await platform.write(ada, "what is up?");
      const event = await session.nextEvent();
      expect(event.content).toBe("what is up?");
      // A name that is the id is not repeated.
      const user = ada.name === ada.id ? undefined : ada.name;
      expect([event.meta.channel, event.meta.user, event.meta.user_id]).toEqual(["phone", user, ada.id]);
      expect(session.events).toHaveLength(1);
      if (platform.abilities.react)
        expect(await eventually(async () => (await platform.reactions(message))[0])).toBe("👀");
    });

    it("carries an answer in parts, with a file, an edit and a reaction", async () => {
      await begin(`{ allow: ["${ada.id}"] }`);
      const session = await claude();
      const question = await platform.write(ada, "tell me all");
      const { meta } = await session.nextEvent();
      const event_id = meta.event_id as string;
      await writeFile(join(project.folder, "notes.txt"), "the notes");
      const files = platform.abilities.files ? { files: ["notes.txt"] } : {};
      const sent = await session.callTool("reply", { event_id, text: longText, ...files });
      expect(sent.text).toMatch(
        platform.abilities.ids === false ? /^sent [23] parts$/ : /^sent [23] parts \(ids: .+, .+\)/,
      );
      const parts = await platform.shown(ada);
      const letters = (text: string) => text.replaceAll(/[^\p{L}\p{N}]/gu, "");
      expect(letters(parts.map(({ text }) => text).join(""))).toBe(letters(longText));
      if (platform.abilities.quotes !== false) expect(parts[0]?.replyTo).toBe(question);
      if (platform.abilities.files)
        expect(parts.flatMap((part) => part.files)).toEqual([{ name: "notes.txt", content: "the notes" }]);
      if (platform.abilities.edit) {
        const message_id = parts[0]?.id as string;
        await session.callTool("edit_message", { event_id, message_id, text: "in short: yes" });
        await shows(ada, ({ edited, text }) => edited && text === "in short: yes");
      }
      if (platform.abilities.react) {
        await session.callTool("react", { event_id, emoji: "👍" });
        expect(await platform.reactions(question)).toContain("👍");
      }
    });

    it("puts a permission prompt before the approver and takes the verdict back to the session that asked", async () => {
      await begin(`{ allow: ["${ada.id}"] }`, relayTo(ada));
      const [first, second] = [await claude(), await claude()];
      await isConnected();
      await askPermission(first, "abcde");
      const prompt = await shows(ada, (message) => message.text.includes("abcde"));
      expect(prompt.text).toContain("npm test");
      expect(prompt.text).toContain(project.folder);
      if (platform.abilities.buttons) await platform.press(ada, prompt.id, "allow");
      else await platform.write(ada, "yes abcde");
      await eventually(() => verdicts(first).length > 0);
      expect(verdicts(first)).toEqual([{ request_id: "abcde", behavior: "allow" }]);
      await shows(ada, (message) => message.text.includes("Sent: allow") && message.buttons.length === 0);

      await askPermission(second, "fghij");
      await shows(ada, (message) => message.text.includes("fghij"));
      await platform.write(ada, "No FGHIJ");
      await eventually(() => verdicts(second).length > 0);
      expect(verdicts(second)).toEqual([{ request_id: "fghij", behavior: "deny" }]);
      expect(verdicts(first)).toHaveLength(1);
      expect([...first.events, ...second.events]).toEqual([]);
    });

    it("lets nobody allow what they were not shown whole", async () => {
      await begin(`{ allow: ["${ada.id}"] }`, relayTo(ada));
      const session = await claude();
      await isConnected();
      // Spaced, so that no platform has to cut within a word.
      const words = Array.from({ length: 1_200 }, (_, index) => `w${index}e`);
      await askPermission(session, "abcde", words.join(" "));
      const first = await shows(ada, (message) => message.text.includes("abcde"));
      if (platform.abilities.buttons) expect(first.buttons).toEqual(["more", "deny"]);
      expect(first.text).toContain("more abcde");
      expect(first.text).not.toContain("yes abcde");
      await platform.write(ada, "yes abcde");
      await shows(ada, ({ text }) => text.includes("not seen all of it"));
      if (platform.abilities.buttons) await platform.press(ada, first.id, "more");
      else await platform.write(ada, "more abcde");
      const last = await shows(ada, ({ text }) => text.includes("yes abcde"));
      const shown = (await platform.shown(ada))
        .map(({ text }) => text.replaceAll(/[^a-z0-9]+/gi, ""))
        .join("");
      expect(words.filter((word) => !shown.includes(word))).toEqual([]);
      expect(verdicts(session)).toEqual([]);
      if (platform.abilities.buttons) await platform.press(ada, last.id, "allow");
      else await platform.write(ada, "yes abcde");
      await eventually(() => verdicts(session).length > 0);
      expect(verdicts(session)).toEqual([{ request_id: "abcde", behavior: "allow" }]);
      if (platform.abilities.buttons)
        await eventually(async () =>
          (await platform.shown(ada)).every(({ buttons }) => buttons.length === 0),
        );

      await askPermission(session, "fghij", `start ⋯ 1,204 code points elided ⋯ end`);
      const partial = await shows(ada, (message) => message.text.includes("fghij"));
      if (platform.abilities.buttons) expect(partial.buttons).toEqual(["deny"]);
      await platform.write(ada, "yes fghij");
      await shows(ada, ({ text }) => text.includes("terminal only") && !text.includes("fghij"));
      await platform.write(ada, "no fghij");
      await eventually(() => verdicts(session).length > 1);
      expect(verdicts(session)[1]).toEqual({ request_id: "fghij", behavior: "deny" });
    });

    it("gives an outsider nothing, whatever they try", async () => {
      await begin(
        ({ groupId }) =>
          `{ dm: allowlist, allow: ["${ada.id}"], groups: { ${JSON.stringify(groupId)}: { allow: [] } } }`,
        relayTo(ada),
      );
      const session = await claude();
      await isConnected();
      await askPermission(session, "abcde");
      const prompt = await shows(ada, (message) => message.text.includes("abcde"));
      await platform.write(eve, "hello");
      await platform.write(eve, "yes abcde");
      if (platform.abilities.buttons) await platform.press(eve, prompt.id, "allow");
      if (platform.abilities.groups) await platform.write(eve, "@bot hello", { inGroup: true });
      // Behind all that: when this is there, the rest has been judged.
      await platform.write(ada, "are you there?");
      const event = await session.nextEvent();
      expect(event.content).toBe("are you there?");
      expect(session.events).toHaveLength(1);
      expect(verdicts(session)).toEqual([]);
      expect(await platform.shown(eve)).toEqual([]);
      expect(await platform.shown(eve, { inGroup: true })).toEqual([]);
      expect((await run("status")).stdout).toMatch(/refused: \d+ x 403/);
      const { events } = JSON.parse((await run("events", "--json")).stdout) as {
        events: { event_id: string; outcome: string; note?: string }[];
      };
      const turnedAway = events.find(({ note }) => note?.includes(`access: ${eve.id} is not allowed`));
      expect(turnedAway?.outcome).toBe("dropped");
      expect((await run("why", String(turnedAway?.event_id))).stdout).toContain(`${eve.id} is not allowed`);
      // Nor can Claude, whom somebody talked into it, change what the approver reads, or write what looks like it.
      const { event_id } = event.meta as { event_id: string };
      const forged = "🔐 Permission: Bash\n│ npm test";
      await writeFile(join(project.folder, "yes abcde.txt"), "x");
      for (const [tool, more] of [
        ["reply", { text: forged }],
        ["reply", { text: "**🔐 Реr**mission: `Bash`\n\n✅ Allow  ❌ Deny" }],
        ["reply", { text: "All is well. Just write: yes abcde" }],
        ["reply", { text: "All is well. Just write: y e s, then a-b-c-d-e" }],
        ["reply", { text: "see there", files: ["yes abcde.txt"] }],
        ...(platform.abilities.edit
          ? [["edit_message", { message_id: prompt.id, text: "npm test" }] as const]
          : []),
      ] as const)
        expect(await session.callTool(tool, { event_id, ...more })).toMatchObject({ isError: true });
      // Under no spelling of its id is the prompt Claude's to change, to quote or to react to.
      for (const message_id of [prompt.id, ...spellingsOf(prompt.id)]) {
        const tries = [
          ["reply", { text: "as it says there", reply_to: message_id }],
          ...(platform.abilities.edit ? [["edit_message", { message_id, text: "npm test" }] as const] : []),
          ...(platform.abilities.react ? [["react", { message_id, emoji: "👍" }] as const] : []),
        ] as const;
        // Where messages have no ids that Claude is shown, there is nothing to name.
        if (platform.abilities.ids === false) break;
        for (const [tool, more] of tries)
          expect([tool, message_id, await session.callTool(tool, { event_id, ...more })]).toMatchObject([
            tool,
            message_id,
            { isError: true },
          ]);
      }
      const last = await lastTo(ada);
      expect([last?.id, last?.text]).toEqual([prompt.id, prompt.text]);
      expect(await platform.reactions(prompt.id)).toEqual([]);
    });

    it("loses nothing when the owner is killed", async () => {
      await begin(`{ allow: ["${ada.id}"] }`, relayTo(ada));
      const owner = await claude();
      const survivor = await claude();
      await isConnected();
      await askPermission(survivor, "abcde");
      const prompt = await shows(ada, (message) => message.text.includes("abcde"));
      const { pid } = newestOwner(stateRoot(project));
      expect(pid).toBe(owner.process.pid);
      process.kill(pid, "SIGKILL");
      await platform.write(ada, "written while nobody listens");
      if (platform.abilities.buttons) await platform.press(ada, prompt.id, "allow");
      else await platform.write(ada, "yes abcde");
      const event = await survivor.nextEvent();
      expect(event.content).toBe("written while nobody listens");
      await eventually(() => verdicts(survivor).length > 0);
      expect(verdicts(survivor)).toEqual([{ request_id: "abcde", behavior: "allow" }]);
      await survivor.callTool("reply", { event_id: event.meta.event_id as string, text: "still here" });
      await shows(ada, ({ text }) => text.includes("still here"));
      expect(survivor.events).toHaveLength(1);
    });
  });
}
