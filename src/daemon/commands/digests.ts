// Digests where an event is requested.

import type { JsonObject, RouterEvent } from "../../contract.ts";
import type { KeptRecord } from "../../journal/search.ts";
import { describeReason } from "../../shaping/describe.ts";
import { readStoredShaping } from "../../shaping/stored-terms.ts";

type KeptDigest = Extract<KeptRecord, { readonly type: "digest" }>;

const maxListed = 20;

/** What the `event` tool shows of a digest: its text, and the ids of its members, oldest first. */
export function digestAsEvent({ id, timeMs, delivery, members }: KeptDigest): RouterEvent {
  const { source } = delivery.terms;
  return {
    id,
    source: typeof source === "string" ? source : delivery.channel,
    connector: "digest",
    timeMs,
    data: {
      channel: delivery.channel,
      content: delivery.content,
      members: members.map((member) => member.id),
    },
    text: delivery.content,
    trust: delivery.meta.trust === "unverified" ? "unverified" : "local",
  };
}

/** `a, b, c and 37 more`: the newest first. */
export function listMembers(members: readonly { readonly id: string }[]): string {
  const shown = members.slice(-maxListed).reverse();
  const more = members.length - shown.length;
  return `${shown.map(({ id }) => id).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Why its members were combined; undefined for a notice of the router. */
export function digestReason(terms: JsonObject | undefined): string | undefined {
  const sums = terms === undefined ? undefined : readStoredShaping(terms, 0).sums;
  return sums === undefined ? undefined : describeReason(sums.reason, {});
}
