// The access room for one source: what is to be done with each message. Everybody who is not admitted is dropped without an
// answer, but for a stranger's pairing code; each drop is told to whoever counts.

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

/** The permission relay, as far as a chat's messages concern it. */
export interface Verdicts {
  /** Undefined when the text is no verdict that counts: then it is a message like any other. */
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
  /** Told of each message that became nothing. The reason holds nothing of what was written. */
  dropped(reason: string): void;
  /**
   * Has a person agreed to those whom the config lets in? Asked for each message, because it can be taken back; what is sent
   * meanwhile is not taken, and waits where it is.
   */
  isTrusted(): boolean;
  /** Does the config name the person as one who decides, whether or not that counts now? */
  isApprover(person: string): boolean;
  /** One line for a person who asks with the command `status`. */
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
    const told = await store.update((state) => {
      const before = accessOf(state, source, type);
      const isTaken = (code: string) =>
        Object.values(state).some(({ pending }) => Object.hasOwn(pending, code));
      const introduced = introduce(before, message, clock.now(), isTaken);
      const isSame = introduced.access === before;
      return { state: isSame ? state : { ...state, [source]: introduced.access }, result: introduced };
    });
    if (told.isAdmitted === true) return receive(message);
    if (told.code === undefined) return drop(told.reason ?? "a stranger");
    options.dropped(`${message.sender.id} was told a pairing code`);
    return { as: "answer", text: pairingText(told.code, told.isFirst === true) };
  }

  /** Where to reach somebody, for prompts and for what Claude sends by itself. */
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
    if (!bots.takes(message)) return drop(`bot ${message.sender.id} has said too much in a row`);
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
        options.dropped(`${press.sender.id} pressed a button and may not decide`);
      return answer;
    },
    save: options.save,
  };
}

function pairingText(code: string, isFirst: boolean): string {
  return isFirst
    ? `This bot does not know you yet. Whoever runs it can let you in, within an hour, by typing:\n\nchannel-router access pair ${code}`
    : `Still waiting for: channel-router access pair ${code}`;
}

/** Commands that are about the bot and not for Claude. */
function answerCommand(command: string | undefined, describe: () => string): string | undefined {
  if (command === "start" || command === "help") {
    return "What you write here goes to a Claude Code session, and its answers come here. /status says whether one is open.";
  }
  return command === "status" ? describe() : undefined;
}
