import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: "forks",
    // Much of the suite waits for processes and disks; by default two cores would get one worker.
    maxWorkers: 3,
    globalSetup: ["test/support/build.ts"],
  },
});
