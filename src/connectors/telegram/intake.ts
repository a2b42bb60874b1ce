// What comes in, in its order: each message is judged first, then made an event; each press of a button is answered. Only what
// was taken may be confirmed to Telegram.

import type { Message, Update } from "grammy/types";
import { safeFileName } from "../../chat/file-name.ts";
import type { AnsweredEvent, Reception } from "../../contract/chat.ts";
import type { Host } from "../../contract/host.ts";
import type { Arrival, Emit, Json } from "../../contract.ts";
import { DeliveryError, isRouterError } from "../../errors.ts";
import { line, stackOf, text } from "../../text.ts";
import type { TelegramApi } from "./api.ts";
import type { TelegramChat } from "./chat.ts";
import { type ReadMessage, readMessage, type Self } from "./message.ts";
import { answerPress } from "./permission.ts";

export interface Intake {
  /**
   * One after the other, in the order of their ids. Rejects as `Emit` and `People` do, with the first that was not taken; what
   * comes after it is not looked at. `settled` is told of each that is safe, and waited for.
   */
  take(
    updates: readonly Update[],
    self: Self,
    settled?: (updateId: number, mayComeAgain: boolean) => Promise<void>,
  ): Promise<void>;
  /** Settles when what was begun beside the events (answers, reactions) is done. */
  idle(): Promise<void>;
}

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

/** A picture that takes longer comes without its file: `download_attachment` can still fetch it. */
const pictureWithinMs = 15_000;
/** A group that somebody adds the bot to, or that gets another id, is told once, and no endless list of them. */
const maxGroupsTold = 20;

export function createIntake(options: IntakeOptions): Intake {
  const { host, name, api, chat, isClosed } = options;
  const { people, log, clock } = host;
  const beside = new Set<Promise<unknown>>();
  const groupsTold = new Set<number>();
  let lastFailure = "";

  /** Work that no event waits for; its failure is one line, and none when it is the same again. */
  function besides(what: string, work: Promise<unknown>): void {
    const done = work
      .catch((error: unknown) => {
        const reason = `${what}: ${error instanceof Error ? error.message : String(error)}`;
        if (reason !== lastFailure) log.warn(line`source ${name}: ${reason}`);
        lastFailure = reason;
      })
      .finally(() => beside.delete(done));
    beside.add(done);
  }

  function asEvent({ arrival }: ReadMessage): AnsweredEvent {
    return { id: "", ...arrival };
  }

  function answer(message: ReadMessage, reception: Exclude<Reception, { as: "event" | "nothing" }>): void {
    const event = asEvent(message);
    const say = () => chat.answer(event, { text: reception.text });
    if (reception.as === "answer") besides("an answer could not be sent", say());
    else besides("a verdict could not be confirmed", chat.react(event, reception.emoji).catch(say));
  }

  /** With its pictures, which a model can look at at once; all else is fetched when asked for. */
  async function withPictures(message: ReadMessage): Promise<Arrival> {
    const { arrival, attachments } = message;
    if (!attachments.some(({ kind }) => kind === "image")) return arrival;
    const saved = await Promise.all(
      attachments.map(async (attachment) => {
        if (attachment.kind !== "image") return attachment;
        const file = await within(chat.download(asEvent(message), attachment), pictureWithinMs);
        return file === undefined ? attachment : { ...attachment, path: file.path, bytes: file.bytes };
      }),
    );
    return { ...arrival, data: { ...(arrival.data as object), attachments: saved } as unknown as Json };
  }

  function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, () => resolve(undefined));
      besides("a picture could not be fetched", work.then(resolve).finally(cancel));
      work.catch(() => resolve(undefined));
    });
  }

  function read(album: readonly Message[], self: Self, isEdit: boolean): ReadMessage | undefined {
    try {
      return readMessage(album, self, isEdit);
    } catch (error) {
      // It would come again and again, and hold up all that comes after it.
      log.error(text`source ${name}: a message could not be read and is left out: ${stackOf(error)}`);
      return undefined;
    }
  }

  /** Settles when it is safe, with whether it may come again without harm. */
  async function takeMessage(album: readonly Message[], self: Self, isEdit: boolean): Promise<boolean> {
    const message = read(album, self, isEdit);
    if (message === undefined) return true;
    const reception = await people.receive(message.incoming);
    if (reception.as === "nothing") return true;
    if (reception.as !== "event") {
      answer(message, reception);
      return false;
    }
    const arrival = await withPictures(message);
    if (isClosed()) throw stopped();
    const { outcome } = await options.emit(arrival);
    const { ackReaction } = options;
    if (ackReaction !== undefined && outcome === "accepted")
      besides("no reaction could be put", chat.react(asEvent(message), ackReaction));
    return true;
  }

  /** What has not the form that the Bot API gives it is left out: it would come again and again. */
  async function takeGroup(group: readonly Update[], self: Self): Promise<boolean> {
    try {
      return await takeWhole(group, self);
    } catch (error) {
      if (isRouterError(error)) throw error;
      log.error(text`source ${name}: an update could not be read and is left out: ${stackOf(error)}`);
      return false;
    }
  }

  async function takeWhole(group: readonly Update[], self: Self): Promise<boolean> {
    const [update] = group as readonly [Update];
    if (update.callback_query !== undefined) {
      await answerPress(api.raw, update.callback_query, people);
      return false;
    }
    const edited = update.edited_message;
    if (edited !== undefined) {
      const isWorded = (edited.text ?? edited.caption) !== undefined;
      return !options.edits || !isWorded || takeMessage([edited], self, true);
    }
    tellOfGroup(update);
    const album = group.flatMap(({ message }) => (message === undefined ? [] : [message]));
    return album.length === 0 || takeMessage(album, self, false);
  }

  /** Which id a group has is not to be seen in Telegram's own programs. */
  function tellOfGroup({ my_chat_member: member, message }: Update): void {
    if (groupsTold.size >= maxGroupsTold) return;
    const moved = message?.migrate_to_chat_id;
    if (moved !== undefined && !groupsTold.has(moved)) {
      groupsTold.add(moved);
      log.warn(
        line`source ${name}: the group ${message?.chat.id ?? "?"} now has the id ${moved}: write that into access.groups`,
      );
    }
    if (member === undefined || member.chat.type === "private") return;
    const isIn = ["member", "administrator"].includes(member.new_chat_member.status);
    if (!isIn || groupsTold.has(member.chat.id)) return;
    groupsTold.add(member.chat.id);
    log.info(
      line`source ${name}: the bot is in the group ${safeFileName(member.chat.title ?? "")}, whose id is ${member.chat.id}; it listens there once access.groups says so`,
    );
  }

  return {
    async take(updates, self, settled) {
      for (const group of albumsOf(updates)) {
        if (isClosed()) throw stopped();
        const mayComeAgain = await takeGroup(group, self);
        await settled?.(group.at(-1)?.update_id ?? 0, mayComeAgain);
      }
    },
    async idle() {
      while (beside.size > 0) await Promise.all(beside);
    },
  };
}

function stopped(): DeliveryError {
  return new DeliveryError("E_SESSION_CLOSED", "the source has stopped");
}

/** The messages of one album, which come one after the other, as one group; every other update alone. */
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
