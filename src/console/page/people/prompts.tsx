// Questions that wait for the user. One can be allowed only when all of it has been on the screen.

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { PromptAnswer } from "../../protocol.ts";
import { announce } from "../announce.ts";
import { call } from "../api.ts";
import { ChangeButton } from "../parts/button.tsx";
import { Chip } from "../parts/chip.tsx";
import { ScrollBox } from "../parts/scroll-box.tsx";
import { Loaded, Section, useAnswer } from "../parts/section.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { prompts } from "../questions.ts";

const titles: Readonly<Record<PromptAnswer["kind"], string>> = {
  permission: "Permission",
  consent: "Consent",
  pairing: "Pairing",
  access: "Access",
  file: "File",
  other: "Question",
};

export function PromptSection() {
  const answer = useAnswer(prompts);
  return (
    <Section title="Waiting for you" count={answer.data?.prompts.length}>
      <Loaded answer={answer} retry={prompts.refresh}>
        {({ prompts: all }) =>
          all.length === 0 ? (
            <Empty title="Nothing waits for your answer.">
              <p>Permission prompts of Claude, files that would leave and requests for access appear here.</p>
            </Empty>
          ) : (
            <ul class="cards">
              {all.map((prompt) => (
                <li key={`${prompt.id} ${prompt.shown}`}>
                  <Prompt prompt={prompt} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function Prompt({ prompt }: { readonly prompt: PromptAnswer }) {
  const { id, kind, text, since, session, answerable, partial } = prompt;
  const isRead = useSignal(false);
  const box = useRef<HTMLElement>(null);
  const check = () => {
    const element = box.current;
    if (element !== null && element.scrollTop + element.clientHeight >= element.scrollHeight - 4)
      isRead.value = true;
  };
  useLayoutEffect(check, [text]);
  const respond = async (allow: boolean) => {
    const { state } = await call("answer_prompt", { id, allow, shown: prompt.shown });
    announce(state === "gone" ? "It was answered elsewhere or is over." : allow ? "Allowed." : "Denied.");
    await prompts.refresh();
  };
  return (
    <article class="card prompt" aria-label={`${titles[kind]} prompt`}>
      <header class="card-head">
        <Chip text={titles[kind]} tone="warn" />
        <span class="muted">
          <Time value={since} /> {session === undefined ? "" : `· ${session}`}
        </span>
      </header>
      <ScrollBox boxRef={box} class="block prompt-text" label="The whole question" onScroll={check}>
        <pre>{text}</pre>
      </ScrollBox>
      {answerable ? (
        <div class="toolbar">
          <ChangeButton
            kind="main"
            disabled={!isRead.value || partial === true}
            onPress={() => respond(true)}
          >
            Allow
          </ChangeButton>
          <ChangeButton kind="danger" onPress={() => respond(false)}>
            Deny
          </ChangeButton>
          <span class="muted" aria-live="polite">
            {partial === true
              ? "It can be allowed in the session only."
              : isRead.value
                ? ""
                : "Read to the end to allow it."}
          </span>
        </div>
      ) : (
        <p class="muted">It is answered in the session's terminal.</p>
      )}
    </article>
  );
}
