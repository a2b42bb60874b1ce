// How many files all tail sources together hold open now. A file that is closed between two reads costs an open for each read; one that
// is held open can be read to its end after it was renamed or removed. Descriptors are kept for requests.

import { mostHeldFiles } from "../../files/descriptors.ts";

let held = 0;

/** To be called for each file that is opened; the result is called when it is closed. */
export function holdFile(): () => void {
  held += 1;
  let isHeld = true;
  return () => {
    if (isHeld) held -= 1;
    isHeld = false;
  };
}

/** How many have to be closed. */
export function heldTooMany(): number {
  return Math.max(0, held - mostHeldFiles());
}
