// The colour of a source's state.

import type { Tone } from "../parts/chip.tsx";

const tones: Readonly<Record<string, Tone>> = {
  running: "good",
  starting: "warn",
  waiting: "warn",
  failed: "bad",
  stopped: "idle",
};

export function toneOfSource(state: string | undefined): Tone {
  return tones[state ?? ""] ?? "idle";
}
