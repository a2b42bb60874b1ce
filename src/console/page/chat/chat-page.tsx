// Chat: where the web chats of this config are. Loaded when it is opened.

import { Loaded, Section, useAnswer, useTitle } from "../parts/section.tsx";
import { Block, Empty } from "../parts/text.tsx";
import { status } from "../questions.ts";

const example = `sources:
  chat:
    type: webchat
channels:
  chat:
    from: chat`;

export function ChatPage() {
  useTitle("Chat");
  const answer = useAnswer(status);
  return (
    <div class="page">
      <h1 class="unseen">Chat</h1>
      <Section title="Web chats">
        <Loaded answer={answer} retry={status.refresh}>
          {({ sources }) => {
            const chats = sources.filter(({ type, address }) => type === "webchat" && address !== undefined);
            if (chats.length === 0)
              return (
                <Empty title="This config has no web chat.">
                  <p>Add a webchat source, and its page appears here:</p>
                  <Block text={example} label="A config with a web chat" />
                </Empty>
              );
            return (
              <ul class="plain-list">
                {chats.map(({ name, address = "" }) => (
                  <li key={name} class="line">
                    <a href={linkOf(address)} target="_blank" rel="noreferrer noopener">
                      Open {name}
                    </a>{" "}
                    <code class="faint">{address}</code>
                  </li>
                ))}
              </ul>
            );
          }}
        </Loaded>
      </Section>
    </div>
  );
}

/** The address of a source as a link; nothing but http(s) becomes one. */
function linkOf(address: string): string {
  return /https?:\/\/\S+/.exec(address)?.[0] ?? "#chat";
}
