// How a person tries a source by hand.

import type { Json } from "../contract.ts";

/** A made-up event, to be tried by hand. */
export interface Sample {
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Json;
}

export interface EndpointInfo {
  /** For instance `POST http://127.0.0.1:8788/github`. */
  readonly address: string;
  /** A shell command that produces one event; absent when none can be made without the secret. */
  readonly tryIt?: string;
}
