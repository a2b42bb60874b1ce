// The requests of Slack's library for a source whose recipe declares its hosts. Slack names the address of the
// socket in an answer, so it is checked there, before the library connects to it.

import type { Bounds } from "../../contract/capabilities.ts";
import { isObject } from "../../json.ts";

/** The option `fetch` of the library; none where nothing bounds the source. */
export function boundedFetch(bounds: Pick<Bounds, "host"> | undefined): { readonly fetch?: typeof fetch } {
  if (bounds === undefined) return {};
  return {
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      bounds.host(url);
      const answer = await fetch(input, { ...init, redirect: "error" });
      if (/\/apps\.connections\.open$/.test(new URL(url).pathname)) {
        const content: unknown = await answer
          .clone()
          .json()
          .catch(() => undefined); // The library reports an answer that is not JSON.
        if (isObject(content) && typeof content.url === "string") bounds.host(content.url);
      }
      return answer;
    },
  };
}
