// `dev`: runs the config without Claude. Prints where to send, then every event as Claude would see it, or
// why it would not.

import { systemClock } from "../../clock.ts";
import type { PowerReport } from "../../control/protocol.ts";
import { powerAnswers } from "../../daemon/commands/power-answers.ts";
import { createLog } from "../../daemon/log.ts";
import { Observers } from "../../daemon/metrics/observers.ts";
import { lend, openRouter } from "../../daemon/open-router.ts";
import { trySource } from "../../daemon/sample-payload.ts";
import { loadPlan, requireConfig } from "../../daemon/start/load-plan.ts";
import { wholeQuestion } from "../../daemon/trust/consent-question.ts";
import { consentOf } from "../../daemon/trust/trust-location.ts";
import { type Mask, maskAll } from "../../host/secret-mask.ts";
import { createMemoryCursors } from "../../host/store.ts";
import { describeStatus, type Refusal } from "../../http/refusals.ts";
import type { Plan } from "../../plan/plan.ts";
import type { Decision } from "../../router/emit.ts";
import { createEventIds } from "../../router/event-id.ts";
import { createEvictionReport } from "../../router/evictions.ts";
import { createMemory } from "../../router/memory.ts";
import type { Router, RouterReport, SourceReport } from "../../router/router.ts";
import { createTraceRing } from "../../router/trace-ring.ts";
import {
  block,
  line,
  lines,
  masked,
  ownWords,
  type SafeText,
  safeJson,
  shownLine,
  text,
} from "../../text.ts";
import { colors } from "../colors.ts";
import { type DevConsole, openDevConsole } from "../console/dev-console.ts";
import { openDevControl } from "../dev-control.ts";
import { createDevFlow, type DevFlowPorts } from "../dev-flow.ts";
import { type ExitCode, runUntilSignal } from "../exit.ts";
import { terminalUser } from "../person.ts";
import { eventBlock, printed, printTrace } from "../print.ts";
import { toStdout } from "../terminal.ts";
import { check } from "./check.ts";
import { askForPowers } from "./trust.ts";

interface DevOptions {
  readonly config?: string;
  readonly json?: boolean;
  /** Sources that move files away are started, too. */
  readonly take?: boolean;
}

/** From the signal: how long requests in progress may take, and everything. */
const drainMs = 1_500;
const shutdownMs = 2_000;

/** A source that is not started, because it would take what belongs to a running router. */
interface NotStarted {
  readonly name: string;
  readonly type: string;
  readonly reason: string;
}

function notStarted({ sources }: Plan, take: boolean): NotStarted[] {
  return sources.flatMap(({ name, type, options, powers, enabled }) => {
    const found = { name, type: type.type };
    if (!enabled) return [];
    if (type.chat !== undefined)
      return [{ ...found, reason: "dev admits nobody, so it would confirm its messages and drop them" }];
    if (take) return [];
    const moves = powers.some(({ power }) => power === "move");
    const taken = moves ? "it would move the files away" : type.takes?.(options);
    return taken === undefined ? [] : [{ ...found, reason: `${taken}; dev --take starts it` }];
  });
}

