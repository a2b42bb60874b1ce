// The view of an event for templates, `match` and CEL.

import type { RouterEvent, View } from "../contract.ts";

/** A fresh view: its `inputs` and `vars` are the channel's own. */
export function viewOf(event: RouterEvent): View {
  const view: View = {
    data: event.data,
    text: event.text,
    id: event.id,
    source: event.source,
    connector: event.connector,
    time: new Date(event.timeMs).toISOString(),
    inputs: {},
    vars: {},
  };
  // One by one: a loop over the names costs more than the rest of admission.
  if (event.headers !== undefined) view.headers = event.headers;
  if (event.query !== undefined) view.query = event.query;
  if (event.params !== undefined) view.params = event.params;
  if (event.path !== undefined) view.path = event.path;
  if (event.method !== undefined) view.method = event.method;
  if (event.remote !== undefined) view.remote = event.remote;
  if (event.sender !== undefined) view.sender = event.sender;
  return view;
}
