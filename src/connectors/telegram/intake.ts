// Incoming updates, in order: each message is checked first, then becomes an event; each button press is
// answered. Only accepted updates may be confirmed to Telegram.

import type { Message, Update } from "grammy/types";
import { safeFileName } from "../../chat/file-name.ts";
import type { AnsweredEvent, People, Reception } from "../../contract/chat.ts";
import type { Host } from "../../contract/host.ts";
import type { Arrival, Clock, Emit, Json, Log } from "../../contract.ts";
import { DeliveryError, isRouterError } from "../../errors.ts";
import { line, stackOf, text } from "../../text.ts";
import type { TelegramApi } from "./api.ts";
import type { TelegramChat } from "./chat.ts";
import { type BotIdentity, type ReadMessage, readMessage } from "./message.ts";
import { answerPress } from "./permission.ts";

interface IntakeOptions {
  readonly host: Pick<Host, "people" | "log" | "clock">;
  readonly name: string;
  readonly api: TelegramApi;
  readonly chat: TelegramChat;
  readonly emit: Emit;
  readonly edits: boolean;
  readonly ackReaction: string | undefined;
  /** True once nothing may be emitted any more. */
  isClosed(): boolean;
}

/** A picture that takes longer is delivered without its file: `download_attachment` can still fetch it. */
const pictureWithinMs = 15_000;
/** Groups that the bot was added to, or whose id changed, are each reported once, up to a limit. */
const maxGroupsLogged = 20;

