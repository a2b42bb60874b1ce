// The file of a message: its description, and the id for downloading it from Telegram.

import type { Message } from "grammy/types";
import { safeFileName } from "../../chat/file-name.ts";
import type { ChatAttachment } from "../../contract/chat.ts";

/** The entry in `data.attachments`. */
export type TelegramAttachment = ChatAttachment & { file_id: string };

interface TelegramFile {
  readonly file_id: string;
  readonly file_name?: string;
  readonly mime_type?: string;
  readonly file_size?: number;
}

export function attachmentOf(message: Message): Omit<TelegramAttachment, "id"> | undefined {
  // An animation is repeated as a document, for clients that do not support animations.
  const { photo, animation, video, video_note: round, voice, audio, sticker, document } = message;
  const largest = photo?.at(-1);
  if (largest !== undefined) return described("image", largest, { mime: "image/jpeg" });
  if (animation !== undefined) return described("video", animation);
  if (video !== undefined) return described("video", video);
  if (round !== undefined) return described("video", round, { mime: "video/mp4" });
  if (voice !== undefined) return described("voice", voice, { mime: "audio/ogg" });
  if (audio !== undefined) return described("audio", audio);
  if (sticker !== undefined) return described("sticker", sticker, { mime: mimeOfSticker(sticker) });
  return document === undefined ? undefined : described("file", document);
}

function described(
  kind: ChatAttachment["kind"],
  file: TelegramFile,
  { mime }: { readonly mime?: string } = {},
): Omit<TelegramAttachment, "id"> {
  const type = file.mime_type ?? mime;
  return {
    kind,
    ...(file.file_name === undefined ? {} : { name: safeFileName(file.file_name) }),
    ...(type === undefined ? {} : { mime: type }),
    ...(file.file_size === undefined ? {} : { bytes: file.file_size }),
    file_id: file.file_id,
  };
}

function mimeOfSticker(sticker: { readonly is_animated: boolean; readonly is_video: boolean }): string {
  if (sticker.is_video) return "video/webm";
  return sticker.is_animated ? "application/x-tgsticker" : "image/webp";
}

const endings: Readonly<Record<ChatAttachment["kind"], string>> = {
  image: "jpg",
  audio: "mp3",
  video: "mp4",
  voice: "ogg",
  sticker: "webp",
  file: "bin",
};

/** A name to save it under: its own, else one with the extension of Telegram's path or of its kind. */
export function nameToSave({ kind, name }: ChatAttachment, remotePath: string): string {
  const ending = /\.([A-Za-z0-9]{1,10})$/.exec(remotePath)?.[1] ?? endings[kind];
  return name ?? `${kind}.${ending}`;
}
