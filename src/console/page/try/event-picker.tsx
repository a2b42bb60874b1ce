// The event that is tried: a stored one, a payload of the config's tests, or one that is pasted.

import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import type { ConsoleAnswer, TriedEvent } from "../../protocol.ts";
import { call } from "../api.ts";
import { Button } from "../parts/button.tsx";
import { Section } from "../parts/section.tsx";
import { Block, clockOf } from "../parts/text.tsx";
import { answer, choose, config, fixturesIn, tried } from "./try-state.ts";

const listed = 50;

export function EventPicker() {
  const events = useSignal<ConsoleAnswer<"events">["events"]>([]);
  const isPasting = useSignal(false);
  const id = useId();
  useEffect(() => {
    call("events", { limit: listed }).then(
      (found) => {
        events.value = found.events.filter(({ outcome }) => outcome === "accepted").toReversed();
      },
      () => undefined,
    );
  }, []);
  const fixtures = fixturesIn(config.value?.text ?? "");
  const chosen = keyOf(tried.value);
  const known = events.value.some(({ event_id }) => chosen === `event ${event_id}`);
  const pick = (key: string) => {
    isPasting.value = key === "paste";
    const [kind, ...rest] = key.split(" ");
    const name = rest.join(" ");
    if (kind === "event") choose({ event_id: name });
    else if (kind === "fixture") choose({ fixture: name });
    else choose(undefined);
  };
  return (
    <Section title="Event">
      <div class="toolbar">
        <label for={id} class="unseen">
          Which event
        </label>
        <select
          id={id}
          value={isPasting.value ? "paste" : chosen}
          onChange={({ currentTarget }) => pick(currentTarget.value)}
        >
          <option value="">Choose an event…</option>
          <option value="paste">Paste a payload</option>
          {chosen.startsWith("event ") && !known ? (
            <option value={chosen}>{chosen.slice("event ".length)}</option>
          ) : null}
          <optgroup label="Stored events">
            {events.value.map(({ event_id, source, time, note }) => (
              <option key={event_id} value={`event ${event_id}`}>
                {`${clockOf(Date.parse(time))} ${source ?? ""} ${(note ?? "").slice(0, 60)}`}
              </option>
            ))}
          </optgroup>
          {fixtures.length === 0 ? null : (
            <optgroup label="Payloads of tests">
              {fixtures.map((path) => (
                <option key={path} value={`fixture ${path}`}>
                  {path}
                </option>
              ))}
            </optgroup>
          )}
        </select>
      </div>
      {isPasting.value ? <PastedEvent /> : null}
      {answer.value?.event === undefined || isPasting.value ? null : (
        <Block
          class="try-payload"
          text={JSON.stringify(answer.value.event.data, undefined, 2)}
          label="Payload"
        />
      )}
    </Section>
  );
}

function PastedEvent() {
  const source = useSignal(config.value?.sources[0] ?? "");
  const data = useSignal("{\n}");
  const headers = useSignal("");
  const id = useId();
  const sources = config.value?.sources ?? [];
  return (
    <form
      class="try-paste"
      onSubmit={(event) => {
        event.preventDefault();
        choose({ source: source.value, data: data.value, headers: headersOf(headers.value) });
      }}
    >
      <label for={`${id}-source`}>Source</label>
      <select
        id={`${id}-source`}
        value={source.value}
        onChange={({ currentTarget }) => (source.value = currentTarget.value)}
      >
        {sources.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <label for={`${id}-headers`}>Headers, one a line</label>
      <textarea
        id={`${id}-headers`}
        rows={2}
        placeholder="x-github-event: push"
        value={headers.value}
        onInput={({ currentTarget }) => (headers.value = currentTarget.value)}
      />
      <label for={`${id}-data`}>Payload</label>
      <textarea
        id={`${id}-data`}
        rows={10}
        value={data.value}
        onInput={({ currentTarget }) => (data.value = currentTarget.value)}
      />
      <div>
        <Button
          kind="main"
          onPress={() =>
            choose({ source: source.value, data: data.value, headers: headersOf(headers.value) })
          }
        >
          Try it
        </Button>
      </div>
    </form>
  );
}

function headersOf(written: string): Record<string, string> {
  return Object.fromEntries(
    written.split("\n").flatMap((line) => {
      const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line.trim()) ?? [];
      return name === undefined ? [] : [[name.toLowerCase(), value ?? ""]];
    }),
  );
}

function keyOf(event: TriedEvent | undefined): string {
  if (event === undefined) return "";
  if ("event_id" in event) return `event ${event.event_id}`;
  return "fixture" in event ? `fixture ${event.fixture}` : "paste";
}
