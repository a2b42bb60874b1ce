// States, as a coloured dot or a bar with its name: colour is never the only sign.

import type { LiveState } from "../../protocol.ts";

export type ChipKind = "good" | "warn" | "bad" | "idle" | "accent";

const tones: Readonly<Record<string, ChipKind>> = {
  accepted: "idle",
  held: "warn",
  sent: "accent",
  shown: "accent",
  read: "good",
  acked: "good",
  dropped: "idle",
  duplicate: "idle",
  unmatched: "idle",
  superseded: "idle",
  folded: "idle",
  silenced: "idle",
  expired: "warn",
  dead: "bad",
  digest: "accent",
};

export function toneOf(state: string): ChipKind {
  return tones[state] ?? "idle";
}

export function Chip({ text, tone }: { readonly text: string; readonly tone?: ChipKind }) {
  return (
    <span class={`chip ${tone ?? toneOf(text)}`}>
      <span class="dot" aria-hidden="true" />
      {text}
    </span>
  );
}

const steps = ["sent", "shown", "read", "acked"];

/** How far a delivery got, as four bars and its name. */
export function Progress({ state }: { readonly state: LiveState | "duplicate" | "unmatched" }) {
  const reached = steps.indexOf(state) + 1;
  return (
    <span class={`chip ${toneOf(state)}`}>
      <span class={`bars reached-${reached}`} aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </span>
      {state}
    </span>
  );
}
