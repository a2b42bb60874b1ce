// What the router provides to one source: the shared parts, and those of the source.

import type { Host, LentHost, Listener } from "../contract/host.ts";
import type { Clock, Log } from "../contract.ts";
import type { PlannedSource } from "../plan/plan.ts";
import { type SafeText, stackOf, text } from "../text.ts";
import { boundedHost, boundedListener } from "./bounds.ts";
import { createLoop } from "./loop.ts";
import { type Cursors, createStore } from "./store.ts";

export interface HostOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly lent: LentHost;
  /** Where the stores of sources are. */
  readonly cursors: Cursors;
  /** Accepts an event of our own about one part of the config, for a session. */
  announce?(content: SafeText, subject: string): void;
}

export function createHost(
  {
    name,
    keeps,
    code,
    launch,
    bound,
    isTainted,
    cameIn,
  }: Pick<PlannedSource, "name" | "keeps" | "code" | "launch" | "bound" | "isTainted" | "cameIn">,
  listener: Listener,
  options: HostOptions & Pick<Host, "people" | "refused">,
): Host {
  const { clock, log, cursors, people, refused } = options;
  const lent = bound === undefined ? options.lent : boundedHost(options.lent, bound);
  const subject = `source ${name}`;
  return {
    ...lent,
    ...(launch === undefined ? {} : { spawn: (command) => lent.spawn({ ...command, launch }) }),
    log,
    clock: clockFor(subject, clock, log),
    listener: bound === undefined ? listener : boundedListener(listener, bound),
    code,
    people,
    isTainted,
    cameIn,
    refused,
    store: createStore(cursors, name, keeps),
    loop: (rounds) =>
      createLoop(rounds, {
        subject,
        clock,
        log,
        announce: (content) => options.announce?.(content, subject),
      }),
  };
}

// Errors in a timer of a source, which nobody awaits. They are bugs and are logged in full; they must not end
// the process that other sources, and the client, depend on. For all others see daemon/crash-guard.ts.

const isBug = "failed through a bug in this program";

/**
 * The clock for one part, whose name begins its log lines: an error in one of its timers is logged and goes
 * no further.
 */
export function clockFor(subject: string, clock: Clock, log: Log): Clock {
  return {
    now: clock.now,
    after: (ms, run) =>
      clock.after(ms, () => {
        try {
          run();
        } catch (error) {
          log.error(text`${subject} ${isBug}: ${stackOf(error)}`);
        }
      }),
  };
}
