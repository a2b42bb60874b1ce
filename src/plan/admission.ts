// Which channels accept an event. `match` and `when` select a channel; the channels are tried in file order
// and the first selected one ends the search, unless it has `continue`. `changed` and `dedupe` then decide
// whether a selected channel accepts or drops the event: a dropped event does not fall through to a later
// catch-all.

import type { Memory, MemoryWrite, Outcome, TraceStep, Trust, View } from "../contract.ts";
import { isRouterError } from "../errors.ts";
import { isUnproven, scopeOf } from "../key-parts.ts";
import { planDelivery } from "./delivery.ts";
import type {
  Admission,
  AdmissionProblem,
  Admitter,
  PlannedChannel,
  PlannedDelivery,
  PlannedVar,
} from "./plan.ts";
import { render } from "./render.ts";
import { type Shape, shapeOf } from "./shaping.ts";
import { viewOf } from "./view.ts";

/** Indices of the channels that could match, ascending. Never omits one that would. */
type Candidates = (view: View) => readonly number[];

/** Filters that select a channel; the others drop selected events. */
const choosing: ReadonlySet<string> = new Set(["match", "when"]);

type Drop = Exclude<Outcome["outcome"], "accepted" | "unmatched">;

/** `mask` hides secrets in what is sent; the trace is masked by the code that shows it. */
export function createAdmit(
  channels: readonly PlannedChannel[],
  candidates: Candidates,
  mask: (text: string) => string,
  /** The content when the channel has none, or its template fails. */
  fallback: "payload" | "text" = "payload",
): Admitter {
  const everyIndex = channels.map((_, index) => index);

  function* steps(
    ...[event, shared, nowMs, { detail }]: Parameters<Admitter>
  ): Generator<undefined, Admission> {
    const view = viewOf(event);
    const memory = ownMemory(shared, event.trust);
    const trace: TraceStep[] = [];
    const deliveries: PlannedDelivery[] = [];
    const writes: MemoryWrite[] = [];
    const pending: Promise<unknown>[] = [];
    const problems: AdmissionProblem[] = [];
    let drop: Drop | undefined;
    let taken: string | undefined;

    for (const index of detail === "trace" ? everyIndex : candidates(view)) {
      const channel = channels[index] as PlannedChannel;
      if (taken !== undefined) {
        trace.push({ channel: channel.name, filter: "order", pass: false, detail: `${taken} came first` });
        continue;
      }
      view.vars = {};
      view.inputs = channel.inputs;
      const answer = yield* ask(channel, view, { memory, nowMs, trace, problems });
      if (answer.kind === "not-chosen") continue;
      if (answer.kind === "taken") {
        const { shape, loopKey } = answer;
        const { rendered, failures } = yield* render(channel, view, event, mask, fallback, shape.thread);
        deliveries.push(planDelivery(channel, event, rendered, shape, loopKey));
        problems.push(...failures);
        writes.push(...answer.writes);
      } else {
        drop ??= answer.outcome;
        if (answer.pending !== undefined) pending.push(answer.pending);
      }
      if (channel.continues) continue;
      if (detail === "decision") break;
      taken = channel.name;
    }

    const outcome = deliveries.length > 0 ? "accepted" : (drop ?? "unmatched");
    return { outcome, deliveries, writes: writes.map(memory.own), pending, trace, problems };
  }

  return Object.assign((...given: Parameters<Admitter>) => inOneGo(steps(...given)), { steps });
}

function inOneGo<T>(steps: Generator<undefined, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Scopes the state of an event by its trust: no filter can mix them. */
function ownMemory(memory: Memory, trust: Trust): Memory & { own(write: MemoryWrite): MemoryWrite } {
  if (!isUnproven(trust)) return { get: memory.get, own: (write) => write };
  return {
    get: (scope, key) => memory.get(scopeOf(scope, true), key),
    own: (write) => ({ ...write, scope: scopeOf(write.scope, true) }),
  };
}

type Answer =
  | { readonly kind: "not-chosen" }
  | {
      readonly kind: "taken";
      readonly writes: readonly MemoryWrite[];
      readonly shape: Shape;
      readonly loopKey: string | undefined;
    }
  | { readonly kind: "dropped"; readonly outcome: Drop; readonly pending: Promise<unknown> | undefined };

interface Asking {
  readonly memory: Memory;
  readonly nowMs: number;
  readonly trace: TraceStep[];
  readonly problems: AdmissionProblem[];
}

function* ask(
  channel: PlannedChannel,
  view: View,
  { memory, nowMs, trace, problems }: Asking,
): Generator<undefined, Answer> {
  const writes: MemoryWrite[] = [];
  let loopKey: string | undefined;
  let varsReady = false;
  function* prepareVars(): Generator<undefined, void> {
    if (varsReady) return;
    varsReady = true;
    for (const planned of channel.vars) {
      const failure = computeVar(channel, planned, view);
      yield;
      if (failure === undefined) continue;
      const { key, message } = failure;
      trace.push({ channel: channel.name, filter: key, pass: true, detail: `missing: ${message}` });
      problems.push(failure);
    }
  }

  for (const { filter, needsVars } of channel.filters) {
    if (needsVars) yield* prepareVars();
    const verdict = filter.test(view, memory, nowMs);
    yield;
    const detail = verdict.pass ? verdict.note : verdict.reason;
    trace.push({
      channel: channel.name,
      filter: filter.name,
      pass: verdict.pass,
      ...(detail === undefined ? {} : { detail }),
      ...(!verdict.pass && verdict.path !== undefined ? { path: verdict.path } : {}),
    });
    if (verdict.pass) {
      if (verdict.write !== undefined) writes.push(verdict.write);
      if (filter.name === "dedupe") loopKey = verdict.write?.key;
      continue;
    }
    if (verdict.problem) problems.push({ channel: channel.name, key: filter.name, message: verdict.reason });
    if (choosing.has(filter.name)) return { kind: "not-chosen" };
    return {
      kind: "dropped",
      outcome: filter.name === "dedupe" ? "duplicate" : "dropped",
      pending: verdict.pending,
    };
  }
  yield* prepareVars();
  const shape = shapeOf(channel.shaping, view, memory, nowMs);
  for (const step of shape.steps) trace.push({ channel: channel.name, ...step });
  if (shape.dropped !== undefined) {
    const { reason, pending } = shape.dropped;
    trace.push({ channel: channel.name, filter: "throttle", pass: false, detail: reason });
    return { kind: "dropped", outcome: "dropped", pending };
  }
  trace.push({ channel: channel.name, filter: "taken", pass: true });
  return { kind: "taken", writes: [...writes, ...shape.writes], shape, loopKey };
}

/**
 * Fills in the `vars` of a view. One that cannot be computed is missing, like a missing path of the event;
 * the result says why.
 */
export function computeVars(channel: PlannedChannel, view: View): AdmissionProblem[] {
  return channel.vars.flatMap((planned) => computeVar(channel, planned, view) ?? []);
}

function computeVar(
  channel: PlannedChannel,
  { name, evaluate }: PlannedVar,
  view: View,
): AdmissionProblem | undefined {
  try {
    view.vars[name] = evaluate(view);
    return undefined;
  } catch (error) {
    if (!isRouterError(error)) throw error;
    return { channel: channel.name, key: `vars.${name}`, message: error.message };
  }
}
