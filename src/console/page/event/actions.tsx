// What can be done with an event: send it again, or make a test, a channel or a recipe of it.

import { useSignal } from "@preact/signals";
import type { ProposedChannel } from "../../protocol.ts";
import { announce } from "../announce.ts";
import { call } from "../api.ts";
import { Button, ChangeButton } from "../parts/button.tsx";
import { Block, CopyButton, countOf } from "../parts/text.tsx";
import { go, hrefOf } from "../route.ts";

interface MadeText {
  readonly title: string;
  readonly yaml: string;
  readonly reasons?: readonly string[];
  readonly fixtures?: Readonly<Record<string, unknown>>;
}

export function EventActions({ id, isStored }: { readonly id: string; readonly isStored: boolean }) {
  const made = useSignal<MadeText | undefined>(undefined);
  const show = (text: MadeText) => {
    made.value = text;
    requestAnimationFrame(() => document.getElementById("made")?.focus());
  };
  return (
    <>
      <div class="toolbar">
        <ChangeButton
          kind="main"
          disabled={!isStored}
          confirm="Admit this event again, as a new one? It goes to the sessions that listen."
          yes="Replay now"
          onPress={() => replay(id)}
        >
          Replay
        </ChangeButton>
        <Button
          disabled={!isStored}
          onPress={async () => show({ title: "Test", ...(await call("make_test", { event_id: id })) })}
        >
          Make a test
        </Button>
        <Button
          disabled={!isStored}
          onPress={async () => show(channelText(await call("propose_channel", { event_id: id })))}
        >
          Make a channel
        </Button>
        <Button
          disabled={!isStored}
          onPress={async () => show({ title: "Recipe", ...(await call("make_recipe", { event_ids: [id] })) })}
        >
          Make a recipe
        </Button>
        <a class="button plain normal" href={hrefOf("try", id)}>
          Open in Try
        </a>
      </div>
      {made.value === undefined ? null : <Made text={made.value} onClose={() => (made.value = undefined)} />}
    </>
  );
}

function channelText({ yaml, reasons, tokens }: ProposedChannel): MadeText {
  return { title: "Channel", yaml, reasons: [...reasons, `About ${countOf(tokens, "token")} an event.`] };
}

async function replay(id: string): Promise<void> {
  const answer = await call("replay", { event_id: id });
  if (!("event_id" in answer)) return;
  announce(`Replayed as ${answer.event_id}: ${answer.outcome}.`);
  go("event", answer.event_id);
}

function Made({ text, onClose }: { readonly text: MadeText; readonly onClose: () => void }) {
  const { title, yaml, reasons = [], fixtures = {} } = text;
  return (
    <section id="made" class="made" tabIndex={-1} aria-label={`${title} made of this event`}>
      <header class="section-head">
        <h2>{title} made of this event</h2>
        <div class="actions">
          <CopyButton text={yaml} what={`the ${title.toLowerCase()}`} />
          <Button size="small" kind="quiet" onPress={onClose}>
            Close
          </Button>
        </div>
      </header>
      <Block text={yaml} label={`${title}, YAML`} />
      {reasons.length === 0 ? null : (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {Object.entries(fixtures).map(([name, fixture]) => (
        <details key={name}>
          <summary>
            <code>{name}</code>
          </summary>
          <Block text={JSON.stringify(fixture, undefined, 2)} label={name} />
        </details>
      ))}
      <p class="muted">Nothing is written: paste it into the config, or open the event in Try.</p>
    </section>
  );
}
