// `dev`: the config at work without Claude. Prints where to send, then every event as Claude would see it, or why it would not.

import colors from "picocolors";
import type { Rendered } from "../contract.ts";
import type { Plan } from "../plan/plan.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Decision } from "../runtime/emit.ts";
import { createEventIds } from "../runtime/event-id.ts";
import { createLog } from "../runtime/log.ts";
import { createMemory } from "../runtime/memory.ts";
import type { RouterReport, SourceReport } from "../runtime/router.ts";
import { check } from "./check.ts";
import type { ExitCode } from "./exit.ts";
import { loadPlan, requireConfig } from "./load-plan.ts";
import { openRouter } from "./open-router.ts";
import { personHere } from "./person.ts";
import { consentOf, listPowers, type PowerAnswer, powerAnswers } from "./power-answers.ts";
import { eventBlock, printTrace } from "./print.ts";
import { stopSignal } from "./stop-signal.ts";
import { askForPowers } from "./trust.ts";

interface DevOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export async function dev(options: DevOptions): Promise<ExitCode> {
  const file = requireConfig(options.config);
  const { loaded, plan, issues } = await loadPlan(file);
  if (issues.length > 0) return check(file, options);

  const log = createLog({ secrets: () => loaded.secrets });
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const show = options.json ? jsonLines(print) : readable(print, loaded.values.server.name);
  const consent = await consentOf(process.env, file, log);
  const waits = plan.powers.filter((power) => !consent.allows(power));
  // With --json the output is for a program, whoever sits there.
  const person = options.json ? undefined : personHere(process.env);
  if (waits.length > 0 && person !== undefined) {
    print(`${file} asks to\n${listPowers(waits)}`);
    await askForPowers(waits, consent, person);
  }
  const router = await openRouter({
    loaded,
    consent,
    clock: systemClock,
    log,
    memory: createMemory(systemClock),
    newId: createEventIds(),
    detail: "trace",
    commit: async () => {},
    observe: show.decision,
  });
  await router.start(plan);
  const waiting = powerAnswers(plan.powers, consent).filter(({ trusted }) => !trusted);
  show.opening(file, plan, router.report(), waiting);
  await stopSignal();
  await router.stop(AbortSignal.timeout(1_500));
  return 0;
}

interface Show {
  opening(file: string, plan: Plan, report: RouterReport, waiting: readonly PowerAnswer[]): void;
  decision(decision: Decision): void;
}

function jsonLines(print: (text: string) => void): Show {
  return {
    opening: (file, _, { sources, address }, waiting) =>
      print(JSON.stringify({ type: "ready", file, address, sources, waiting })),
    decision: ({ event, outcome, admission }) =>
      print(
        JSON.stringify({
          type: "event",
          event_id: event.id,
          source: event.source,
          time: new Date(event.timeMs).toISOString(),
          outcome,
          deliveries: admission?.deliveries ?? [],
          trace: admission?.trace ?? [],
        }),
      ),
  };
}

function readable(print: (text: string) => void, serverName: string): Show {
  const delivered = (event: Rendered, time: string) =>
    print(
      `${colors.dim(time)} ${colors.green("delivered")} ${event.channel}, ${event.tokens} tokens\n${eventBlock(serverName, event)}\n`,
    );
  return {
    opening(file, plan, { sources }, waiting) {
      print(`${colors.bold("channel-router dev")} runs ${file} (Ctrl-C ends it)\n`);
      for (const source of sources) printSource(source, plan, print);
      for (const { power, value } of waiting)
        print(colors.yellow(`${power} ${value} waits for your consent: channel-router trust`));
      print(colors.dim("waiting for events"));
    },
    decision({ event, outcome, admission }) {
      const time = new Date(event.timeMs).toTimeString().slice(0, 8);
      for (const delivery of admission?.deliveries ?? []) delivered(delivery, time);
      if (outcome === "accepted") return;
      const why =
        admission === undefined ? ["  its delivery id was seen before"] : printTrace(admission.trace);
      print(`${colors.dim(time)} ${colors.yellow(outcome)} ${event.source} ${event.id}\n${why.join("\n")}\n`);
    },
  };
}

function printSource(source: SourceReport, plan: Plan, print: (text: string) => void): void {
  const channels = plan.channels.filter(({ from }) => from.includes(source.name)).map(({ name }) => name);
  print(`${colors.bold(source.name)} (${source.type}) feeds ${channels.join(", ")}`);
  if (source.state !== "running") print(colors.red(`  ${source.state}: ${source.detail ?? ""}`));
  if (source.invitation !== undefined) {
    print(`  ${source.invitation.address}`);
    if (source.invitation.tryIt !== undefined) print(`  try it:\n${source.invitation.tryIt}`);
  }
  print("");
}
