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
        "The path of the URL to post to, beginning with a slash. May have :named parts and end in /*; what they stand for is in params.",
      type: "string",
    },
    methods: {
      "x-inert": true,
      description: "The HTTP methods that are taken; any other is answered with 405.",
      type: "array",
      items: { type: "string", enum: ["GET", "POST", "PUT", "PATCH", "DELETE"] },
      minItems: 1,
      uniqueItems: true,
      default: ["POST"],
    },
    verify: {
      description:
        "How a request proves who sent it. Without it the source works on loopback only, and its events carry trust=unverified.",
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
            "The secret that you share with the sender; a list while you change from one to the next. For discord it is the application's public key.",
          type: ["string", "array"],
          items: { type: "string" },
          "x-secret": true,
        },
        secret_encoding: {
          "x-inert": true,
          description: "How the secret is written: text is the key itself (hmac, jwt). Default text.",
          type: "string",
          enum: ["text", "hex", "base64", "base64url"],
        },
        public_key: {
          "x-inert": true,
          description:
            "The sender's public key, for schemes whose sender signs with a private one: PEM, JWK, or base64 or hex as the sender shows it; a list while it changes.",
          type: ["string", "array"],
          items: { type: "string" },
        },
        jwks: {
          "x-inert": false,
          description:
            "The URL at which the sender publishes its public keys as a JSON Web Key Set (jwt only), in place of public_key.",
          type: "string",
        },
        audience: {
          "x-inert": true,
          description:
            "Whom the sender addresses: the claim aud of a token (jwt, google_pubsub), the ARN of the topic (sns), the id of the webhook (paypal).",
          type: "string",
        },
        issuer: {
          "x-inert": true,
          description: "The claim iss that a token must have (jwt only).",
          type: "string",
        },
        claims: {
          "x-inert": true,
          description: "Further claims that a token must have, with their values, for instance email.",
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
            "The text that the sender repeats in its first call, for presets whose sender asks for one (meta, whatsapp).",
          type: "string",
          "x-secret": true,
        },
        username: { "x-inert": true, description: "The user name that basic expects.", type: "string" },
        header: {
          "x-inert": true,
          description:
            "The header that holds the signature (hmac, signature) or the token (token, jwt; the latter's default is authorization, after Bearer).",
          type: "string",
        },
        query: {
          "x-inert": true,
          description: "The query parameter that holds the token (token only, in place of header).",
          type: "string",
        },
        field: {
          "x-inert": true,
          description:
            "Where the signature (hmac, signature) or the token (token) is in the payload, in place of header: names and numbers with dots, * for every item of a list.",
          type: "string",
        },
        algorithm: {
          "x-inert": true,
          description:
            "The hash of the signature (hmac; default sha256), its kind (signature; default ed25519), or the one that tokens must have (jwt; default HS256 with secret, RS256 with public_key).",
          type: "string",
          enum: [...hmacAlgorithms, ...publicKeyAlgorithms, ...jwtAlgorithms],
        },
        encoding: {
          "x-inert": true,
          description:
            "How the signature is written in its header (hmac, signature). Default hex for hmac, base64 for signature.",
          type: "string",
          enum: ["hex", "base64", "base64url"],
        },
        prefix: {
          "x-inert": true,
          description:
            "The text before the signature or the token in its header, for instance sha256=. Default none.",
          type: "string",
        },
        key: {
          "x-inert": true,
          description:
            "The name of the signature in a header of the form t=...,v1=... (hmac only), for instance v1. It may stand there several times.",
          type: "string",
        },
        signed: {
          "x-inert": true,
          description:
            "What the signature is made over (hmac, signature), written with the parts {body}, {timestamp}, {id}, {url}, {method}, {path}, {body_sha256}, {header:NAME} and {field:PATH}. Default {body}.",
          type: "string",
        },
        timestamp: {
          description: "The time of sending, as a part of what is signed: old requests are refused.",
          type: "object",
          additionalProperties: false,
          properties: {
            header: {
              "x-inert": true,
              description:
                "The header that holds the time, in seconds or milliseconds since 1970 or as RFC 3339 (hmac, signature).",
              type: "string",
            },
            field: {
              "x-inert": true,
              description: "The field of the payload that holds the time, in place of header.",
              type: "string",
            },
            key: {
              "x-inert": true,
              description:
                "The name of the time in the signature's own header, when that has the form t=...,v1=... (hmac only). Default t.",
              type: "string",
            },
            tolerance: {
              "x-inert": true,
              description: "How far the time of sending may be from now, either way. Default 5m.",
              type: "string",
              format: "duration",
            },
          },
        },
        delivery_id: {
          "x-inert": true,
          description:
            "The header that holds the sender's own id of the delivery: the same id twice is one event. For hmac it must be signed. Presets know theirs.",
          type: "string",
        },
        delivery_memory: {
          "x-inert": true,
          description:
            "For how long a delivery that was taken is known again, by its id, and by what was signed where no time is. Default 24h.",
          type: "string",
          format: "duration",
        },
      },
    },
    respond: {
      description:
        "What the sender gets in place of the usual answer once the event is safe: status and body, or wait; and how its first call is answered.",
      type: "object",
      additionalProperties: false,
      properties: {
        status: {
          "x-inert": true,
          description:
            "The status of the answer, from 200 to 299. Default 202, or 200 for presets whose sender wants that.",
          type: "integer",
          minimum: 200,
          maximum: 299,
        },
        body: {
          "x-inert": false,
          description: "The body of the answer. Default: the event's id and its outcome as JSON.",
          type: "string",
        },
        content_type: {
          "x-inert": true,
          description:
            "The type of body. Default: application/json for a body that begins like JSON, text/xml for one that begins like XML, else text/plain.",
          type: "string",
          enum: ["text/plain", "application/json", "text/xml", "application/xml"],
        },
        challenge: {
          "x-inert": true,
          description:
            "How the sender's first call is answered, which wants a text of the request back and is never an event: where that text is (query.NAME, headers.NAME or data.PATH), or an object. Presets know theirs.",
          type: ["string", "object"],
          examples: ["query.hub.challenge"],
          additionalProperties: false,
          required: ["from"],
          properties: {
            from: {
              "x-inert": true,
              description: "Where the text is: query.NAME, headers.NAME or data.PATH.",
              type: "string",
            },
            when: {
              "x-inert": true,
              description:
                "A request is a challenge only where each of these locations holds this text, or one of a list.",
              type: "object",
              additionalProperties: { type: ["string", "array"], items: { type: "string" } },
            },
            token: {
              "x-inert": true,
              description: "The verify token that you agreed on with the sender.",
              type: "string",
              "x-secret": true,
            },
            token_from: {
              "x-inert": true,
              description:
                "Where the sender repeats the verify token, for instance query.hub.verify_token. Any other token is answered with 403.",
              type: "string",
            },
            to: {
              "x-inert": true,
              description:
                "Where the text is sent back: body (as plain text), data.NAME (a JSON object with this field) or headers.NAME. Default: body for one of the query, else the way it came.",
              type: "string",
            },
            signed: {
              "x-inert": true,
              description:
                "Whether only a request that has proven its sender is answered. Default: true for one of the body, else false.",
              type: "boolean",
            },
          },
        },
        wait: {
          "x-inert": true,
          description:
            "How long the sender is kept waiting for Claude's reply, which is then the answer; 504 when none came. From 1s to 1h.",
          type: "string",
          format: "duration",
          examples: ["30s"],
        },
      },
    },
    proxies: {
      "x-inert": true,
      description:
        "Addresses or ranges of the proxies and tunnels in front, for instance 127.0.0.1: remote.address is then what they report in X-Forwarded-For.",
      type: "array",
      items: { type: "string" },
      minItems: 1,
    },
    parse: {
      "x-inert": true,
      description:
        "How a body is read: auto follows its content-type, and takes a body that is JSON as a whole for JSON whatever it is called. lines is newline-delimited JSON. Default auto.",
      type: "string",
      enum: ["auto", "json", "lines", "form", "multipart", "text"],
    },
    max_body: {
      "x-inert": true,
      description:
        "The size up to which a body is taken, both as sent and when decompressed; more is answered with 413. At most 64MiB. Default 1MiB, or what the sender of a preset documents.",
      type: "string",
      format: "size",
      examples: ["5MiB"],
    },
  },
} as const satisfies JsonSchema;

export type HttpOptions = OptionsOf<typeof httpOptions>;
