// The colour of a source's state.

import type { ChipKind } from "../parts/chip.tsx";

const tones: Readonly<Record<string, ChipKind>> = {
  running: "good",
  starting: "warn",
  waiting: "warn",
  failed: "bad",
  stopped: "idle",
};

export function toneOfSource(state: string | undefined): ChipKind {
  return tones[state ?? ""] ?? "idle";
}
