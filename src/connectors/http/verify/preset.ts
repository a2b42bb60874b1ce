// What a preset can say of a sender: what is signed and how, how its first call is answered, what it wants to read.

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
  /** How far the time of sending may be from now, where the sender sends the same request again for longer than 5 minutes. */
  readonly toleranceMs?: number;
  /** Must the config say whom the sender addresses? Its signature alone does not mean that it is for us. */
  readonly needsAudience?: boolean;
  /** Claims of a token that the config must name: its keys sign for everybody, and everybody chooses the audience. */
  readonly needsClaims?: readonly string[];
  /** Further headers that must not be seen, because they hold a signature too. */
  readonly secretHeaders?: readonly string[];
  /**
   * Where the delivery's id stands: in this field of the payload, or in a header. A header counts where the secret itself is sent,
   * and where it is signed (see `SignatureScheme.headers`). Any other could be changed by whoever sends a request again, and only
   * names a delivery that is imagined: for a real one, what is signed is its identity.
   */
  readonly delivery?: { readonly header: string } | { readonly field: string };
  readonly formField?: string;
  /** The payload's field that holds the time of sending, in milliseconds: what differs when the same delivery is sent again. */
  readonly sentAtField?: string;
  handshake?(headers: IncomingHttpHeaders, data: Json, secret: string): Handshake | undefined;
  readonly challenge?: Challenge;
  /** What the sender is answered once the event is safe, where it does not take any 2xx with JSON. */
  readonly answer?: PresetAnswer;
  /** What the sender documents as its largest body, where that is more than is taken by default. */
  readonly maxBodyBytes?: number;
}

export interface PresetAnswer {
  readonly status: number;
  /** Default: the event's id and its outcome as JSON. */
  readonly body?: string;
  readonly contentType?: string;
}

/** HMAC-SHA256 of the body in hex: what most senders do, apart from the header's name. */
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
