// Compares the result of a test with its expectations. Every difference is reported, with the location of the
// expectation.

import type { TraceStep } from "../contract.ts";
import { type TextContext, testText } from "./content-tests.ts";
import type { RehearsedDelivery, SimulatedEvent } from "./simulator.ts";
import type { Count, Expectation, Failure } from "./test-case.ts";
import { type CallOutcome, testCall } from "./tool-calls.ts";

export interface ActualResult {
  /** Absent when nothing was sent. */
  readonly last: SimulatedEvent | undefined;
  /** The result of Claude's call of a sink. */
  readonly called?: CallOutcome | undefined;
  /** In order. */
  readonly delivered: readonly RehearsedDelivery[];
  /** Why the last one was not delivered, beside its trace: `throttle`, `digest`, `delivery_id`. */
  readonly heldBy: readonly { readonly channel?: string; readonly reason: string; readonly text: string }[];
}

type Path = Failure["path"];
type ExpectationContext = Omit<TextContext, "what" | "path" | "key"> & { readonly name: string };

export function testExpectations(
  expected: Expectation | readonly Expectation[],
  came: ActualResult,
  path: Path,
  context: ExpectationContext,
): Failure[] {
  if (!Array.isArray(expected)) return testOne(expected as Expectation, came, path, context, "");
  const list = expected as readonly Expectation[];
  const failures = list.flatMap((one, index) => {
    const delivery = came.delivered[index];
    const at = [...path, index];
    if (delivery === undefined) return [notDelivered(came, at, one.channel)];
    return testDelivery(one, delivery, at, context, `${index + 1} `);
  });
  const more = came.delivered.slice(list.length);
  if (more.length === 0) return failures;
  return [
    ...failures,
    {
      path,
      message: `${came.delivered.length} events were delivered, not ${list.length}`,
      lines: more.flatMap(shownDelivery),
      expected: list.length,
      actual: came.delivered.length,
    },
  ];
}

function testOne(
  expected: Expectation,
  came: ActualResult,
  path: Path,
  context: ExpectationContext,
  key: string,
): Failure[] {
  const { none, outcome, delivered, sent, refused, ...ofDelivery } = expected;
  const failures = testCall({ ...(sent && { sent }), ...(refused && { refused }) }, came.called, path, {
    ...context,
    key: context.name,
  });
  const actual = came.last?.outcome ?? null;
  if (outcome !== undefined && actual !== outcome) {
    const message = actual === null ? "no event was sent" : `the outcome is ${actual}, not ${outcome}`;
    failures.push({ path: [...path, "outcome"], message, lines: traceOf(came), expected: outcome, actual });
  }
  if (delivered !== undefined) {
    const count = came.delivered.length;
    const wrong = countProblem(delivered, count);
    if (wrong !== undefined) {
      const lines = came.delivered.flatMap(shownDelivery);
      const message = `${count} events were delivered, ${wrong}`;
      failures.push({ path: [...path, "delivered"], message, lines, actual: count });
    }
  }
  if (none !== undefined) return [...failures, ...testNone(none, expected.channel, came, path)];
  if (Object.keys(ofDelivery).length === 0) return failures;
  const { channel } = expected;
  const found = came.delivered.findLast(
    ({ delivery }) => channel === undefined || delivery.channel === channel,
  );
  if (found === undefined) return [...failures, notDelivered(came, path, channel)];
  return [...failures, ...testDelivery(ofDelivery, found, path, context, key)];
}

function testNone(
  none: true | string,
  channel: string | undefined,
  came: ActualResult,
  path: Path,
): Failure[] {
  const at = [...path, "none"];
  if (came.last === undefined) return [{ path: at, message: "no event was sent", lines: [] }];
  const { event } = came.last;
  const delivered = came.delivered.filter(
    ({ members, delivery }) =>
      members.includes(event.id) &&
      members.length === 1 &&
      (channel === undefined || delivery.channel === channel),
  );
  if (delivered.length > 0) {
    const to = delivered.map(({ delivery }) => delivery.channel).join(", ");
    return [
      {
        path: at,
        message: `it was delivered to ${to}`,
        lines: delivered.flatMap(shownDelivery),
        expected: none,
      },
    ];
  }
  if (none === true) return [];
  const isOfChannel = (one: { readonly channel?: string }) =>
    channel === undefined || one.channel === channel;
  const steps = (came.last.admission?.trace ?? []).filter((step) => !step.pass && isOfChannel(step));
  const reasons = [
    ...steps.flatMap(({ path, filter }) => (path === undefined ? [filter] : [path, filter])),
    ...came.heldBy.filter(isOfChannel).map(({ reason }) => reason),
  ];
  if (reasons.includes(none)) return [];
  const actual = [...new Set(reasons)];
  return [
    {
      path: at,
      message: `it was not delivered, but not because of ${none}`,
      lines: traceOf(came),
      expected: none,
      actual,
    },
  ];
}

