// What templates, `match` and CEL see of an event.

import type { JsonObject, Root, RouterEvent, View } from "../contract.ts";

/** A fresh view: its `vars` are the channel's own. */
export function viewOf(event: RouterEvent, inputs: JsonObject = {}): View {
  const view: View = {
    data: event.data,
    text: event.text,
    id: event.id,
    source: event.source,
    connector: event.connector,
    time: new Date(event.timeMs).toISOString(),
    inputs,
    vars: {},
  };
  for (const root of optionalRoots) {
    if (event[root] !== undefined) Object.assign(view, { [root]: event[root] });
  }
  return view;
}

const optionalRoots = ["headers", "query", "params", "path", "method", "sender"] as const satisfies Root[];
