// A question to the person at the client, as a form (`elicitation/create`): the client shows it in its own terminal and the
// model neither sees nor answers it. Types and the look at what the client declared; server.ts sends it.

import type { JsonObject } from "../contract.ts";
import type { SafeLine, SafeText } from "../text.ts";
import type { Request } from "./json-rpc.ts";

export interface Elicitation {
  /** May have several lines. */
  readonly message: SafeText;
  /** By name; each must be filled in. */
  readonly fields: Readonly<Record<string, Field>>;
}

/** One of a few words. */
export interface Field {
  readonly title: SafeLine;
  readonly description?: SafeLine;
  readonly choices: readonly [SafeLine, ...SafeLine[]];
}

/** `decline`: the person said no. `cancel`: the question was put away without an answer. */
export type ElicitationResult =
  | { readonly action: "accept"; readonly values: JsonObject }
  | { readonly action: "decline" | "cancel" };

/** A client that declares `elicitation` without saying which kind takes forms: MCP 2025-11-25, "Elicitation". */
export function supportsElicitation(initialize: Request | undefined): boolean {
  const capabilities = initialize?.params?.capabilities as { elicitation?: unknown } | undefined;
  const { elicitation } = capabilities ?? {};
  if (typeof elicitation !== "object" || elicitation === null) return false;
  return "form" in elicitation || !("url" in elicitation);
}
