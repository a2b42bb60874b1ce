// A part of a page with a heading, and what it shows while its answer is loading or has failed.

import { useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId } from "preact/hooks";
import type { Answer, LiveAnswer } from "../answers.ts";
import { Button } from "./button.tsx";

interface SectionProps {
  readonly title: string;
  /** How many there are. */
  readonly count?: number | undefined;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
}

export function Section({ title, count, actions, children, class: name = "" }: SectionProps) {
  const id = useId();
  return (
    <section class={`section ${name}`} aria-labelledby={id}>
      <header class="section-head">
        <h2 id={id}>
          {title}
          {count === undefined ? null : <span class="count">{count}</span>}
        </h2>
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

/** Keeps an answer fresh while the component is shown. */
export function useAnswer<T>(live: LiveAnswer<T>): Answer<T> {
  useEffect(() => live.open(), [live]);
  return live.state.value;
}

interface LoadedProps<T> {
  readonly answer: Answer<T>;
  readonly retry?: () => void;
  readonly children: (data: T) => ComponentChildren;
}

/** A failure is shown above the data that is known from before. */
export function Loaded<T>({ answer, retry, children }: LoadedProps<T>) {
  const { data, fault } = answer;
  if (fault?.code === "limited" || fault?.code === "unknown_command")
    return <p class="muted">Not available in this program: {fault.message}</p>;
  return (
    <>
      {fault === undefined || fault.code === "offline" ? null : (
        <div class="fault" role="alert">
          <p>
            {fault.message}
            {fault.hint === undefined ? null : <span class="muted"> {fault.hint}</span>}
          </p>
          {retry === undefined ? null : (
            <Button size="small" onPress={retry}>
              Try again
            </Button>
          )}
        </div>
      )}
      {data !== undefined ? (
        children(data)
      ) : fault === undefined || fault.code === "offline" ? (
        <Loading />
      ) : null}
    </>
  );
}

function Loading() {
  return (
    <p class="loading muted" role="status">
      Loading…
    </p>
  );
}

/** The title of the document, for tabs and screen readers. */
export function useTitle(text: string): void {
  useSignalEffect(() => {
    document.title = `${text} · channel-router`;
  });
}
