// Which powers of a config a person has agreed to, for the router that has to wait for it. The answers are on disk and read
// again while something waits, so that an answer given to any process counts here. Grants nothing by itself.

import type { Clock, Log } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import type { Power } from "../plan/powers.ts";
import { safeLine } from "../text.ts";
import { type Answer, readTrust, type TrustMemory, type TrustPlace, writeAnswer } from "./trust-file.ts";

export interface Consent {
  /** As last read. */
  allows(power: Power): boolean;
  /** A person was asked and said no: not to be asked again about this very power. */
  declined(power: Power): boolean;
  /** Settles when every one of them is allowed; rejects with E_POWER_UNTRUSTED, to be tried again, when one waits. */
  demand(powers: readonly Power[]): Promise<void>;
  /** Reads the answers again. Never rejects; a damaged file is told once. */
  refresh(): Promise<void>;
  /** Keeps what a person said. Rejects when the state folder cannot be written. */
  remember(powers: readonly Power[], answer: Answer): Promise<void>;
}

interface ConsentOptions {
  readonly place: TrustPlace;
  /** True when the environment trusts everything: for containers and CI. */
  readonly all: boolean;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
}

/** How soon a source that waits asks again. */
const againMs = 500;

/** Settles when the answers were read. */
export async function openConsent({ place, all, clock, log }: ConsentOptions): Promise<Consent> {
  let memory: TrustMemory = { answers: new Map() };
  let told: string | undefined;
  let reading: Promise<void> | undefined;

  const allows = ({ hash }: Power): boolean => all || memory.answers.get(hash)?.answer === "trusted";

  function refresh(): Promise<void> {
    // Many sources may wait; one look is enough for all of them.
    reading ??= readTrust(place).then((found) => {
      reading = undefined;
      memory = found;
      if (found.damage !== undefined && found.damage !== told) log.warn(safeLine(found.damage));
      told = found.damage;
    });
    return reading;
  }

  await refresh();
  return {
    allows,
    refresh,
    declined: ({ hash }) => memory.answers.get(hash)?.answer === "declined",
    async demand(powers) {
      if (powers.every(allows)) return;
      await refresh();
      if (!powers.every(allows)) throw untrusted();
    },
    async remember(powers, answer) {
      await writeAnswer(place, powers, answer, clock.now());
      // A look that began before the write may have seen the old answers.
      await reading;
      await refresh();
    },
  };
}

export function untrusted(): ConnectorError {
  return new ConnectorError("E_POWER_UNTRUSTED", "waits for your consent: channel-router trust", {
    retryable: true,
    retryAfterMs: againMs,
  });
}
