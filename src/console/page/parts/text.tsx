// Small parts that show values: times, sizes, copied texts, blocks of text.

import type { ComponentChildren } from "preact";
import { announce } from "../announce.ts";
import { Button } from "./button.tsx";
import { ScrollBox } from "./scroll-box.tsx";

export function Time({ value }: { readonly value: string | number }) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) return <span>{String(value)}</span>;
  const isToday = date.toDateString() === new Date().toDateString();
  const time = clockOf(date.getTime());
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {isToday ? time : `${date.toLocaleDateString(undefined, { month: "short", day: "numeric" })} ${time}`}
    </time>
  );
}

const two = (value: number) => String(value).padStart(2, "0");

/** `14:03:09`, in the time zone of the browser. */
export function clockOf(timeMs: number): string {
  const date = new Date(timeMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `1,234`. */
export function numberOf(value: number): string {
  return value.toLocaleString("en-US");
}

export function countOf(count: number, noun: string): string {
  return `${numberOf(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `3 min`, `2 h`, `5 d`. */
export function durationOf(ms: number): string {
  if (ms < 60_000) return `${Math.max(0, Math.round(ms / 1_000))} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied ${what}.`);
  } catch {
    announce("The browser does not let this page copy: select the text and copy it.", "failed");
  }
}

interface CopyProps {
  readonly text: string;
  readonly what: string;
  readonly label?: string;
}

export function CopyButton({ text, what, label = "Copy" }: CopyProps) {
  return (
    <Button
      size="small"
      label={label === "Copy" ? `Copy ${what}` : undefined}
      onPress={() => copyText(text, what)}
    >
      {label}
    </Button>
  );
}

/** A command to type at a terminal. */
export function Command({ text }: { readonly text: string }) {
  return (
    <span class="command">
      <code>{text}</code>
      <CopyButton text={text} what="the command" />
    </span>
  );
}

interface BlockProps {
  readonly text: string;
  /** What it is, for screen readers: the block scrolls, so the keyboard has to reach it. */
  readonly label: string;
  readonly class?: string;
}

/** Text as it is, in a box that scrolls. */
export function Block({ text, label, class: name = "" }: BlockProps) {
  return (
    <ScrollBox class={`block ${name}`} label={label}>
      <pre>{text}</pre>
    </ScrollBox>
  );
}

/** A unified diff: the first character of a line says what it is, so colour is not needed to read it. */
export function Diff({ text, label }: { readonly text: string; readonly label: string }) {
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <ScrollBox class="block diff" label={label}>
      <pre>
        {lines.map((line, index) => (
          <span key={index} class={kindOfLine(line)}>{`${line}\n`}</span>
        ))}
      </pre>
    </ScrollBox>
  );
}

function kindOfLine(line: string): string {
  if (/^(?:\+\+\+|---|@@)/.test(line)) return "place";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : "";
}

interface EmptyProps {
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** A list without rows: what would be here, and what to do for it. */
export function Empty({ title, children }: EmptyProps) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}
