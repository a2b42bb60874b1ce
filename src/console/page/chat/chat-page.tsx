// Chat: talks to Claude through a webchat source of the config. Loaded when it is opened.

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { ChangeButton } from "../parts/button.tsx";
import { Loaded, useAnswer } from "../parts/section.tsx";
import { Block, Empty } from "../parts/text.tsx";
import { status } from "../questions.ts";
import { go } from "../route.ts";
import { ChatRoom } from "./chat-room.ts";
import { Composer } from "./composer.tsx";
import { Message } from "./message.tsx";
import { Rooms } from "./rooms.tsx";

const example = `sources:
  chat:
    type: webchat
channels:
  chat:
    from: chat`;

/** `id`: the name of a webchat source; without one, the first is shown. */
export function ChatPage({ id }: { readonly id?: string | undefined }) {
  const answer = useAnswer(status);
  return (
    <div class="page chat">
      <h1 class="unseen">Chat</h1>
      <Loaded answer={answer} retry={status.refresh}>
        {({ sources }) => {
          const chats = sources.filter(({ type }) => type === "webchat").map(({ name }) => name);
          const shown = chats.find((name) => name === id) ?? chats[0];
          if (shown === undefined)
            return (
              <Empty title="This config has no web chat.">
                <p>Add a webchat source, and it appears here:</p>
                <Block text={example} label="A config with a web chat" />
              </Empty>
            );
          return (
            <>
              {chats.length === 1 ? null : <Chats names={chats} shown={shown} />}
              <OpenChat key={shown} source={shown} />
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

function Chats({ names, shown }: { readonly names: readonly string[]; readonly shown: string }) {
  return (
    <label class="chats">
      Chat{" "}
      <select value={shown} onChange={({ currentTarget }) => go("chat", currentTarget.value)}>
        {names.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}

function OpenChat({ source }: { readonly source: string }) {
  const chat = useMemo(() => new ChatRoom(source), [source]);
  const quoted = useSignal<string | undefined>(undefined);
  useEffect(() => () => chat.close(), [chat]);
  useEffect(() => {
    const onVisible = () => document.visibilityState === "visible" && chat.markRead();
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, [chat]);
  useSignalEffect(() => {
    const count = [...chat.unread.value.values()].reduce((sum, one) => sum + one, 0);
    document.title = `${count === 0 ? "" : `(${count}) `}Chat · channel-router`;
  });
  return (
    <>
      <Rooms chat={chat} />
      <Notice chat={chat} />
      <Log
        chat={chat}
        onQuote={(id) => {
          quoted.value = id;
          document.getElementById("message")?.focus();
        }}
      />
      <p class="typing muted" role="status">
        {chat.typingIn.value === chat.room.value ? "Claude is writing…" : ""}
      </p>
      <Composer chat={chat} quoted={quoted} />
    </>
  );
}

/** What keeps messages from arriving. */
function Notice({ chat }: { readonly chat: ChatRoom }) {
  const state = chat.state.value;
  if (state === "turned_away" || (state === "lost" && chat.fault.value !== undefined))
    return (
      <p class="chat-notice warn" role="alert">
        {state === "lost" ? "No connection to the chat; it is tried again." : chat.fault.value?.message}
      </p>
    );
  if (state !== "open") return null;
  if (chat.isAdmitted.value === false)
    return (
      <div class="chat-notice" role="alert">
        <p>This browser is not on the access list of {chat.source} yet.</p>
        <ChangeButton kind="main" onPress={() => chat.admit()}>
          Write here from this browser
        </ChangeButton>
      </div>
    );
  if (chat.sessions.value === 0)
    return (
      <p class="chat-notice" role="status">
        No Claude session is open. What you write waits for the next one.
      </p>
    );
  return null;
}

function Log({ chat, onQuote }: { readonly chat: ChatRoom; onQuote(id: string): void }) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useSignal(true);
  const shown = chat.shown.value;
  const last = shown.at(-1);
  const toEnd = () => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  };
  useEffect(() => {
    if (isAtEnd.peek() || last?.sending === true) toEnd();
  }, [shown, chat.room.value]);
  return (
    <div class="chat-log-frame">
      <div
        ref={box}
        class="chat-log"
        role="log"
        aria-label="Messages"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          isAtEnd.value = scrollHeight - scrollTop - clientHeight < 40;
        }}
      >
        {shown.length === 0 && chat.state.value === "open" ? (
          <Empty title="No messages here yet.">
            <p>Write to Claude below.</p>
          </Empty>
        ) : (
          shown.map((message) => (
            <Message key={message.id} chat={chat} message={message} onQuote={() => onQuote(message.id)} />
          ))
        )}
      </div>
      {isAtEnd.value ? null : (
        <button type="button" class="button small latest" onClick={toEnd}>
          Latest messages ↓
        </button>
      )}
    </div>
  );
}
