// How many files all tail sources together keep open. A file that is closed between two reads costs an open
// for each read; an open one can be read to its end after it was renamed or removed. Some descriptors are
// reserved for requests.

import { mostHeldFiles } from "../../files/descriptors.ts";

let held = 0;

/** Must be called for each opened file; the result is called when it is closed. */
export function holdFile(): () => void {
  held += 1;
  let isHeld = true;
  return () => {
    if (isHeld) held -= 1;
    isHeld = false;
  };
}

/** How many must be closed. */
export function heldTooMany(): number {
  return Math.max(0, held - mostHeldFiles());
}
