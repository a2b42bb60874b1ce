// Amazon SNS sends nothing to an endpoint before its subscription was confirmed with a request to the host that signed it. The URL is
// composed of parts that the config determines, and the token; the one in the message must be the same.
// https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html

import type { HttpClient } from "../../../contract/host.ts";
import type { Clock, Json } from "../../../contract.ts";
import { textAt } from "./fields.ts";
import type { Verification } from "./verifier.ts";

export interface Subscription {
  /** Undefined when the payload asks for no confirmation. Only for payloads whose signature was verified. */
  confirm(data: Json): Promise<Verification> | undefined;
}

interface SubscriptionOptions {
  /** The topic of the config. */
  readonly audience: string;
  /** The hosts of SNS in the topic's region. */
  readonly hosts: readonly string[];
  readonly http: Pick<HttpClient, "request">;
  readonly clock: Pick<Clock, "now">;
  readonly signal: AbortSignal;
}

const timeoutMs = 5_000;
/** A request that is sent again must not cause another call. */
const maxKnown = 8;
/** Maximum calls of one source per minute. */
const maxCalls = 10;

export function createSubscription(options: SubscriptionOptions): Subscription {
  const { audience, hosts, http, clock, signal } = options;
  const known = new Map<string, Promise<Verification>>();
  let calls: number[] = [];

  async function call(url: string): Promise<Verification> {
    try {
      const answer = await http.request({ url, signal, timeoutMs, redirects: false, publicOnly: true });
      answer.discard();
      return answer.status === 200 ? { topic: audience } : { failure: `status ${answer.status}` };
    } catch (error) {
      return { failure: (error as Error).message };
    }
  }

  return {
    confirm(data) {
      if (textAt(data, "Type") !== "SubscriptionConfirmation") return undefined;
      const url = confirmationUrl(data, audience, hosts);
      if (url === undefined)
        return Promise.resolve({ failure: "SubscribeURL is not an address of SNS for this topic" });
      const earlier = known.get(url);
      if (earlier !== undefined) return earlier;
      const nowMs = clock.now();
      calls = calls.filter((atMs) => Math.abs(nowMs - atMs) < 60_000);
      if (calls.length >= maxCalls) return Promise.resolve({ failure: "too many confirmations" });
      calls.push(nowMs);
      const confirmed = call(url);
      known.set(url, confirmed);
      void confirmed.then((result) => {
        // SNS tries again what failed.
        if ("failure" in result || known.size > maxKnown)
          known.delete("failure" in result ? url : (known.keys().next().value as string));
      });
      return confirmed;
    },
  };
}

/** Undefined when the message's own URL is another one. */
function confirmationUrl(data: Json, topic: string, hosts: readonly string[]): string | undefined {
  const text = textAt(data, "SubscribeURL") ?? "";
  const token = textAt(data, "Token") ?? "";
  if (token === "" || text.length > 2_048 || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port, username, password, pathname, searchParams, hash } = new URL(text);
  const isPlain = protocol === "https:" && port === "" && username === "" && password === "" && hash === "";
  if (!isPlain || pathname !== "/" || !hosts.includes(hostname)) return undefined;
  const wanted = new URLSearchParams({ Action: "ConfirmSubscription", TopicArn: topic, Token: token });
  const isSame =
    searchParams.size === wanted.size && [...wanted].every(([key, value]) => searchParams.get(key) === value);
  return isSame ? `https://${hostname}/?${wanted}` : undefined;
}
