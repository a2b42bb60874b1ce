// The width of the screen, where the layout needs it.

import { signal } from "@preact/signals";

const narrow = matchMedia("(max-width: 720px)");

export const isNarrow = signal(narrow.matches);
narrow.addEventListener("change", ({ matches }) => {
  isNarrow.value = matches;
});
