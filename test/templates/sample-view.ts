import type { Json, View } from "../../src/contract.ts";

/** A view with the given payload, and something at every root. */
export function viewWith(data: Json, more: Partial<View> = {}): View {
  return {
    data,
    text: more.text ?? (typeof data === "string" ? data : JSON.stringify(data)),
    headers: { "x-github-event": "workflow_run" },
    query: { page: "2" },
    params: { team: "core" },
    path: "/github",
    method: "POST",
    sender: { id: "u1", name: "Ada" },
    id: "01hx",
    source: "github",
    connector: "http",
    time: "2026-11-23T14:05:00.000Z",
    inputs: { limit: 3 },
    vars: { pr: 7 },
    ...more,
  };
}
