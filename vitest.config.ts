import { defineConfig } from "vitest/config";
import { viteValidators } from "./scripts/validators.mjs";

export default defineConfig({
  plugins: [viteValidators()],
  test: {
    include: ["test/**/*.test.ts"],
    // For a test that hangs. A busy machine may be ten times slower than a quiet one.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
    pool: "forks",
    // The files that a worker runs share what they import: to load it all anew for each of them costs more than most tests.
    // So a file leaves nothing behind, neither in the environment nor in what it replaced for a test.
    isolate: false,
    // Half of the suite's time is spent waiting for processes, polls and disks; by default two cores would get one worker.
    maxWorkers: 5,
    globalSetup: ["test/support/build.ts"],
    setupFiles: ["test/support/fuzz.ts"],
  },
});
