// What a screen reader says, politely, and the short message that everybody sees.

import { signal } from "@preact/signals";

export interface Message {
  readonly text: string;
  readonly kind: "done" | "failed";
}

export const message = signal<Message | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

export function announce(text: string, kind: Message["kind"] = "done"): void {
  message.value = { text, kind };
  clearTimeout(timer);
  timer = setTimeout(dismiss, kind === "done" ? 5_000 : 12_000);
}

export function dismiss(): void {
  message.value = undefined;
}
