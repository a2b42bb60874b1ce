// Runs one compilation of the config. Any error becomes an issue of the compiled value: neither a mistake in
// the config nor an input that a library or this program cannot handle ends a start or a reload.

import type { IssueDraft } from "../config/values.ts";
import { type ErrorCode, isRouterError } from "../errors.ts";

export interface ProofContext {
  /** The YAML path of the value. */
  readonly path: IssueDraft["path"];
  /** The code of an issue about an unexpected error. */
  readonly code: ErrorCode;
  /** Receives the issue. */
  readonly issues: IssueDraft[];
}

const maxReason = 200;

/** `undefined` when it threw. */
export function proven<T>(at: ProofContext, compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    report(error, at);
    return undefined;
  }
}

/** The same for a compilation in steps. */
export function* provenInSteps<T>(
  at: ProofContext,
  steps: Generator<void, T>,
): Generator<void, T | undefined> {
  try {
    return yield* steps;
  } catch (error) {
    report(error, at);
    return undefined;
  }
}

function report(error: unknown, { path, code, issues }: ProofContext): void {
  issues.push({ path, ...issueOf(error, code) });
}

/** The message for an error of any kind. */
export function issueOf(error: unknown, code: ErrorCode): Omit<IssueDraft, "path"> {
  if (!isRouterError(error)) return { code, ...unexpected(error) };
  const offset = "offset" in error && typeof error.offset === "number" ? { offset: error.offset } : {};
  return { code: error.code, message: error.message, hint: error.hint, ...offset };
}

function unexpected(error: unknown): { readonly message: string; readonly hint: string } {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const [first = ""] = reason.split("\n");
  const short = first.length > maxReason ? `${first.slice(0, maxReason)}…` : first;
  return {
    message: `cannot be compiled (${short})`,
    hint: "write it another way; this is a bug of channel-router, please report it",
  };
}