export async function dev(options: DevOptions): Promise<ExitCode> {
  const { file, chosen } = requireConfig(options.config);
  const { loaded, plan, issues, mask } = await loadPlan(file, process.env, { makeKey: true, chosen });
  if (issues.length > 0) return check(file, options);

  const log = createLog({ secrets: () => loaded.secrets });
  const print = (shown: SafeText) => toStdout(printed(masked(shown, mask)));
  const show = options.json ? jsonLines(print, mask) : readable(print, plan, loaded.values.server.name);
  const consent = await consentOf(process.env, file, log);
  const newId = createEventIds();
  const decisions = createTraceRing();
  const flow = createDevFlow({ plan, newId, ...show.flow });
  const left = notStarted(plan, options.take === true);
  const isLeft = (name: string) => left.some((one) => one.name === name);
  const observers = new Observers();
  let page: DevConsole | undefined;
  let router: Router | undefined;
  let control: Promise<() => Promise<void>> | undefined;

  async function start(ending: AbortSignal): Promise<void> {
    const waits = plan.powers.filter((power) => !consent.allows(power));
    // With --json the output is for a program, even at a terminal.
    const person = options.json ? undefined : terminalUser();
    if (waits.length > 0 && person !== undefined) {
      toStdout(printed(wholeQuestion(file, waits, plan)));
      await askForPowers(waits, consent, person);
    }
    router = await openRouter({
      loaded,
      powers: plan.listen.powers,
      isLeader: false,
      consent,
      clock: systemClock,
      log,
      memory: createMemory(systemClock, undefined, createEvictionReport(log, systemClock)),
      newId,
      detail: "trace",
      tryWith: (source) => trySource({ loaded, plan }, source),
      cursors: createMemoryCursors(),
      lent: lend(file, systemClock, () => loaded.secrets),
      announce: show.notice,
      commit: async () => {},
      observe(decision) {
        const { event, admission } = decision;
        if (admission !== undefined && decision.outcome === "accepted")
          observers.stored(event, admission.deliveries);
        decisions.add(decision);
        show.decision(decision);
        if (admission !== undefined) flow.accept({ event, deliveries: admission.deliveries });
      },
      started: show.started,
      refused: show.refused,
    });
    if (ending.aborted) return;
    await router.start({
      ...plan,
      sources: plan.sources.map((source) => (isLeft(source.name) ? { ...source, enabled: false } : source)),
    });
    if (ending.aborted) return;
    const waiting = powerAnswers(plan.powers, consent).filter(({ trusted }) => !trusted);
    control = openDevControl({
      config: file,
      env: process.env,
      log,
      receiver: { router, plan, decisions },
      mask: (answer) => maskAll(answer, mask),
    }).catch((error: Error) => {
      log.warn(line`channel-router send cannot reach dev: ${error.message}`);
      return async () => undefined;
    });
    await control;
    page = await openDevConsole({
      config: { loaded, plan },
      consent,
      router,
      decisions,
      observers,
      mask,
      log,
      isPerson: person !== undefined,
    }).catch((error: Error) => {
      log.warn(line`the console cannot be opened: ${error.message}`);
      return undefined;
    });
    if (!ending.aborted) show.opening(file, { ...router.report(), left }, waiting);
    if (!ending.aborted && page?.url !== undefined) show.console(page.url);
  }

  async function close(): Promise<void> {
    flow.stop();
    await page?.close();
    await (await control)?.();
    await router?.stop(AbortSignal.timeout(drainMs));
  }

  return runUntilSignal(start, close, shutdownMs);
}

interface Show {
  /** The outcome of accepted events. */
  readonly flow: Pick<DevFlowPorts, "delivered" | "held" | "ended">;
  /** A notice about the config that a session would receive. */
  notice(content: SafeText): void;
  opening(
    file: string,
    report: RouterReport & { readonly left: readonly NotStarted[] },
    waiting: readonly PowerReport[],
  ): void;
  /** The address of the console. */
  console(url: string): void;
  /** A source that had to wait at the start. */
  started(source: SourceReport): void;
  decision(decision: Decision): void;
  refused(refusal: Refusal, source?: string): void;
}

