// How to try a source by hand.

import type { Json } from "../contract.ts";

/** A sample event, to try by hand. */
export interface Sample {
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Json;
}

export interface EndpointInfo {
  /** For instance `POST http://127.0.0.1:8788/github`. */
  readonly address: string;
  /** A shell command that makes one event; absent when that requires the secret. */
  readonly tryIt?: string;
}
