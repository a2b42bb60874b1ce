// Compares the secret of a request in a time that reveals neither its content nor its length.

import { createHash, timingSafeEqual } from "node:crypto";

export function isSameSecret(given: string | undefined, secret: string): boolean {
  return given !== undefined && timingSafeEqual(sha256(given), sha256(secret));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