function jsonLines(print: (shown: SafeText) => void, mask: Mask): Show {
  const entry = (value: unknown) => print(safeJson(maskAll(value, mask)));
  return {
    notice: (content) => entry({ type: "notice", time: new Date().toISOString(), content }),
    opening: (file, { sources, address, left }, waiting) =>
      entry({ type: "ready", file, address, sources, waiting, not_started: left }),
    console: (url) => entry({ type: "console", url }),
    started: (source) => entry({ type: "started", source }),
    decision: ({ event, outcome, admission }) =>
      entry({
        type: "event",
        event_id: event.id,
        source: event.source,
        time: new Date(event.timeMs).toISOString(),
        outcome,
        deliveries: admission?.deliveries ?? [],
        trace: admission?.trace ?? [],
      }),
    flow: {
      delivered({ timeMs, delivery: { eventId, channel, content, meta, tokens }, members }) {
        const time = new Date(timeMs).toISOString();
        entry({ type: "delivered", event_id: eventId, channel, time, content, meta, tokens, members });
      },
      held: (eventId, channel, reason) => entry({ type: "held", event_id: eventId, channel, reason }),
      ended: (eventId, channel, reason) => entry({ type: "ended", event_id: eventId, channel, reason }),
    },
    refused: (refusal, source) =>
      entry({ type: "refused", source, time: new Date().toISOString(), ...refusal }),
  };
}

function readable(print: (shown: SafeText) => void, plan: Plan, serverName: string): Show {
  const clock = (ms = systemClock.now()) => colors.dim(new Date(ms).toTimeString().slice(0, 8));
  const printReason = (what: string) => (eventId: string, channel: string, reason: string) =>
    print(text`${clock()} ${colors.yellow(what)} ${channel} ${eventId}: ${reason}\n`);
  return {
    flow: {
      delivered: ({ timeMs, delivery }) =>
        print(
          printed(
            line`${clock(timeMs)} ${colors.green("delivered")} ${delivery.channel}, ~${delivery.tokens} tokens`,
            eventBlock(serverName, delivery),
          ),
        ),
      held: printReason("held"),
      ended: printReason("ended"),
    },
    notice: (content) => print(text`${colors.yellow("notice")} ${block(content)}\n`),
    opening(file, { sources, left }, waiting) {
      print(text`${colors.bold("channel-router dev")} runs ${file} (Ctrl-C ends it)\n`);
      for (const source of sources) printSource(source, plan, print);
      for (const { name, type, reason } of left)
        print(text`${colors.bold(name)} (${type}) ${colors.yellow("is not started")}: ${reason}\n`);
      for (const { power, value } of waiting)
        print(
          line`${colors.yellow(`${power} ${shownLine(value)} waiting for consent: channel-router trust`)}`,
        );
      print(
        line`${
          sources.length === 0 && left.length === 0
            ? colors.red("no source is enabled: nothing will arrive")
            : colors.dim("waiting for events")
        }`,
      );
    },
    console: (url) => print(line`console: ${url}`),
    started: (source) => printSource(source, plan, print),
    decision({ event, outcome, admission }) {
      if (outcome === "accepted") return;
      const why =
        admission === undefined ? [line`  its delivery id was seen before`] : printTrace(admission.trace);
      print(
        printed(line`${clock(event.timeMs)} ${colors.yellow(outcome)} ${event.source} ${event.id}`, ...why),
      );
    },
    refused({ status, reason }, source = "no source") {
      print(text`${clock()} ${colors.red("refused")} ${source} ${describeStatus(status)}: ${reason}\n`);
    },
  };
}

function printSource(source: SourceReport, plan: Plan, print: (shown: SafeText) => void): void {
  const channels = plan.channels.filter(({ from }) => from.includes(source.name)).map(({ name }) => name);
  print(line`${colors.bold(source.name)} (${source.type}) feeds ${channels.join(", ")}`);
  if (source.state !== "running") print(line`${colors.red(`  ${source.state}: ${source.detail ?? ""}`)}`);
  if (source.endpointInfo !== undefined) {
    print(line`  ${source.endpointInfo.address}`);
    if (source.endpointInfo.example !== undefined)
      print(lines([line`  try it:`, ownWords(source.endpointInfo.example)]));
    if (source.endpointInfo.noExample !== undefined)
      print(line`${colors.dim(`  no example: ${source.endpointInfo.noExample}`)}`);
  }
  print(line``);
}
