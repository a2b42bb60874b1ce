// One message: who wrote it and when, its text, its files, how far it got, and what can be done with it.

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { announce } from "../announce.ts";
import { Button, ChangeButton } from "../parts/button.tsx";
import { Progress } from "../parts/chip.tsx";
import { Command, Time } from "../parts/text.tsx";
import { type ChatFile, type ChatMessage, type ChatRoom, nameOf } from "./chat-room.ts";
import { Markup } from "./markup.tsx";

const names = { you: "You", claude: "Claude", router: "Router" } as const;

interface MessageProps {
  readonly chat: ChatRoom;
  readonly message: ChatMessage;
  onQuote(): void;
}

export function Message({ chat, message, onQuote }: MessageProps) {
  const { from, time_ms: timeMs, edited, sending, failed, reply_to: replyTo, event_id: eventId } = message;
  const answered = replyTo === undefined ? undefined : chat.messages.value.get(replyTo);
  const state = eventId === undefined ? undefined : chat.marks.value.get(eventId);
  return (
    <article
      class={`chat-message ${from} ${message.prompt === undefined ? "" : "prompt"}`}
      aria-label={names[from]}
    >
      <header class="chat-message-head">
        <b>{names[from]}</b>
        <Time value={timeMs} />
        {edited === true ? <span class="faint">edited</span> : null}
        {sending === true ? <span class="faint">sending…</span> : null}
        {from !== "you" || state === undefined ? null : <Progress state={state} />}
        {sending === true || failed !== undefined ? null : (
          <Button kind="quiet" size="small" label={`Quote the message of ${names[from]}`} onPress={onQuote}>
            Quote
          </Button>
        )}
      </header>
      {answered === undefined ? null : <p class="quoted muted">{beginningOf(answered, 100)}</p>}
      <Text message={message} />
      <Files chat={chat} message={message} />
      <Prompt chat={chat} message={message} />
      {message.reactions === undefined ? null : (
        <p class="reactions">
          <span class="unseen">Reactions: </span>
          {message.reactions.join(" ")}
        </p>
      )}
      {failed === undefined ? null : (
        <p class="error line" role="alert">
          Not sent: {failed.message}{" "}
          {failed.code === "offline" ? "It is sent when the router answers." : failed.hint}
          <Button size="small" onPress={() => chat.send(message, nameOf())}>
            Try again
          </Button>
        </p>
      )}
    </article>
  );
}

function Text({ message: { text, html, from } }: Pick<MessageProps, "message">) {
  const command = from === "router" ? /channel-router access pair [0-9a-f]{6}/.exec(text)?.[0] : undefined;
  if (text === "" && html === undefined) return null;
  return (
    <div class="chat-message-text" dir="auto">
      {html === undefined ? text : <Markup html={html} />}
      {command === undefined ? null : <Command text={command} />}
    </div>
  );
}

function Prompt({ chat, message }: Pick<MessageProps, "chat" | "message">) {
  if (message.prompt === undefined) return null;
  const press = async (button: string) => {
    const notice = await chat.press(message, button);
    if (notice !== undefined) announce(notice);
  };
  return (
    <div class="actions">
      {message.prompt.buttons.map(({ button, label }) => (
        <ChangeButton key={button} kind={button === "allow" ? "main" : "plain"} onPress={() => press(button)}>
          {label}
        </ChangeButton>
      ))}
    </div>
  );
}

function Files({ chat, message: { files, attached } }: Pick<MessageProps, "chat" | "message">) {
  if (files === undefined)
    return attached === undefined ? null : (
      <ul class="files">
        {attached.map(({ name, size }) => (
          <li key={name} class="muted">
            {name} ({sizeOf(size)})
          </li>
        ))}
      </ul>
    );
  return (
    <ul class="files">
      {files.map((file) => (
        <li key={file.id}>
          {pictureType(file.name) === undefined || file.bytes > maxPictureBytes ? null : (
            <Picture chat={chat} file={file} />
          )}
          <Button size="small" label={`Download ${file.name}`} onPress={() => save(chat, file)}>
            {file.name} ({sizeOf(file.bytes)})
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** Kinds that a browser shows without running anything in them. */
const pictureTypes: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  avif: "image/avif",
};
const maxPictureBytes = 8 * 1024 * 1024;

function pictureType(name: string): string | undefined {
  return pictureTypes[name.slice(name.lastIndexOf(".") + 1).toLowerCase()];
}

function Picture({ chat, file }: { readonly chat: ChatRoom; readonly file: ChatFile }) {
  const url = useSignal<string | undefined>(undefined);
  useEffect(() => {
    let isGone = false;
    chat.download(file).then(
      (blob) => {
        if (isGone) return;
        url.value = URL.createObjectURL(new Blob([blob], { type: pictureType(file.name) ?? "" }));
      },
      () => {},
    );
    return () => {
      isGone = true;
      if (url.peek() !== undefined) URL.revokeObjectURL(url.peek() as string);
    };
  }, [file.id]);
  return url.value === undefined ? null : <img class="picture" src={url.value} alt={file.name} />;
}

async function save(chat: ChatRoom, file: ChatFile): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await chat.download(file));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function beginningOf({ text, files = [] }: ChatMessage, length: number): string {
  const words = text || files.map(({ name }) => name).join(", ");
  return words.length > length ? `${words.slice(0, length).toWellFormed()}…` : words;
}

export function sizeOf(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${Math.round(bytes / 1_024)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}
