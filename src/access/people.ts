// The access check of one source: decides what happens with each message. Messages of users who are not
// admitted are dropped without an answer, except for a pairing code; each drop is reported to the counters.

import type {
  AccessOptions,
  ButtonPress,
  IncomingMessage,
  People,
  PressAnswer,
  Reception,
} from "../contract/chat.ts";
import type { Clock } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { createBotLoopGuard } from "./bot-loop-guard.ts";
import { accessOf, introduce } from "./pairing.ts";
import { type AccessRules, judge, type MentionTest, rulesOf } from "./rules.ts";
import type { AccessStore } from "./store.ts";

/** The part of the permission relay that handles chat messages. */
export interface Verdicts {
  /** Undefined when the text is not a valid verdict: then it is a message like any other. */
  receive(source: string, message: IncomingMessage): Promise<Reception | undefined>;
  press(source: string, press: ButtonPress): Promise<PressAnswer>;
}

export interface PeopleOptions {
  readonly source: string;
  /** The source's. */
  readonly type: string;
  readonly access: AccessOptions;
  readonly mentions: MentionTest;
  readonly store: AccessStore;
  readonly verdicts: Verdicts;
  readonly clock: Pick<Clock, "now">;
  readonly save: People["save"];
  readonly sessions: People["sessions"];
  /** Called for each dropped message. The reason contains nothing of the message. */
  dropped(reason: string): void;
  /**
   * Has the user consented to the people whom the config admits? Checked for each message, because consent
   * can be revoked; messages in the meantime are not accepted, and stay queued at the platform.
   */
  isTrusted(): boolean;
  /** Does the config list the user as an approver, whether or not this is active now? */
  isApprover(person: string): boolean;
  /** One line for a user who sends the command `status`. */
  describe(): string;
}

export function createPeople(options: PeopleOptions): People {
  const { source, type, access, store, verdicts, clock } = options;
  const bots = createBotLoopGuard(clock);
  const nothing: Reception = { as: "nothing" };

  function drop(reason: string): Reception {
    options.dropped(reason);
    return nothing;
  }

  async function rulesNow(): Promise<AccessRules> {
    return rulesOf(access, accessOf(await store.read(), source, type), options.mentions);
  }

  function demandTrust(): void {
    if (options.isTrusted()) return;
    throw new ConnectorError("E_CONSENT_REQUIRED", "waiting for consent: channel-router trust", {
      retryable: true,
    });
  }

  async function welcomeStranger(message: IncomingMessage): Promise<Reception> {
    const change = await store.update((state) => {
      const before = accessOf(state, source, type);
      const isTaken = (code: string) =>
        Object.values(state).some(({ pending }) => Object.hasOwn(pending, code));
      const introduced = introduce(before, message, clock.now(), isTaken);
      const isSame = introduced.access === before;
      return { state: isSame ? state : { ...state, [source]: introduced.access }, result: introduced };
    });
    if (change.isAdmitted === true) return receive(message);
    if (change.code === undefined) return drop(change.reason ?? "an unknown sender");
    options.dropped(`${message.sender.id} got a pairing code`);
    return { as: "answer", text: pairingText(change.code, change.isFirst === true) };
  }

  /** How to reach a user, for prompts and for messages that Claude starts. */
  async function rememberChat({ sender, chat }: IncomingMessage): Promise<void> {
    const known = accessOf(await store.read(), source, type).chats;
    if (Object.hasOwn(known, sender.id) && known[sender.id] === chat.id) return;
    await store.update((state) => {
      const before = accessOf(state, source, type);
      const chats = { ...before.chats, [sender.id]: chat.id };
      return { state: { ...state, [source]: { ...before, chats } }, result: undefined };
    });
  }

  async function receive(message: IncomingMessage): Promise<Reception> {
    demandTrust();
    const rules = await rulesNow();
    if (rules.dm !== "disabled" && !message.isBot && message.chat.kind === "direct") {
      const verdict = await verdicts.receive(source, message);
      if (verdict !== undefined) return verdict;
    }
    const judgement = judge(message, rules);
    if (judgement.as === "dropped") return drop(judgement.reason);
    if (judgement.as === "stranger") return welcomeStranger(message);
    if (!bots.takes(message)) return drop(`bot ${message.sender.id} sent too many messages in a row`);
    if (message.chat.kind === "direct") {
      await rememberChat(message);
      const answer = answerCommand(message.command, options.describe);
      if (answer !== undefined) return { as: "answer", text: answer };
    }
    return { as: "event" };
  }

  return {
    receive,
    async admits(person) {
      const rules = await rulesNow();
      return options.isTrusted() && rules.dm !== "disabled" && rules.isAllowed(person);
    },
    knows: async (person) => (await rulesNow()).isAllowed(person) || options.isApprover(person),
    async press(press) {
      demandTrust();
      const rules = await rulesNow();
      const answer =
        rules.dm === "disabled" ? ({ show: "nothing" } as const) : await verdicts.press(source, press);
      if (answer.show === "nothing")
        options.dropped(`${press.sender.id} pressed a button but is not an approver`);
      return answer;
    },
    save: options.save,
    sessions: options.sessions,
  };
}

function pairingText(code: string, isFirst: boolean): string {
  return isFirst
    ? `You are not approved here yet. The user who runs the router can let you in, within an hour, by typing:\n\nchannel-router access pair ${code}`
    : `Still waiting for: channel-router access pair ${code}`;
}

/** Commands that are addressed to the bot and not to Claude. */
function answerCommand(command: string | undefined, describe: () => string): string | undefined {
  if (command === "start" || command === "help") {
    return "What you write here goes to a Claude Code session, and its answers come here. /status says whether one is open.";
  }
  return command === "status" ? describe() : undefined;
}
