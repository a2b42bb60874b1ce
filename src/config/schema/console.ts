// `console:` as JSON Schema: where the page in the browser is served, and what it may do.

import type { JsonSchema } from "../../contract.ts";

export const consoleSchema: JsonSchema = {
  "x-inert": false,
  description:
    "Where the console is served, a page in the browser that shows what the router does: an address, options, or false for no console. Default: 127.0.0.1:8787, else a free port, which is kept.",
  anyOf: [
    { type: "boolean" },
    { type: "string", minLength: 1 },
    {
      type: "object",
      additionalProperties: false,
      minProperties: 1,
      properties: {
        listen: {
          "x-inert": false,
          type: "string",
          minLength: 1,
          description:
            "The bind address of the console. An address beyond this machine needs origin, and consent.",
          examples: ["127.0.0.1:8787"],
        },
        origin: {
          "x-inert": false,
          type: "string",
          pattern: "^https?://[^\\s/?#@]+$",
          description:
            "The origin under which browsers reach the console through a reverse proxy with TLS, besides its own address. Needs consent.",
          examples: ["https://console.example.com"],
        },
        read_only: {
          "x-inert": true,
          type: "boolean",
          description:
            "Whether the console only shows: nothing can be sent, replayed, answered or saved there. Default: false.",
        },
        metrics: {
          "x-inert": true,
          type: "boolean",
          description:
            "Whether /metrics is served to programs without a token, for Prometheus. Default: false.",
        },
      },
    },
  ],
  examples: ["127.0.0.1:8787", false],
};