function testDelivery(
  expected: Expectation,
  { delivery, members }: RehearsedDelivery,
  path: Path,
  context: ExpectationContext,
  key: string,
): Failure[] {
  const failures: Failure[] = [];
  const lines = shownDelivery({ delivery });
  const differs = (name: "channel" | "priority", actual: string) => {
    const wanted = expected[name];
    if (wanted === undefined || wanted === actual) return;
    const message = `the ${name} is ${actual}, not ${wanted}`;
    failures.push({ path: [...path, name], message, lines, expected: wanted, actual });
  };
  differs("channel", delivery.channel);
  differs("priority", delivery.priority);
  if (expected.content !== undefined) {
    const textContext = {
      ...context,
      what: "the content",
      path: [...path, "content"],
      key: `${context.name}${key && ` ${key.trim()}`}`,
    };
    failures.push(...testText(delivery.content, expected.content, textContext));
  }
  failures.push(...testMeta(expected.meta ?? {}, delivery.meta, path, context, key));
  const wrong = expected.tokens === undefined ? undefined : countProblem(expected.tokens, delivery.tokens);
  if (wrong !== undefined) {
    const message = `it costs ~${delivery.tokens} tokens, ${wrong}`;
    failures.push({ path: [...path, "tokens"], message, lines, actual: delivery.tokens });
  }
  if (expected.digest !== undefined) {
    const actual = members.length > 1 ? members.length : false;
    const holds =
      typeof expected.digest === "number"
        ? actual === expected.digest
        : expected.digest === (actual !== false);
    if (!holds) {
      const message = actual === false ? "it is not a digest" : `it is a digest of ${actual} events`;
      failures.push({ path: [...path, "digest"], message, lines, expected: expected.digest, actual });
    }
  }
  return failures;
}

function testMeta(
  expected: NonNullable<Expectation["meta"]>,
  actual: Readonly<Record<string, string>>,
  path: Path,
  context: ExpectationContext,
  key: string,
): Failure[] {
  return Object.entries(expected).flatMap(([name, wanted]): Failure[] => {
    const at = [...path, "meta", name];
    const value = Object.hasOwn(actual, name) ? actual[name] : undefined;
    const known = Object.keys(actual).join(", ") || "none";
    if (wanted === null) {
      if (value === undefined) return [];
      return [
        { path: at, message: `meta has ${name}`, lines: [`  ${value}`], expected: null, actual: value },
      ];
    }
    if (value === undefined)
      return [{ path: at, message: `meta has no ${name}; it has ${known}`, lines: [], actual: null }];
    if (typeof wanted === "object") {
      const textContext = {
        ...context,
        what: `meta ${name}`,
        path: at,
        key: `${context.name}${key && ` ${key.trim()}`} meta ${name}`,
      };
      return testText(value, wanted, textContext);
    }
    if (String(wanted) === value) return [];
    const lines = [`- ${String(wanted)}`, `+ ${value}`];
    return [{ path: at, message: `meta ${name} is different`, lines, expected: wanted, actual: value }];
  });
}

function notDelivered(came: ActualResult, path: Path, channel: string | undefined): Failure {
  const others = came.delivered.map(({ delivery }) => delivery.channel);
  const where = channel === undefined ? "nothing was delivered" : `nothing was delivered to ${channel}`;
  const message = others.length === 0 ? where : `${where}, only to ${[...new Set(others)].join(", ")}`;
  return { path: channel === undefined ? path : [...path, "channel"], message, lines: traceOf(came) };
}

/** Why the last event was not taken, channel by channel. */
function traceOf({ last, heldBy }: ActualResult): string[] {
  const steps = new Map<string, TraceStep>();
  if (last === undefined) return [];
  for (const step of last.admission?.trace ?? []) steps.set(step.channel, step);
  const lines = [...steps.values()].map(({ channel, filter, pass, detail }) =>
    pass ? `  yes ${channel}` : `  no  ${channel}: ${filter}${detail === undefined ? "" : `: ${detail}`}`,
  );
  for (const { key, channel, message } of last.admission?.problems ?? [])
    lines.push(`  failed in ${channel}: ${key}: ${message}`);
  lines.push(...heldBy.map(({ text }) => `  ${text}`));
  return lines.length === 0 ? ["  no channel takes events of this source"] : lines;
}

function shownDelivery({ delivery }: Pick<RehearsedDelivery, "delivery">): string[] {
  const { channel, tokens, content } = delivery;
  return [`  ${channel}, ~${tokens} tokens:`, ...content.split("\n").map((line) => `    ${line}`)];
}

function countProblem(wanted: Count, count: number): string | undefined {
  const { eq, lte, gte } =
    typeof wanted === "number" ? { eq: wanted, lte: undefined, gte: undefined } : wanted;
  if (eq !== undefined && count !== eq) return `not ${eq}`;
  if (lte !== undefined && count > lte) return `at most ${lte} were expected`;
  return gte !== undefined && count < gte ? `at least ${gte} were expected` : undefined;
}
