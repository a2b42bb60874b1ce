// Handles a message from a page: checks access, stores its files, emits the event, then shows it.

import { safeFileName } from "../../chat/file-name.ts";
import type { ChatAttachment, ChatData, IncomingMessage } from "../../contract/chat.ts";
import type { Host } from "../../contract/host.ts";
import type { Arrival, Json, Outcome, Sender } from "../../contract.ts";
import { Refusal } from "../../http/answer.ts";
import { chatIdOf, type RoomAddress, shownHash, type WebchatSender } from "./chat.ts";
import type { WrittenMessage } from "./incoming.ts";
import type { RoomMessage, Rooms } from "./rooms.ts";

const maxQuote = 200;
/** The access check has counted it. */
export const notLetIn = new Refusal(403, "this browser is not approved");

/** The page shows something other than what the router sent. */
export const unseen = new Refusal(409, "this page does not show the prompt that was sent: reload it");

/** A text that allows a prompt, from a page that did not show this very prompt. */
function allowsUnseen({ text, shown }: WrittenMessage, rooms: Rooms, browser: string): boolean {
  const code = /^\s*y(?:es)?\s+([a-z]{5})\s*$/i.exec(text)?.[1]?.toLowerCase();
  if (code === undefined) return false;
  const prompts = rooms.of(browser).flatMap(({ prompt }) => (prompt?.id.startsWith(code) ? prompt.id : []));
  return prompts.length > 0 && prompts.every((id) => shownHash(rooms, browser, id) !== shown);
}

interface TakeOptions {
  readonly rooms: Rooms;
  readonly speaker: WebchatSender;
  readonly host: Pick<Host, "people" | "clock">;
  readonly maxUploadBytes: number;
  /** Shown under an accepted message. */
  readonly ackReaction: string | undefined;
  emit(arrival: Arrival): Promise<Outcome>;
}

/** Rejects as `Emit` and `People` do, when it was not accepted. */
export async function takeWritten(
  written: WrittenMessage,
  browser: string,
  { rooms, speaker, host, maxUploadBytes, ackReaction, emit }: TakeOptions,
): Promise<Outcome | "answered" | Refusal> {
  const { people, clock } = host;
  const address = { browser, room: written.room };
  if (allowsUnseen(written, rooms, browser)) return unseen;
  const incoming = incomingOf(written, address);
  const reception = await people.receive(incoming);
  const own: RoomMessage = {
    id: written.id,
    room: written.room,
    from: "you",
    text: written.text,
    timeMs: clock.now(),
    ...(written.replyTo === undefined ? {} : { replyTo: written.replyTo }),
  };
  switch (reception.as) {
    case "nothing":
      return notLetIn;
    case "answer": {
      // Nothing of an unapproved browser is stored.
      const isKept = rooms.of(browser).length > 0;
      if (isKept) await rooms.put(browser, own);
      else rooms.show(browser, own);
      await speaker.say(address, reception.text, isKept);
      return "answered";
    }
    case "verdict":
      await rooms.put(browser, { ...own, reactions: [reception.emoji] });
      return "answered";
    case "event":
      break;
  }
  const attachments: ChatAttachment[] = [];
  for (const [index, file] of written.files.entries()) {
    const name = safeFileName(file.name);
    const saved = await people.save(name, file.stream(), maxUploadBytes);
    attachments.push({ id: String(index + 1), kind: kindOf(file.type), name, mime: file.type, ...saved });
  }
  const files = attachments.map(({ id, name = "file", bytes = 0, path = "" }) => ({
    id: `${written.id}-${id}`,
    name,
    bytes,
    path,
  }));
  const reactions = ackReaction === undefined ? {} : { reactions: [ackReaction] };
  const whole = { ...own, ...reactions, ...(files.length === 0 ? {} : { files }) };
  const expected = rooms.expect(browser, whole);
  try {
    const outcome = await emit(arrivalOf(written, incoming.sender, address, attachments, rooms));
    const { eventId } = outcome;
    if (outcome.outcome === "accepted")
      await rooms.change(browser, written.id, (before) => ({ ...before, eventId }));
    await expected.keep();
    return outcome;
  } finally {
    expected.forget();
  }
}

export function senderOf(browser: string, name: string | undefined): Sender {
  return { id: browser, ...(name === undefined ? {} : { name }) };
}

function incomingOf({ text, name }: WrittenMessage, address: RoomAddress): IncomingMessage {
  const command = /^\/([a-z]{1,32})\b/.exec(text)?.[1];
  return {
    sender: senderOf(address.browser, name),
    isBot: false,
    chat: { id: chatIdOf(address), kind: "direct" },
    text,
    isForUs: true,
    ...(command === undefined ? {} : { command }),
  };
}

export function arrivalOf(
  { id, text, room, replyTo, files }: Pick<WrittenMessage, "id" | "text" | "room" | "replyTo" | "files">,
  sender: Sender,
  address: RoomAddress,
  attachments: readonly ChatAttachment[],
  rooms: Pick<Rooms, "find">,
): Arrival {
  const words = text === "" ? placeholderOf(files.map(({ name }) => safeFileName(name))) : text;
  const quoted = replyTo === undefined ? undefined : rooms.find(address.browser, replyTo)?.text;
  const data: ChatData & { room: string } = {
    text: words,
    chat_id: chatIdOf(address),
    message_id: id,
    chat_type: "direct",
    room,
    ...(replyTo === undefined ? {} : { reply_to: replyTo }),
    ...(quoted === undefined || quoted === "" ? {} : { quote: quoted.slice(0, maxQuote).toWellFormed() }),
    ...(attachments.length === 0 ? {} : { attachments: [...attachments] }),
  };
  return {
    data: data as unknown as Json,
    text: words,
    trust: "sender",
    sender,
    deliveryId: `${chatIdOf(address)}/${id}`,
    conversation: chatIdOf(address),
  };
}

function placeholderOf(names: readonly string[]): string {
  return `(${names.length === 1 ? names[0] : `${names.length} files`})`;
}

function kindOf(mime: string): ChatAttachment["kind"] {
  const [group] = mime.split("/");
  return group === "image" || group === "audio" || group === "video" ? group : "file";
}
