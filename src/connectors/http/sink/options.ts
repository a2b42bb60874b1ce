// The options of an http sink as they are written in YAML. What a schema cannot say (which URL is safe) is in check.ts.

import type { OptionsOf } from "../../../contract/options.ts";
import type { JsonSchema } from "../../../contract.ts";

const roots = ["input", "event", "time"];

export const httpSinkOptions = {
  type: "object",
  additionalProperties: false,
  required: ["request"],
  properties: {
    request: {
      description: "The request that a call makes.",
      type: "object",
      additionalProperties: false,
      required: ["url"],
      properties: {
        method: {
          "x-inert": false,
          description: "The HTTP method.",
          type: "string",
          enum: ["GET", "POST", "PUT", "PATCH", "DELETE"],
          default: "POST",
        },
        url: {
          "x-inert": false,
          description:
            "The URL as a template. Scheme and host are literal; values are percent-encoded and cannot break out of their position.",
          type: "string",
          minLength: 1,
          "x-template": { only: roots, encode: "url" },
          "x-secret": "variables",
          examples: ["https://api.example.com/items/{{input.id}}"],
        },
        headers: {
          description: "Headers by name, each a template.",
          type: "object",
          additionalProperties: { type: "string", "x-credential": true, "x-template": { only: roots } },
          "x-secret": "variables",
        },
        json: {
          "x-inert": false,
          description:
            "The body as JSON: any value, whose texts are templates. A text that is only {{path}} keeps the type of the value; a key whose {{path}} does not exist is omitted.",
          "x-template": { only: roots },
          "x-deep": true,
          "x-secret": "variables",
        },
        form: {
          "x-inert": false,
          description: "The body as a form: fields by name, each a template.",
          type: "object",
          additionalProperties: { type: "string", "x-template": { only: roots } },
          "x-secret": "variables",
        },
        body: {
          "x-inert": false,
          description: "The body as text: a template.",
          type: "string",
          "x-template": { only: roots },
          "x-secret": "variables",
        },
      },
    },
    idempotency_key: {
      "x-inert": false,
      description:
        "A header for an id of the call, the same for every attempt. With it a failed POST or PATCH is retried, as GET, PUT and DELETE always are. Default: none.",
      type: "string",
      pattern: "^[A-Za-z0-9-]+$",
      examples: ["Idempotency-Key"],
    },
    timeout: {
      "x-inert": true,
      description:
        "The time limit of one attempt until the response begins, and again until it ends. At most 10m.",
      type: "string",
      format: "duration",
      default: "30s",
    },
    max_answer: {
      "x-inert": true,
      description: "How much of a response is read; the rest is dropped.",
      type: "string",
      format: "size",
      default: "1MiB",
    },
  },
} as const satisfies JsonSchema;

export type HttpSinkOptions = OptionsOf<typeof httpSinkOptions>;
