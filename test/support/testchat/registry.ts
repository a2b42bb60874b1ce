// The real types and the test's own.

import { connectors as real } from "../../../src/connectors/index.ts";
import type { SourceTypeEntry } from "../../../src/contract.ts";

export { sinkTypes } from "../../../src/connectors/index.ts";

export const connectors: readonly SourceTypeEntry[] = [
  ...real,
  {
    type: "testchat",
    load: async () => (await import("./index.ts")).testchat as never,
  },
];
