// How often a property is tried.

/** So often in the suite, and for as long as it lasts in `npm run fuzz`. */
export function runs(count: number): number {
  return process.env.FUZZ_MS === undefined ? count : Number.MAX_SAFE_INTEGER;
}
