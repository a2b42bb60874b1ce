// The text of a message without text: `(voice message)`. For messages that are not files (a location, a
// contact, a poll) it includes all of their content.

import type { Message } from "grammy/types";

/** Undefined for a service message: a user joined, a title changed. */
export function placeholderOf(album: readonly Message[]): string | undefined {
  const [message] = album;
  if (album.length > 1) return `(${album.length} attachments)`;
  if (message === undefined) return undefined;
  const { contact, venue, location, poll, dice, sticker, document, audio } = message;
  if (message.photo !== undefined) return "(photo)";
  if (message.animation !== undefined) return "(animation)";
  if (message.video !== undefined) return "(video)";
  if (message.video_note !== undefined) return "(video message)";
  if (message.voice !== undefined) return "(voice message)";
  if (audio !== undefined) return said("audio", [audio.performer, audio.title ?? audio.file_name]);
  if (sticker !== undefined) return sticker.emoji === undefined ? "(sticker)" : `(sticker ${sticker.emoji})`;
  if (document !== undefined) return said("file", [document.file_name]);
  if (contact !== undefined)
    return said("contact", [contact.first_name, contact.last_name, contact.phone_number]);
  if (venue !== undefined)
    return said("place", [venue.title, venue.address, coordinates(venue.location)], ", ");
  if (location !== undefined) return said("location", [coordinates(location)]);
  if (poll !== undefined)
    return said("poll", [poll.question, poll.options.map(({ text }) => text).join(" / ")]);
  if (dice !== undefined) return `(${dice.emoji} ${dice.value})`;
  if (message.checklist !== undefined)
    return said("checklist", [
      message.checklist.title,
      message.checklist.tasks.map(({ text }) => text).join(" / "),
    ]);
  if (message.story !== undefined) return "(story)";
  if (message.game !== undefined) return said("game", [message.game.title]);
  if (message.paid_media !== undefined) return "(paid media)";
  return undefined;
}

function said(what: string, parts: readonly (string | undefined)[], between = " "): string {
  const rest = parts.filter((part) => part !== undefined && part !== "").join(between);
  return rest === "" ? `(${what})` : `(${what}: ${rest})`;
}

function coordinates({
  latitude,
  longitude,
}: {
  readonly latitude: number;
  readonly longitude: number;
}): string {
  return `${latitude}, ${longitude}`;
}
