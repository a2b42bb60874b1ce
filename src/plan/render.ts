// From an admitted event to the final text: content within its budget, valid meta, everything neutralised.
// Secrets are masked before anything is cut, so that no part of one is left.

import type { Rendered, RouterEvent, Template, View } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import { keyText } from "../key-parts.ts";
import { blockTokens, finalContent, finalPayload } from "../templates/budget.ts";
import { defaultContent } from "../templates/default-content.ts";
import { metaValue } from "../text/neutralise.ts";
import { charactersIn } from "../text/tokens.ts";
import type { AdmissionProblem, PlannedChannel } from "./plan.ts";

type Meta = Record<string, string>;

/** In steps, as `Admit`. */
export function* render(
  channel: PlannedChannel,
  view: View,
  event: RouterEvent,
  mask: (text: string) => string,
  fallback: "payload" | "text",
  thread?: string,
): Generator<undefined, { readonly rendered: Rendered; readonly failures: readonly AdmissionProblem[] }> {
  const failures: AdmissionProblem[] = [];
  const attempt = (key: string, template: Template): string | undefined => {
    try {
      return mask(template.render(view));
    } catch (error) {
      if (!isRouterError(error)) throw error;
      failures.push({ channel: channel.name, key, message: error.message });
      return undefined;
    }
  };

  const body = channel.content === undefined ? undefined : attempt("content", channel.content);
  const own: Meta = {};
  for (const [key, template] of channel.meta) {
    yield;
    const value = metaValue(attempt(`meta.${key}`, template) ?? "");
    if (value !== "") own[key] = value;
  }
  const ours: Meta = {
    channel: channel.name,
    event_id: event.id,
    ...(event.trust === "unverified" ? { trust: "unverified" } : {}),
    ...(thread === undefined ? {} : { thread: metaValue(mask(keyText(thread))) }),
    ...(failures.length > 0 ? { error: "template" } : {}),
  };

  // Meta may use half of the budget, so that content always has some space.
  const meta = {
    ...ours,
    ...within(own, Math.floor(channel.budget / 2) - blockTokens(ours, "")),
  };
  const room = channel.budget - blockTokens(meta, "");
  yield;
  const content =
    body === undefined
      ? finalPayload(fallback === "text" ? view.text : defaultContent(view), room, mask)
      : finalContent(body, room);
  return {
    rendered: {
      eventId: event.id,
      channel: channel.name,
      content,
      meta,
      tokens: blockTokens(meta, content),
    },
    failures,
  };
}

/** Shortens the longest values until all fit into this many tokens; a value without any space is left out. */
function within(meta: Meta, tokens: number): Meta {
  const room = charactersIn(tokens);
  const keys = Object.keys(meta);
  const wrapping = keys.reduce((sum, key) => sum + key.length + 4, 0);
  const lengths = keys.map((key) => (meta[key] as string).length);
  if (wrapping + lengths.reduce((sum, length) => sum + length, 0) <= room) return meta;

  let longest = Math.max(...lengths);
  const total = (limit: number) => lengths.reduce((sum, length) => sum + Math.min(length, limit), wrapping);
  while (longest > 0 && total(longest) > room) longest = Math.floor(longest * 0.9);
  const shortened = keys.map((key) => [key, cut(meta[key] as string, longest)] as const);
  return Object.fromEntries(shortened.filter(([, value]) => value !== ""));
}

function cut(value: string, length: number): string {
  if (value.length <= length) return value;
  return length < 2
    ? ""
    : `${value
        .slice(0, length - 1)
        .toWellFormed()
        .replace(/\uFFFD$/, "")}…`;
}
