// Validates a tool call's arguments against the tool's JSON Schema. A schema is compiled at the tool's first
// call: most conversations never call most tools, and many call none, so Ajv is loaded with the first one.

import type { JsonObject, OptionsValidator, SchemaError, Tool } from "../contract.ts";
import { UsageError } from "../errors.ts";

const compiled = new WeakMap<CheckedTool, OptionsValidator>();

type CheckedTool = Pick<Tool, "name" | "input">;

/** Rejects with a UsageError (E_TOOL_INPUT) that names every problem. */
export async function checkToolInput(
  tool: CheckedTool & Pick<Tool, "validate">,
  input: JsonObject,
): Promise<void> {
  demandValid(tool, tool.validate ?? compiled.get(tool) ?? (await compile(tool)), input);
}

/** Throws as `checkToolInput` rejects. */
export function demandValid(tool: CheckedTool, validate: OptionsValidator, input: JsonObject): void {
  if (validate(input)) return;
  const problems = (validate.errors ?? []).map(describeProblem);
  throw new UsageError("E_TOOL_INPUT", `${tool.name}: ${[...new Set(problems)].join("; ")}`, {
    hint: describeInput(tool),
  });
}

async function compile(tool: CheckedTool): Promise<OptionsValidator> {
  const { compileInput } = await import("./compile-input.ts");
  const validate = compileInput(tool.input);
  compiled.set(tool, validate);
  return validate;
}

function describeProblem(error: SchemaError): string {
  const at = error.instancePath.slice(1).replaceAll("/", ".");
  if (error.keyword === "required") return `${join(at, error.params.missingProperty)} is missing`;
  if (error.keyword === "additionalProperties") {
    return `${join(at, error.params.additionalProperty)} is not one of its arguments`;
  }
  const detail = error.keyword === "enum" ? `: ${(error.params.allowedValues as unknown[]).join(", ")}` : "";
  return `${at === "" ? "the arguments" : at} ${error.message ?? "do not fit"}${detail}`;
}

function join(at: string, name: unknown): string {
  return at === "" ? String(name) : `${at}.${String(name)}`;
}

function describeInput(tool: CheckedTool): string {
  const names = Object.keys((tool.input.properties as object | undefined) ?? {});
  if (names.length === 0) return `${tool.name} takes no arguments`;
  const required = new Set(tool.input.required as string[] | undefined);
  return `${tool.name} takes ${names.map((name) => (required.has(name) ? name : `${name} (optional)`)).join(", ")}`;
}
