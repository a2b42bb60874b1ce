// What Try works on: the text in the editor, the event that is tried, and what the router says of the two. The text outlives the page, so that
// a look at another page loses nothing.

import { computed, signal } from "@preact/signals";
import type { ConfigAnswer, TriedEvent, TryAnswer } from "../../protocol.ts";
import { call } from "../api.ts";
import { type Fault, faultOf } from "../keys/fault.ts";

export const config = signal<ConfigAnswer | undefined>(undefined);
export const text = signal("");
export const tried = signal<TriedEvent | undefined>(undefined);
export const answer = signal<TryAnswer | undefined>(undefined);
export const fault = signal<Fault | undefined>(undefined);
export const isTrying = signal(false);
export const isEdited = computed(() => config.value !== undefined && text.value !== config.value.text);

/** Time without a key before the text is tried. */
const restMs = 300;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Of the last question: what comes back for an earlier one is out of date. */
let asked = 0;

/** An edit that was not written stays in the editor. */
export async function loadConfig(again = false): Promise<void> {
  const loaded = await call("config", {});
  const keeps = !again && isEdited.peek();
  config.value = keeps ? { ...loaded, sha256: (config.peek() ?? loaded).sha256 } : loaded;
  if (!keeps) text.value = loaded.text;
}

export function edit(next: string): void {
  text.value = next;
  tryLater();
}

export function choose(event: TriedEvent | undefined): void {
  tried.value = event;
  void tryNow();
}

export function tryLater(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void tryNow(), restMs);
}

export async function tryNow(): Promise<void> {
  clearTimeout(timer);
  const event = tried.peek();
  if (config.peek() === undefined) return;
  const mine = ++asked;
  isTrying.value = true;
  try {
    // Without an event there are still problems to show.
    const found = await call("try", { text: text.peek(), event: event ?? { source: "", data: "" } });
    if (mine !== asked) return;
    answer.value = found;
    fault.value = undefined;
  } catch (error) {
    if (mine !== asked) return;
    fault.value = event === undefined ? undefined : faultOf(error);
    answer.value = { issues: [], channels: [] };
  } finally {
    if (mine === asked) isTrying.value = false;
  }
}

/** The payloads that tests of the text name. */
export function fixturesIn(written: string): string[] {
  return [
    ...new Set([...written.matchAll(/\bfile:\s*["']?([\w./-]+\.\w+)/g)].map(([, path]) => path as string)),
  ];
}
