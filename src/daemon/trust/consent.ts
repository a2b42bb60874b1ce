// Which powers of a config the user has agreed to, for the router that waits for it. The answers are on disk
// and read again while something waits, so that an answer given to any process counts here. Grants nothing by
// itself.

import type { ConsentGate, Power } from "../../contract/power.ts";
import type { Clock, Log } from "../../contract.ts";
import { consentRequired } from "../../errors.ts";
import { line, safeLine } from "../../text.ts";
import {
  type Answer,
  dropOutdated,
  readTrust,
  type TrustLocation,
  type TrustMemory,
  writeAnswer,
} from "./trust-file.ts";

export interface Consent extends ConsentGate {
  /** The user declined this power, and is not asked about it again. */
  declined(power: Power): boolean;
  /** Reads the answers again. Never rejects; a damaged file is reported once. */
  refresh(): Promise<void>;
  /** Stores the user's answer. Rejects when the state folder cannot be written. */
  remember(powers: readonly Power[], answer: Answer): Promise<void>;
  /** Called whenever the answers have changed. The result ends it. */
  onChange(listener: () => void): () => void;
  /** Equal as long as the same is allowed. */
  digest(): string;
  /** An earlier version stored answers, which no longer count, and nothing was answered since. */
  outdated(): boolean;
}

interface ConsentOptions {
  readonly location: TrustLocation;
  /** True when the environment trusts everything: for containers and CI. */
  readonly all: boolean;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /**
   * Logs once, and records, that the answers of an earlier version do not count. For the router; default: no.
   */
  readonly migrates?: boolean;
}

/** Settles when the answers were read. */
export async function openConsent({ location, all, clock, log, migrates }: ConsentOptions): Promise<Consent> {
  let memory: TrustMemory = { answers: new Map(), all: false, digest: "" };
  let reported: string | undefined;
  let reading: Promise<void> | undefined;
  const listeners = new Set<() => void>();

  const allows = ({ hash }: Power): boolean =>
    all || memory.all || memory.answers.get(hash)?.answer === "trusted";

  async function read(): Promise<void> {
    const found = await readTrust(location);
    reading = undefined;
    const isOther = found.digest !== memory.digest;
    memory = found;
    if (found.damage !== undefined && found.damage !== reported) log.warn(safeLine(found.damage));
    reported = found.damage;
    if (isOther) for (const listener of [...listeners]) listener();
  }

  function refresh(): Promise<void> {
    // Many sources may wait; one read is enough for all of them.
    reading ??= read();
    return reading;
  }

  await refresh();
  if (migrates === true && memory.outdated === "found") {
    log.warn(line`${outdatedNote}`);
    await dropOutdated(location).catch(() => undefined); // A state folder that cannot be written repeats the message at the next start.
  }
  return {
    allows,
    refresh,
    declined: ({ hash }) => memory.answers.get(hash)?.answer === "declined",
    async demand(powers) {
      if (powers.every(allows)) return;
      await refresh();
      if (!powers.every(allows)) throw consentRequired();
    },
    async remember(powers, answer) {
      await writeAnswer(location, powers, answer, clock.now());
      // A read that started before the write may have seen the old answers.
      await reading;
      await refresh();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    digest: () => (all ? "all" : memory.digest),
    outdated: () => memory.outdated !== undefined,
  };
}

export const outdatedNote =
  "consent given to an earlier version of channel-router no longer counts: it covers more now, so you are asked again, once";
