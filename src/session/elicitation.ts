// Elicitation (`elicitation/create`): a question to the user of the client, as a form. The client shows it in
// its own terminal, and the model neither sees nor answers it. Types and the check of the client's
// declaration; server.ts sends it.

import type {
  JsonSchemaValidatorResult,
  jsonSchemaValidator,
} from "@modelcontextprotocol/sdk/validation/types.js";
import type { JsonObject } from "../contract.ts";
import type { SafeLine, SafeText } from "../text.ts";
import type { Request } from "./json-rpc.ts";

export interface Elicitation {
  /** May have several lines. */
  readonly message: SafeText;
  /** By name; each is required. */
  readonly fields: Readonly<Record<string, Field>>;
}

/** One of a few words. */
export interface Field {
  readonly title: SafeLine;
  readonly description?: SafeLine;
  readonly choices: readonly [SafeLine, ...SafeLine[]];
}

/** `decline`: the user said no. `cancel`: the question was dismissed without an answer. */
export type ElicitationResult =
  | { readonly action: "accept"; readonly values: JsonObject }
  | { readonly action: "decline" | "cancel" };

/** A client that declares `elicitation` without a mode supports forms: MCP 2025-11-25, "Elicitation". */
export function supportsElicitation(initialize: Request | undefined): boolean {
  const capabilities = initialize?.params?.capabilities as { elicitation?: unknown } | undefined;
  const { elicitation } = capabilities ?? {};
  if (typeof elicitation !== "object" || elicitation === null) return false;
  return "form" in elicitation || !("url" in elicitation);
}

/**
 * Checks the values of a form for the SDK: each field has one of its choices. Such a schema needs no compiler, and the SDK's own
 * (Ajv with all formats) would be loaded and set up at each start.
 */
export const formValidator: jsonSchemaValidator = {
  getValidator<T>({ properties = {} }: Parameters<jsonSchemaValidator["getValidator"]>[0]) {
    const fields = Object.entries(
      properties as Readonly<Record<string, { readonly enum: readonly unknown[] }>>,
    );
    return (input: unknown): JsonSchemaValidatorResult<T> => {
      const values = input as Readonly<Record<string, unknown>>;
      const wrong = fields.find(
        ([name, { enum: choices }]) => !Object.hasOwn(values, name) || !choices.includes(values[name]),
      );
      if (wrong === undefined) return { valid: true, data: input as T, errorMessage: undefined };
      const [name, { enum: choices }] = wrong;
      return { valid: false, data: undefined, errorMessage: `${name} must be one of: ${choices.join(", ")}` };
    };
  },
};
