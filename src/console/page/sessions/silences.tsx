// Silences: channels that the user muted for a while, begun and ended here.

import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import type { StatusReport } from "../../protocol.ts";
import { announce } from "../announce.ts";
import { call } from "../api.ts";
import { ChangeButton } from "../parts/button.tsx";
import { Section } from "../parts/section.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { status } from "../questions.ts";

const minuteMs = 60_000;
const lengths: readonly (readonly [string, number])[] = [
  ["15 minutes", 15 * minuteMs],
  ["1 hour", 60 * minuteMs],
  ["8 hours", 480 * minuteMs],
  ["1 day", 1_440 * minuteMs],
];

export function SilenceSection({ report }: { readonly report: StatusReport }) {
  const { silences, channels } = report;
  return (
    <Section title="Silences" count={silences.length}>
      {silences.length === 0 ? (
        <Empty title="No channel is silenced.">
          <p>A silenced channel drops its events until the silence ends.</p>
        </Empty>
      ) : (
        <ul class="plain-list">
          {silences.map(({ channel, until, reason }) => (
            <li key={channel} class="line spread">
              <span>
                <b>{channel}</b>
                <span class="muted">
                  {until === undefined ? " until it is ended" : " until "}
                  {until === undefined ? null : <Time value={until} />}
                  {reason === undefined ? "" : ` · ${reason}`}
                </span>
              </span>
              <ChangeButton
                size="small"
                label={`End the silence of ${channel}`}
                onPress={() => silence(channel, 0)}
              >
                End
              </ChangeButton>
            </li>
          ))}
        </ul>
      )}
      {channels.length === 0 ? null : <NewSilence channels={channels.map(({ name }) => name)} />}
    </Section>
  );
}

function NewSilence({ channels }: { readonly channels: readonly string[] }) {
  const id = useId();
  const channel = useSignal(channels[0] as string);
  const length = useSignal(String(lengths[1]?.[1]));
  const reason = useSignal("");
  return (
    <form class="toolbar" onSubmit={(event) => event.preventDefault()}>
      <label class="unseen" for={`${id}-channel`}>
        Channel to silence
      </label>
      <select
        id={`${id}-channel`}
        value={channel.value}
        onChange={({ currentTarget }) => {
          channel.value = currentTarget.value;
        }}
      >
        {channels.map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
      <label class="unseen" for={`${id}-length`}>
        For how long
      </label>
      <select
        id={`${id}-length`}
        value={length.value}
        onChange={({ currentTarget }) => {
          length.value = currentTarget.value;
        }}
      >
        {lengths.map(([text, ms]) => (
          <option key={ms} value={ms}>
            {text}
          </option>
        ))}
      </select>
      <label class="unseen" for={`${id}-reason`}>
        Reason
      </label>
      <input
        id={`${id}-reason`}
        placeholder="Reason (optional)"
        autocomplete="off"
        maxLength={200}
        value={reason.value}
        onInput={({ currentTarget }) => {
          reason.value = currentTarget.value;
        }}
      />
      <ChangeButton
        onPress={async () => {
          await silence(channel.value, Number(length.value), reason.value.trim());
          reason.value = "";
        }}
      >
        Silence
      </ChangeButton>
    </form>
  );
}

async function silence(channel: string, ms: number, reason = ""): Promise<void> {
  const { until } = await call("silence", { channel, for_ms: ms, ...(reason === "" ? {} : { reason }) });
  announce(until === undefined ? `${channel} is no longer silenced.` : `${channel} is silenced.`);
  await status.refresh();
}
