// Conditional requests: the validators of the last version are sent with the next request, and the server
// answers 304 when nothing is new (RFC 9110 section 13.1).

import type { HttpAnswer, HttpClient, HttpRequest, Store } from "../contract/host.ts";
import type { Json, JsonObject } from "../contract.ts";
import { keyOf } from "./seen-keys.ts";

export interface Validators {
  /** Headers for a request; none when the known version belongs to another one. */
  headers(request: Json): Record<string, string>;
  /** Must be called when the whole answer is durable: the content behind a 304 is never read. */
  remember(request: Json, answerHeaders: Readonly<Record<string, string>>): Promise<void>;
  forget(): Promise<void>;
}

const name = "validators";

export function createValidators(store: Store): Validators {
  async function write(value: JsonObject | null): Promise<void> {
    const before = store.get(name) ?? null;
    if (keyOf(before) !== keyOf(value)) await store.set(name, value);
  }
  return {
    headers(request) {
      const known = store.get(name) as JsonObject | undefined;
      if (known === undefined || known.request !== keyOf(request)) return {};
      return {
        ...(typeof known.etag === "string" ? { "if-none-match": known.etag } : {}),
        ...(typeof known.modified === "string" ? { "if-modified-since": known.modified } : {}),
      };
    },
    async remember(request, { etag, "last-modified": modified }) {
      if (etag === undefined && modified === undefined) return write(null);
      await write({
        request: keyOf(request),
        ...(etag === undefined ? {} : { etag }),
        ...(modified === undefined ? {} : { modified }),
      });
    },
    forget: () => write(null),
  };
}

/**
 * Undefined when the server reports no change. Rejects with a ConnectorError, also when the status is not a
 * success.
 */
export async function ask(http: HttpClient, request: HttpRequest): Promise<HttpAnswer | undefined> {
  const answer = await http.request(request);
  const failure = answer.status === 304 ? undefined : answer.failure();
  if (answer.status !== 304 && failure === undefined) return answer;
  answer.discard();
  if (failure !== undefined) throw failure;
  return undefined;
}
