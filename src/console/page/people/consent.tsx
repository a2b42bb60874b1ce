// What the config asks for and the user has not agreed to. What is agreed to is exactly what is on the screen: its ids go back.

import { useSignal } from "@preact/signals";
import type { ConsentAnswer, ConsentPower } from "../../protocol.ts";
import { announce } from "../announce.ts";
import { call } from "../api.ts";
import { ChangeButton } from "../parts/button.tsx";
import { Chip, type ChipKind } from "../parts/chip.tsx";
import { Loaded, Section, useAnswer } from "../parts/section.tsx";
import { Block, countOf, Empty } from "../parts/text.tsx";
import { consent } from "../questions.ts";

const tones: Readonly<Record<ConsentPower["state"], ChipKind>> = {
  waiting: "warn",
  declined: "bad",
  trusted: "good",
};

export function ConsentSection() {
  const answer = useAnswer(consent);
  const open = answer.data?.powers.filter(({ state }) => state !== "trusted");
  return (
    <Section title="Consent" count={open?.length}>
      <Loaded answer={answer} retry={consent.refresh}>
        {(data) => (
          // Another question is another form: no choice of the earlier one is left in it.
          <Powers key={data.powers.map(({ id, state }) => id + state).join()} consent={data} />
        )}
      </Loaded>
    </Section>
  );
}

function Powers({ consent: { file, powers, contents } }: { readonly consent: ConsentAnswer }) {
  const open = powers.filter(({ state }) => state !== "trusted");
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  if (open.length === 0 && contents.length === 0)
    return (
      <Empty title="Nothing waits for consent.">
        <p>Powers that the config asks for, such as hosts, programs and files, appear here.</p>
      </Empty>
    );
  const toggle = (id: string) => {
    const next = new Set(chosen.value);
    if (!next.delete(id)) next.add(id);
    chosen.value = next;
  };
  const respond = async (allow: boolean) => {
    await call("agree", { ids: [...chosen.value], allow });
    announce(allow ? "Agreed." : "Declined.");
    await consent.refresh();
  };
  return (
    <div class="card">
      {file === undefined ? null : (
        <p class="muted">
          Asked by <code>{file}</code>
        </p>
      )}
      {contents.length === 0 ? null : <Block text={contents.join("\n")} label="What the file contains" />}
      <ul class="powers">
        {open.map(({ id, kind, component, text, state }) => (
          <li key={id}>
            <label class="power">
              <input type="checkbox" checked={chosen.value.has(id)} onChange={() => toggle(id)} />
              <span class="power-text">
                <span class="power-head">
                  <b>{kind}</b> <code>{component}</code>{" "}
                  {state === "waiting" ? null : <Chip text={state} tone={tones[state]} />}
                </span>
                <span class="power-value">{text}</span>
              </span>
            </label>
          </li>
        ))}
      </ul>
      <div class="toolbar">
        <ChangeButton
          disabled={chosen.value.size === open.length}
          onPress={() => {
            chosen.value = new Set(open.map(({ id }) => id));
          }}
        >
          Select all
        </ChangeButton>
        <ChangeButton
          kind="main"
          disabled={chosen.value.size === 0}
          confirm={`Agree to ${countOf(chosen.value.size, "power")}?`}
          yes="Agree"
          onPress={() => respond(true)}
        >
          Agree to selected
        </ChangeButton>
        <ChangeButton kind="danger" disabled={chosen.value.size === 0} onPress={() => respond(false)}>
          Decline
        </ChangeButton>
      </div>
    </div>
  );
}
