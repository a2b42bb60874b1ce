// The registry: every type of source, in alphabetical order, loaded only when a config uses it. The folder's name is the
// `type:` in the YAML.

import type { SourceTypeEntry } from "../contract.ts";

export const connectors: readonly SourceTypeEntry[] = [
  {
    type: "http",
    summary: "Receives HTTP requests, checks who sent them, and makes each one an event.",
    load: async () => (await import("./http/index.ts")).http,
  },
];
