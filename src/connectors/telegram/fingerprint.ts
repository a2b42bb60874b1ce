// Identifies a secret without revealing it.

import { createHash } from "node:crypto";

export function fingerprintOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex").slice(0, 12);
}
