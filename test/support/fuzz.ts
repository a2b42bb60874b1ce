// Properties run for a time in place of a number of cases where `npm run fuzz` asks for it; a property's own `numRuns` stays.

const { FUZZ_MS, FUZZ_SEED } = process.env;

if (FUZZ_MS !== undefined) {
  const { default: fc } = await import("fast-check");
  fc.configureGlobal({
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: Number(FUZZ_MS),
    markInterruptAsFailure: false,
    seed: Number(FUZZ_SEED),
  });
}
