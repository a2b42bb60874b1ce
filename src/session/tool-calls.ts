// The tools as the protocol sees them: the list, and the results of calls. Every text for the model is passed
// through `neutralise`, error texts too: they may quote outside text. Every result ends with the number of
// waiting events.

import type { JsonObject, JsonSchema, Log, Tool, ToolResult } from "../contract.ts";
import { isRouterError, UsageError } from "../errors.ts";
import { cut } from "../text/clip.ts";
import { neutralise as neutraliseText } from "../text/neutralise.ts";
import { line, lines, type SafeLine, type SafeText, safeLine, stackOf, text } from "../text.ts";
import { checkToolInput } from "./tool-input.ts";

/** Breaks up everything in a text that could pass for one of the client's own tags. */
export type Neutralise = (text: string) => string;

export interface ListedTool {
  name: string;
  description: string;
  inputSchema: { type: "object"; [key: string]: unknown };
  annotations?: { readOnlyHint: boolean };
  _meta?: { "anthropic/alwaysLoad": true };
  [key: string]: unknown;
}

export interface CallResult {
  content: { type: "text"; text: string }[];
  isError?: true;
  [key: string]: unknown;
}

export interface CallContext {
  readonly tools: readonly Tool[];
  readonly neutralise: Neutralise;
  /** How many events the session has not been sent and could fetch with `pending`. */
  readonly waiting: () => number;
  /** One line for the end of each result. */
  readonly reminder: () => SafeLine | undefined;
  readonly log: Log;
  /** Fires when the client cancels the call. */
  readonly cancelled?: AbortSignal;
}

/** Of a tool, in UTF-16 units: it is in the context of every session. */
const maxDescription = 1_000;

export interface ToolOutcome {
  readonly result: CallResult;
  /** See `ToolResult.afterWritten`. */
  readonly afterWritten?: (written: boolean) => void;
}

export function listTools(tools: readonly Tool[], neutralise: Neutralise = neutraliseText): ListedTool[] {
  return tools.map((tool) => ({
    name: tool.name,
    description: neutralise(cut(tool.description, maxDescription)),
    inputSchema: { ...shownSchema(tool.input, neutralise), type: "object" },
    ...(tool.readOnly !== undefined && { annotations: { readOnlyHint: tool.readOnly } }),
    // Keeps the tool in the model's context instead of behind the client's tool search.
    ...(tool.alwaysLoad && { _meta: { "anthropic/alwaysLoad": true as const } }),
  }));
}

/**
 * Never rejects. A RouterError becomes a tool error with its message and hint; any other error is a bug: it
 * is logged with its stack, and the model learns only that it happened.
 */
export async function callTool(name: string, input: JsonObject, context: CallContext): Promise<ToolOutcome> {
  const { tools, neutralise, log } = context;
  const write = ({ text: shown, waiting = context.waiting() }: ToolResult): CallResult => ({
    content: [{ type: "text", text: neutralise(withNotes(shown, waiting, context.reminder())) }],
  });
  try {
    const tool = tools.find((candidate) => candidate.name === name);
    if (tool === undefined) throw unknownTool(tools, name);
    await checkToolInput(tool, input);
    const given = await tool.call(input, context.cancelled);
    const answer = typeof given === "string" ? { text: given } : given;
    const { afterWritten } = answer;
    return { result: write(answer), ...(afterWritten === undefined ? {} : { afterWritten }) };
  } catch (error) {
    return { result: { ...write({ text: explain(error, name, log) }), isError: true } };
  }
}

function withNotes(shown: SafeText, count: number, reminder: SafeLine | undefined): SafeText {
  const waiting = count === 1 ? line`1 event waits: call pending` : line`${count} events wait: call pending`;
  return lines([shown, ...(count === 0 ? [] : [waiting]), ...(reminder === undefined ? [] : [reminder])]);
}

function explain(error: unknown, name: string, log: Log): SafeText {
  if (isRouterError(error)) {
    return lines([line`${error.message}`, ...(error.hint === undefined ? [] : [line`${error.hint}`])]);
  }
  log.error(text`internal error in the tool ${name}: ${stackOf(error)}`);
  return line`internal error: see the router's log on stderr`;
}

function unknownTool(tools: readonly Tool[], name: string): UsageError {
  return new UsageError("E_TOOL_UNKNOWN", `no tool named ${JSON.stringify(name.slice(0, 80))}`, {
    hint: `the tools are: ${tools.map((tool) => tool.name).join(", ") || "none"}`,
  });
}

/** In UTF-16 units, entries and levels. */
const limits = { text: 1_000, entries: 200, depth: 16 };

/**
 * The arguments of a tool as the client sees them: every text that a config wrote into a schema is clean and bounded. A call is
 * validated against the schema itself.
 */
export function shownSchema(schema: JsonSchema, neutralise: Neutralise): JsonSchema {
  const clean = (raw: string): string => neutralise(cut(safeLine(raw), limits.text));
  const shown = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") return clean(value);
    if (typeof value !== "object" || value === null) return value;
    if (depth > limits.depth) return Array.isArray(value) ? [] : {};
    if (Array.isArray(value)) return value.slice(0, limits.entries).map((item) => shown(item, depth + 1));
    return Object.fromEntries(
      Object.entries(value)
        .slice(0, limits.entries)
        .map(([key, item]) => [clean(key), shown(item, depth + 1)]),
    );
  };
  return shown(schema, 0) as JsonSchema;
}
