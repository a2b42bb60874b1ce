// The fields of a preset: the signature scheme of a sender, its first call, the answers that it expects.

import type { IncomingHttpHeaders } from "node:http";
import type { Json } from "../../../contract.ts";
import type { Challenge } from "./challenge.ts";
import type { FormScheme } from "./form-signature.ts";
import type { JwtScheme } from "./jwt.ts";
import type { KeySource } from "./remote-keys.ts";
import type { SignatureScheme } from "./signature.ts";
import type { Handshake } from "./verifier.ts";

export interface Preset {
  /** Where the sender documents it. */
  readonly source: string;
  /**
   * How a request is checked: a signature as data (or one of several), a shared token in a header or a field of the payload, a JWT,
   * a signed form, or a scheme with its own file.
   */
  readonly scheme:
    | SignatureScheme
    | { readonly anyOf: readonly SignatureScheme[] }
    | { readonly token: string }
    | { readonly tokenField: string }
    | { readonly jwt: JwtScheme }
    | FormScheme
    | "gitlab"
    | "discord"
    | "sns";
  /** Where the sender publishes its public keys. */
  readonly keys?: KeySource;
  /** Must a subscription be confirmed with a request to the host of the keys? */
  readonly confirmsSubscription?: boolean;
  /** The allowed age of a request, where the sender retries the same request for longer than 5 minutes. */
  readonly toleranceMs?: number;
  /**
   * Must the config name the audience? The signature alone does not prove that the request is meant for this
   * endpoint.
   */
  readonly needsAudience?: boolean;
  /** Claims of a token that the config must name: its keys sign for everybody, and everybody chooses the audience. */
  readonly needsClaims?: readonly string[];
  /** Further headers that must not be seen, because they hold a signature too. */
  readonly secretHeaders?: readonly string[];
  /**
   * Location of the delivery id: this field of the payload, or a header. A header is trusted where the secret
   * itself is sent, and where it is signed (see `SignatureScheme.headers`). Any other could be changed in a
   * replayed request and only names a sample delivery: a real one is identified by its signed text.
   */
  readonly delivery?: { readonly header: string } | { readonly field: string };
  readonly formField?: string;
  /**
   * The payload's field that holds the time of sending, in milliseconds: it differs when the same delivery is
   * sent again.
   */
  readonly sentAtField?: string;
  handshake?(headers: IncomingHttpHeaders, data: Json, secret: string): Handshake | undefined;
  readonly challenge?: Challenge;
  /** The answer once the event is durable, where the sender does not accept any 2xx with JSON. */
  readonly answer?: PresetAnswer;
  /** The largest body that the sender documents, where it exceeds the default limit. */
  readonly maxBodyBytes?: number;
}

export interface PresetAnswer {
  readonly status: number;
  /** Default: the event's id and its outcome as JSON. */
  readonly body?: string;
  readonly contentType?: string;
}

/** HMAC-SHA256 of the body in hex: the scheme of most senders, except for the header name. */
export function ofBody(header: string, changes: Partial<SignatureScheme> = {}): SignatureScheme {
  return {
    algorithm: "sha256",
    encoding: "hex",
    headers: [{ signature: header }],
    prefix: "",
    signed: "{body}",
    secret: "text",
    ...changes,
  };
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md; Svix differs in the names. */
export const standardWebhooks: SignatureScheme = {
  algorithm: "sha256",
  encoding: "base64",
  headers: [
    { signature: "webhook-signature", timestamp: "webhook-timestamp", id: "webhook-id" },
    { signature: "svix-signature", timestamp: "svix-timestamp", id: "svix-id" },
  ],
  prefix: "v1,",
  separator: " ",
  signed: "{id}.{timestamp}.{body}",
  secret: "base64",
};
