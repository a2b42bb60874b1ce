// One event: raw, admission step by step, what Claude saw, attempts, and what answered it.

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { EventDetail } from "../../protocol.ts";
import { liveResult } from "../answers.ts";
import { call } from "../api.ts";
import { onStream } from "../connection.ts";
import { setKeys } from "../keyboard.ts";
import { Chip, Progress } from "../parts/chip.tsx";
import { ScrollBox } from "../parts/scroll-box.tsx";
import { Loaded, Section, useAnswer, useTitle } from "../parts/section.tsx";
import { Block, CopyButton, countOf, Empty, Time } from "../parts/text.tsx";
import { go } from "../route.ts";
import { EventActions } from "./actions.tsx";
import { JsonTree } from "./json-tree.tsx";
import { Timeline } from "./timeline.tsx";
import { Trace } from "./trace.tsx";

export function EventPage({ id }: { readonly id: string }) {
  useTitle(`Event ${id}`);
  const live = useMemo(() => liveResult(() => call("event", { event_id: id }), []), [id]);
  const answer = useAnswer(live);
  useEffect(() => setKeys({ Escape: () => go("live") }), []);
  // While the page is open, the event may get further.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = onStream("batch", ({ changes }) => {
      if (timer !== undefined || !changes.some(({ event_id }) => event_id === id)) return;
      timer = setTimeout(() => {
        timer = undefined;
        void live.refresh();
      }, 300);
    });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [id, live]);
  return (
    <article class="page event-page">
      <a class="back" href="#live">
        <span aria-hidden="true">←</span> Live
      </a>
      <Loaded answer={answer} retry={live.refresh}>
        {(detail) => <Detail id={id} detail={detail} />}
      </Loaded>
    </article>
  );
}

function Detail({ id, detail }: { readonly id: string; readonly detail: EventDetail }) {
  const { event, why, shown, answers, deliveries } = detail;
  return (
    <>
      <Head id={id} detail={detail} />
      <EventActions id={id} isStored={event !== undefined} />
      <div class="event-columns">
        <div>
          <Section title="What Claude saw" count={shown.length}>
            {shown.length === 0 ? (
              <Empty
                title={deliveries.length === 0 ? "No channel took this event." : "Nothing was sent yet."}
              >
                <p>
                  {deliveries.length === 0
                    ? "The trace says what each channel asked for."
                    : "It is sent when a session listens and no rule holds it back."}
                </p>
              </Empty>
            ) : (
              shown.map((block) => (
                <figure key={`${block.channel} ${block.session}`} class="shown">
                  <figcaption>
                    <b>{block.channel}</b>
                    <span class="muted">
                      {block.session === undefined ? "not sent yet" : `to ${block.session}`} ·{" "}
                      {countOf(block.tokens, "token")}
                    </span>
                    <CopyButton text={block.block} what="the text" />
                  </figcaption>
                  <Block text={block.block} label={`What Claude saw on ${block.channel}`} class="claude" />
                </figure>
              ))
            )}
          </Section>
          <Section title="Trace">
            <Trace why={why} />
          </Section>
          {answers.length === 0 ? null : (
            <Section title="Answered by" count={answers.length}>
              <ul class="plain-list">
                {answers.map(({ time, session, tool, text }) => (
                  <li key={`${time} ${text}`} class="line">
                    <Time value={time} /> {tool === undefined ? null : <code>{tool}</code>} {text}{" "}
                    <span class="faint">{session}</span>
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </div>
        <div>
          <Section title="Timeline">
            <Timeline steps={why.steps} />
          </Section>
          <Raw event={event} />
        </div>
      </div>
    </>
  );
}

function Head({ id, detail }: { readonly id: string; readonly detail: EventDetail }) {
  const { event, why, deliveries } = detail;
  return (
    <header class="page-head">
      <div>
        <h1>
          {why.source ?? event?.source ?? "digest"}
          <Chip text={why.outcome} />
        </h1>
        <p class="muted event-facts">
          {why.steps[0] === undefined ? null : <Time value={why.steps[0].time} />}
          {event === undefined ? null : <span>{event.connector}</span>}
          {event === undefined ? null : <span>trust: {event.trust}</span>}
          {event?.sender === undefined ? null : <span>from {event.sender.name ?? event.sender.id}</span>}
          <span class="event-id">
            <code>{id}</code> <CopyButton text={id} what="the id" />
          </span>
        </p>
      </div>
      {deliveries.length === 0 ? null : (
        <ul class="deliveries" aria-label="Deliveries">
          {deliveries.map(({ channel, state, mark, tokens, attempts }) => (
            <li key={channel}>
              <b>{channel}</b>
              <Progress state={(mark !== undefined && mark !== "accepted" ? mark : state) as "sent"} />
              <span class="faint">
                {countOf(tokens, "token")}
                {attempts > 1 ? `, ${attempts} attempts` : ""}
              </span>
            </li>
          ))}
        </ul>
      )}
    </header>
  );
}

function Raw({ event }: { readonly event: EventDetail["event"] }) {
  const isText = useSignal(false);
  const text = useComputed(() => (isText.value ? "Show tree" : "Show text"));
  if (event === undefined)
    return (
      <Section title="Raw">
        <Empty title="The payload was not stored.">
          <p>Events that no channel takes are forgotten with their payload.</p>
        </Empty>
      </Section>
    );
  const { data, text: original, ...rest } = event;
  return (
    <Section
      title="Raw"
      actions={
        <>
          <button
            type="button"
            class="button quiet small"
            onClick={() => {
              isText.value = !isText.value;
            }}
          >
            {text}
          </button>
          <CopyButton text={JSON.stringify(data, undefined, 2)} what="the payload" label="Copy JSON" />
        </>
      }
    >
      {isText.value ? (
        <Block text={original} label="Payload as it arrived" />
      ) : (
        <ScrollBox class="block json" label="Payload">
          <JsonTree value={data} open={2} />
        </ScrollBox>
      )}
      <details class="facts">
        <summary>Headers and facts</summary>
        <ScrollBox class="block json" label="Headers and facts">
          <JsonTree value={JSON.parse(JSON.stringify(rest))} open={2} />
        </ScrollBox>
      </details>
    </Section>
  );
}
