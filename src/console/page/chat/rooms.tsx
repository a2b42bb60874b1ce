// The rooms of a chat, each a conversation of its own, and a field that opens another one.

import { useSignal } from "@preact/signals";
import { Button } from "../parts/button.tsx";
import { type ChatRoom, nameOf, setName } from "./chat-room.ts";

export function Rooms({ chat }: { readonly chat: ChatRoom }) {
  const isOpening = useSignal(false);
  return (
    <nav class="rooms" aria-label="Rooms">
      {chat.rooms.value.map((room) => {
        const count = chat.unread.value.get(room);
        return (
          <Button key={room} size="small" pressed={room === chat.room.value} onPress={() => chat.show(room)}>
            {count === undefined ? room : `${room} (${count})`}
          </Button>
        );
      })}
      {isOpening.value ? (
        <Field
          label="Name of the room"
          hint="Lower-case letters, digits, - and _"
          initial=""
          pattern={/^[a-z0-9][a-z0-9_-]{0,39}$/}
          onDone={(name) => {
            isOpening.value = false;
            if (name !== undefined) chat.show(name);
          }}
        />
      ) : (
        <Button
          size="small"
          kind="quiet"
          onPress={() => {
            isOpening.value = true;
          }}
        >
          New room
        </Button>
      )}
      <OwnName />
    </nav>
  );
}

function OwnName() {
  const name = useSignal(nameOf());
  const isEditing = useSignal(false);
  if (!isEditing.value)
    return (
      <Button
        size="small"
        kind="quiet"
        onPress={() => {
          isEditing.value = true;
        }}
      >
        {name.value === "" ? "Your name" : `Your name: ${name.value}`}
      </Button>
    );
  return (
    <Field
      label="What Claude calls you"
      hint="Can be empty"
      initial={name.value}
      pattern={/^.{0,40}$/u}
      onDone={(wanted) => {
        isEditing.value = false;
        if (wanted === undefined) return;
        setName(wanted);
        name.value = nameOf();
      }}
    />
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint: string;
  readonly initial: string;
  readonly pattern: RegExp;
  /** Undefined: the user has changed their mind. */
  onDone(text: string | undefined): void;
}

function Field({ label, hint, initial, pattern, onDone }: FieldProps) {
  const text = useSignal(initial);
  const isWrong = useSignal(false);
  return (
    <form
      class="room-field"
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.value.trim();
        isWrong.value = !pattern.test(wanted);
        if (!isWrong.value) onDone(wanted);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onDone(undefined);
      }}
    >
      <input
        ref={(input) => input?.focus()}
        type="text"
        maxLength={40}
        aria-label={label}
        placeholder={label}
        aria-invalid={isWrong.value}
        value={text.value}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
        }}
      />
      <button type="submit" class="button small">
        OK
      </button>
      <span class={isWrong.value ? "error" : "muted"} role={isWrong.value ? "alert" : undefined}>
        {hint}
      </span>
    </form>
  );
}
