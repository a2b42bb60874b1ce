// Where a message is written: the text, files by button, paste or drop, and what it quotes.

import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { announce } from "../announce.ts";
import { isReadOnly } from "../connection.ts";
import { Button } from "../parts/button.tsx";
import { type ChatRoom, nameOf } from "./chat-room.ts";
import { beginningOf, sizeOf } from "./message.tsx";

const maxFiles = 10;

interface ComposerProps {
  readonly chat: ChatRoom;
  /** The id of the message that is quoted. */
  readonly quoted: Signal<string | undefined>;
}

export function Composer({ chat, quoted }: ComposerProps) {
  const text = useSignal("");
  const files = useSignal<readonly File[]>([]);
  const picker = useRef<HTMLInputElement>(null);
  const off = isReadOnly.value || chat.isAdmitted.value !== true;

  function attach(more: readonly File[]): void {
    if (files.value.length + more.length > maxFiles)
      announce(`Up to ${maxFiles} files go with one message.`, "failed");
    files.value = [...files.value, ...more].slice(0, maxFiles);
  }
  function send(): void {
    const written = text.value.trim();
    if (off || (written === "" && files.value.length === 0)) return;
    const replyTo = quoted.value;
    void chat.write(written, {
      name: nameOf(),
      files: files.value,
      ...(replyTo === undefined ? {} : { replyTo }),
    });
    text.value = "";
    files.value = [];
    quoted.value = undefined;
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Escape" && quoted.value !== undefined) {
      event.stopPropagation();
      quoted.value = undefined;
    }
    // A composed character, as in Japanese, is accepted with Enter too.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: files can be dropped here; the button does the same
    <div
      class="composer"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        if (!off) attach([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <Chips chat={chat} quoted={quoted} files={files} />
      <textarea
        id="message"
        rows={Math.min(8, text.value.split("\n").length)}
        dir="auto"
        aria-label="Message"
        placeholder="Message"
        title="Enter sends, Shift+Enter begins a line"
        value={text.value}
        disabled={off}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
        }}
        onKeyDown={onKeyDown}
        onPaste={(event) => {
          const pasted = [...(event.clipboardData?.files ?? [])];
          if (pasted.length === 0) return;
          event.preventDefault();
          attach(pasted);
        }}
      />
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        onChange={({ currentTarget }) => {
          attach([...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
      <Button disabled={off} onPress={() => picker.current?.click()}>
        Attach
      </Button>
      <Button kind="main" disabled={off} onPress={send}>
        Send
      </Button>
    </div>
  );
}

function Chips({ chat, quoted, files }: ComposerProps & { readonly files: Signal<readonly File[]> }) {
  const message = quoted.value === undefined ? undefined : chat.messages.value.get(quoted.value);
  if (message === undefined && files.value.length === 0) return null;
  return (
    <div class="chips">
      {message === undefined ? null : (
        <Button
          size="small"
          label="Remove the quote"
          onPress={() => {
            quoted.value = undefined;
          }}
        >
          Quote: {beginningOf(message, 40)} ×
        </Button>
      )}
      {files.value.map((file) => (
        <Button
          key={`${file.name} ${file.lastModified} ${file.size}`}
          size="small"
          label={`Remove the file ${file.name}`}
          onPress={() => {
            files.value = files.value.filter((other) => other !== file);
          }}
        >
          {file.name} ({sizeOf(file.size)}) ×
        </Button>
      ))}
    </div>
  );
}