export class Intake {
  readonly #options: IntakeOptions;
  readonly #name: IntakeOptions["name"];
  readonly #api: IntakeOptions["api"];
  readonly #chat: IntakeOptions["chat"];
  readonly #isClosed: IntakeOptions["isClosed"];
  readonly #people: People;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #beside = new Set<Promise<unknown>>();
  readonly #loggedGroups = new Set<number>();
  #lastFailure = "";

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { host, name, api, chat, isClosed } = options;
    this.#name = name;
    this.#api = api;
    this.#chat = chat;
    this.#isClosed = isClosed;
    const { people, log, clock } = host;
    this.#people = people;
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * One after the other, in the order of their ids. Rejects as `Emit` and `People` do, with the first that
   * was rejected; later ones are not processed. `settled` is called and awaited for each durable one.
   */
  async take(
    updates: readonly Update[],
    self: BotIdentity,
    settled?: (updateId: number, mayComeAgain: boolean) => Promise<void>,
  ): Promise<void> {
    for (const group of albumsOf(updates)) {
      if (this.#isClosed()) throw stopped();
      const mayComeAgain = await this.#takeGroup(group, self);
      await settled?.(group.at(-1)?.update_id ?? 0, mayComeAgain);
    }
  }

  /** Settles when the side work of events (answers, reactions) is done. */
  async idle(): Promise<void> {
    while (this.#beside.size > 0) await Promise.all(this.#beside);
  }

  /** Work that no event waits for; a failure is logged once until it changes. */
  #besides(what: string, work: Promise<unknown>): void {
    const done = work
      .catch((error: unknown) => {
        const reason = `${what}: ${error instanceof Error ? error.message : String(error)}`;
        if (reason !== this.#lastFailure) this.#log.warn(line`source ${this.#name}: ${reason}`);
        this.#lastFailure = reason;
      })
      .finally(() => this.#beside.delete(done));
    this.#beside.add(done);
  }

  #asEvent({ arrival }: ReadMessage): AnsweredEvent {
    return { id: "", ...arrival };
  }

  #answer(message: ReadMessage, reception: Exclude<Reception, { as: "event" | "nothing" }>): void {
    const event = this.#asEvent(message);
    const say = () => this.#chat.answer(event, { text: reception.text });
    if (reception.as === "answer") this.#besides("an answer could not be sent", say());
    else
      this.#besides("a verdict could not be confirmed", this.#chat.react(event, reception.emoji).catch(say));
  }

  /** With its pictures, which a model can see at once; other files are fetched on demand. */
  async #withPictures(message: ReadMessage): Promise<Arrival> {
    const { arrival, attachments } = message;
    if (!attachments.some(({ kind }) => kind === "image")) return arrival;
    const saved = await Promise.all(
      attachments.map(async (attachment) => {
        if (attachment.kind !== "image") return attachment;
        const file = await this.#within(
          this.#chat.download(this.#asEvent(message), attachment),
          pictureWithinMs,
        );
        return file === undefined ? attachment : { ...attachment, path: file.path, bytes: file.bytes };
      }),
    );
    return { ...arrival, data: { ...(arrival.data as object), attachments: saved } as unknown as Json };
  }

  #within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => resolve(undefined));
      this.#besides("a picture could not be fetched", work.then(resolve).finally(cancel));
      work.catch(() => resolve(undefined));
    });
  }

  #read(album: readonly Message[], self: BotIdentity, isEdit: boolean): ReadMessage | undefined {
    try {
      return readMessage(album, self, isEdit);
    } catch (error) {
      // It would come again and again, and block everything after it.
      this.#log.error(
        text`source ${this.#name}: a message could not be read and is skipped: ${stackOf(error)}`,
      );
      return undefined;
    }
  }

  /** Settles when it is durable, with whether it may come again without harm. */
  async #takeMessage(album: readonly Message[], self: BotIdentity, isEdit: boolean): Promise<boolean> {
    const message = this.#read(album, self, isEdit);
    if (message === undefined) return true;
    const reception = await this.#people.receive(message.incoming);
    if (reception.as === "nothing") return true;
    if (reception.as !== "event") {
      this.#answer(message, reception);
      return false;
    }
    const arrival = await this.#withPictures(message);
    if (this.#isClosed()) throw stopped();
    const { outcome } = await this.#options.emit(arrival);
    const { ackReaction } = this.#options;
    if (ackReaction !== undefined && outcome === "accepted")
      this.#besides("a reaction could not be added", this.#chat.react(this.#asEvent(message), ackReaction));
    return true;
  }

  /** An update in an invalid format is skipped: it would come again and again. */
  async #takeGroup(group: readonly Update[], self: BotIdentity): Promise<boolean> {
    try {
      return await this.#takeWhole(group, self);
    } catch (error) {
      if (isRouterError(error)) throw error;
      this.#log.error(
        text`source ${this.#name}: an update could not be read and is skipped: ${stackOf(error)}`,
      );
      return false;
    }
  }

  async #takeWhole(group: readonly Update[], self: BotIdentity): Promise<boolean> {
    const [update] = group as readonly [Update];
    if (update.callback_query !== undefined) {
      await answerPress(this.#api.raw, update.callback_query, this.#people);
      return false;
    }
    const edited = update.edited_message;
    if (edited !== undefined) {
      const isWorded = (edited.text ?? edited.caption) !== undefined;
      return !this.#options.edits || !isWorded || this.#takeMessage([edited], self, true);
    }
    this.#logGroup(update);
    const album = group.flatMap(({ message }) => (message === undefined ? [] : [message]));
    return album.length === 0 || this.#takeMessage(album, self, false);
  }

  /** Telegram's own clients do not show the id of a group. */
  #logGroup({ my_chat_member: member, message }: Update): void {
    if (this.#loggedGroups.size >= maxGroupsLogged) return;
    const moved = message?.migrate_to_chat_id;
    if (moved !== undefined && !this.#loggedGroups.has(moved)) {
      this.#loggedGroups.add(moved);
      this.#log.warn(
        line`source ${this.#name}: the group ${message?.chat.id ?? "?"} now has the id ${moved}: write that into access.groups`,
      );
    }
    if (member === undefined || member.chat.type === "private") return;
    const isIn = ["member", "administrator"].includes(member.new_chat_member.status);
    if (!isIn || this.#loggedGroups.has(member.chat.id)) return;
    this.#loggedGroups.add(member.chat.id);
    this.#log.info(
      line`source ${this.#name}: the bot is in the group ${safeFileName(member.chat.title ?? "")} with the id ${member.chat.id}; add it to access.groups to receive its messages`,
    );
  }
}

function stopped(): DeliveryError {
  return new DeliveryError("E_SESSION_CLOSED", "the source has stopped");
}

/** The consecutive messages of one album as one group; every other update alone. */
export function albumsOf(updates: readonly Update[]): Update[][] {
  const groups: Update[][] = [];
  for (const update of updates) {
    const { message } = update;
    const last = groups.at(-1);
    const before = last?.[0]?.message;
    const isSame =
      message?.media_group_id !== undefined &&
      message.media_group_id === before?.media_group_id &&
      message.chat?.id === before.chat?.id &&
      message.from?.id === before.from?.id;
    if (isSame) last?.push(update);
    else groups.push([update]);
  }
  return groups;
}
