// A short text that is equal for equal values. Of values that hold secrets it tells nothing but whether they changed.

import { createHash } from "node:crypto";

/** The order of keys counts: that of `vars` and `meta` means something. */
export function fingerprint(values: unknown): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("base64url").slice(0, 22);
}
