// The real types and the test's own.

import { connectors as real } from "../../../src/connectors/index.ts";
import type { SourceTypeEntry } from "../../../src/contract.ts";

export { sinkTypes } from "../../../src/connectors/index.ts";

export const connectors: readonly SourceTypeEntry[] = [
  ...real,
  {
    type: "testchat",
    summary: "Talks to the emulator of a test.",
    load: async () => (await import("./index.ts")).testchat as never,
  },
];
