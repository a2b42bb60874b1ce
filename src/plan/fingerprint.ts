// A short text that is equal for equal values. Of values that contain secrets it reveals only whether they
// changed.

import { createHash } from "node:crypto";

/** The order of keys counts: that of `vars` and `meta` is significant. */
export function fingerprint(values: unknown): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("base64url").slice(0, 22);
}
