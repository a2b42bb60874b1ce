// The options of an http source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/http.md are generated from here. What a schema cannot say (which scheme needs what) is in check.ts.

import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";
import { hmacAlgorithms, jwtAlgorithms, publicKeyAlgorithms } from "./verify/algorithms.ts";
import { presetNames } from "./verify/preset-names.ts";

export const httpOptions = {
  type: "object",
  additionalProperties: false,
  required: ["path"],
  properties: {
    path: {
      "x-inert": true,
      description:
        "The path of the URL to post to, beginning with a slash. It may have :named parts and end in /*; their values are in params.",
      type: "string",
    },
    methods: {
      "x-inert": true,
      description: "The accepted HTTP methods; others are answered with 405.",
      type: "array",
      items: { type: "string", enum: ["GET", "POST", "PUT", "PATCH", "DELETE"] },
      minItems: 1,
      uniqueItems: true,
      default: ["POST"],
    },
    verify: {
      description:
        "How a request proves its sender. Without it the source works on loopback only, and its events carry trust=unverified.",
      type: "object",
      additionalProperties: false,
      required: ["scheme"],
      properties: {
        scheme: {
          "x-inert": true,
          description:
            "A preset named after the sender, or one of the generic schemes hmac, signature, jwt, bearer, basic, token and none.",
          type: "string",
          enum: [...presetNames, "hmac", "signature", "jwt", "bearer", "basic", "token", "none"],
        },
        secret: {
          "x-inert": true,
          description:
            "The secret shared with the sender; a list while you rotate it. For discord it is the application's public key.",
          type: ["string", "array"],
          items: { type: "string" },
          "x-secret": true,
        },
        secret_encoding: {
          "x-inert": true,
          description: "The encoding of the secret: text means the key itself (hmac, jwt). Default text.",
          type: "string",
          enum: ["text", "hex", "base64", "base64url"],
        },
        public_key: {
          "x-inert": true,
          description:
            "The sender's public key, for senders that sign with a private key: PEM, JWK, or base64 or hex as the sender shows it; a list while it is rotated.",
          type: ["string", "array"],
          items: { type: "string" },
        },
        jwks: {
          "x-inert": false,
          description: "The URL of the sender's JSON Web Key Set (jwt only), instead of public_key.",
          type: "string",
        },
        audience: {
          "x-inert": true,
          description:
            "The expected audience: the claim aud of a token (jwt, google_pubsub), the ARN of the topic (sns), the id of the webhook (paypal).",
          type: "string",
        },
        issuer: {
          "x-inert": true,
          description: "The required claim iss of a token (jwt only).",
          type: "string",
        },
        claims: {
          "x-inert": true,
          description: "Other required claims of a token and their values, such as email.",
          type: "object",
          additionalProperties: { type: "string" },
        },
        body_claim: {
          "x-inert": true,
          description:
            "The claim that holds the SHA-256 of the body in hex (jwt only). Without it the token does not cover the body.",
          type: "string",
        },
        verify_token: {
          "x-inert": true,
          description:
            "The text that the sender repeats in its first request, for presets whose sender asks for one (meta, whatsapp).",
          type: "string",
          "x-secret": true,
        },
        username: { "x-inert": true, description: "The user name for basic.", type: "string" },
        header: {
          "x-inert": true,
          description:
            "The header that holds the signature (hmac, signature) or the token (token, jwt; for jwt the default is authorization, after Bearer).",
          type: "string",
        },
        query: {
          "x-inert": true,
          description: "The query parameter that holds the token (token only, instead of header).",
          type: "string",
        },
        field: {
          "x-inert": true,
          description:
            "The location of the signature (hmac, signature) or the token (token) in the payload, instead of header: names and numbers separated by dots, * for every item of a list.",
          type: "string",
        },
        algorithm: {
          "x-inert": true,
          description:
            "The hash (hmac; default sha256), the signature algorithm (signature; default ed25519), or the algorithm that tokens must use (jwt; default HS256 with secret, RS256 with public_key).",
          type: "string",
          enum: [...hmacAlgorithms, ...publicKeyAlgorithms, ...jwtAlgorithms],
        },
        encoding: {
          "x-inert": true,
          description:
            "The encoding of the signature in its header (hmac, signature). Default hex for hmac, base64 for signature.",
          type: "string",
          enum: ["hex", "base64", "base64url"],
        },
        prefix: {
          "x-inert": true,
          description:
            "The text before the signature or the token in its header, such as sha256=. Default none.",
          type: "string",
        },
        key: {
          "x-inert": true,
          description:
            "The name of the signature in a header of the form t=...,v1=... (hmac only), such as v1. It may occur several times.",
          type: "string",
        },
        signed: {
          "x-inert": true,
          description:
            "The signed text (hmac, signature), composed of {body}, {timestamp}, {id}, {url}, {method}, {path}, {body_sha256}, {header:NAME} and {field:PATH}. Default {body}.",
          type: "string",
        },
        timestamp: {
          description: "The signed time of sending: requests that are too old are refused.",
          type: "object",
          additionalProperties: false,
          properties: {
            header: {
              "x-inert": true,
              description:
                "The header that holds the time, in seconds or milliseconds since 1970, as RFC 3339 or as a date of HTTP (hmac, signature).",
              type: "string",
            },
            field: {
              "x-inert": true,
              description: "The field of the payload that holds the time, instead of header.",
              type: "string",
            },
            key: {
              "x-inert": true,
              description:
                "The name of the time in the signature's own header, if that has the form t=...,v1=... (hmac only). Default t.",
              type: "string",
            },
            tolerance: {
              "x-inert": true,
              description:
                "The maximum difference between the time of sending and now, in either direction. Default 5m.",
              type: "string",
              format: "duration",
            },
          },
        },
        delivery_id: {
          "x-inert": true,
          description:
            "The header that holds the sender's delivery id; a repeated id is a duplicate. For hmac it must be signed. Presets know theirs.",
          type: "string",
        },
        delivery_memory: {
          "x-inert": true,
          description:
            "How long an accepted delivery is remembered, by its id, and by its signed content if no time is signed. Default 24h.",
          type: "string",
          format: "duration",
        },
      },
    },
    respond: {
      description:
        "The response to the sender after the event is stored: status and body, or wait for Claude; also the answer to the sender's verification request.",
      type: "object",
      additionalProperties: false,
      properties: {
        status: {
          "x-inert": true,
          description:
            "The status of the response, from 200 to 299. Default 202, or 200 for presets whose sender requires it.",
          type: "integer",
          minimum: 200,
          maximum: 299,
        },
        body: {
          "x-inert": false,
          description: "The body of the response. Default: the event's id and its outcome as JSON.",
          type: "string",
        },
        content_type: {
          "x-inert": true,
          description:
            "The content type of body. Default: application/json if the body looks like JSON, text/xml if it looks like XML, else text/plain.",
          type: "string",
          enum: ["text/plain", "application/json", "text/xml", "application/xml"],
        },
        challenge: {
          "x-inert": true,
          description:
            "How to answer the sender's verification request, which expects a text of the request back and is never an event: the location of that text (query.NAME, headers.NAME or data.PATH), or an object. Presets know theirs.",
          type: ["string", "object"],
          examples: ["query.hub.challenge"],
          additionalProperties: false,
          required: ["from"],
          properties: {
            from: {
              "x-inert": true,
              description: "The location of the text: query.NAME, headers.NAME or data.PATH.",
              type: "string",
            },
            when: {
              "x-inert": true,
              description:
                "A request is a challenge only if each of these locations has this text, or one of a list.",
              type: "object",
              additionalProperties: { type: ["string", "array"], items: { type: "string" } },
            },
            token: {
              "x-inert": true,
              description: "The verify token agreed with the sender.",
              type: "string",
              "x-secret": true,
            },
            token_from: {
              "x-inert": true,
              description:
                "The location of the verify token in the request, such as query.hub.verify_token. Any other token is answered with 403.",
              type: "string",
            },
            to: {
              "x-inert": true,
              description:
                "Where the text is sent back: body (as plain text), data.NAME (a JSON object with this field) or headers.NAME. Default: body for a text from the query, else the way it came.",
              type: "string",
            },
            signed: {
              "x-inert": true,
              description:
                "Whether only verified requests are answered. Default: true for a text from the body, else false.",
              type: "boolean",
            },
          },
        },
        wait: {
          "x-inert": true,
          description:
            "How long the sender waits for Claude's reply, which becomes the response; 504 on timeout. From 1s to 1h.",
          type: "string",
          format: "duration",
          examples: ["30s"],
        },
      },
    },
    proxies: {
      "x-inert": true,
      description:
        "Addresses or ranges of trusted proxies and tunnels, such as 127.0.0.1: remote.address is then taken from their X-Forwarded-For.",
      type: "array",
      items: { type: "string" },
      minItems: 1,
    },
    parse: {
      "x-inert": true,
      description:
        "How to parse the body: auto follows the content-type, and parses a body that is valid JSON as JSON whatever its type. lines is newline-delimited JSON. Default auto.",
      type: "string",
      enum: ["auto", "json", "lines", "form", "multipart", "text"],
    },
    max_body: {
      "x-inert": true,
      description:
        "The maximum size of a body, both as sent and decompressed; a larger one is answered with 413. At most 64MiB. Default 1MiB, or the size documented by the sender of a preset.",
      type: "string",
      format: "size",
      examples: ["5MiB"],
    },
  },
} as const satisfies JsonSchema;

export type HttpOptions = OptionsOf<typeof httpOptions>;
