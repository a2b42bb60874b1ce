// How one session can be rung: by the first way that the config allows and the session has, unless a policy
// forbids it.

import type { RingResult, WakeWay } from "../../contract/wake.ts";
import type { Clock } from "../../contract.ts";
import type { SessionDoorbell } from "../../dispatch/session.ts";
import type { Registration } from "../client-log.ts";
import type { ServerIdentity } from "../listening.ts";
import type { ClientIdentity, ConnectedWays } from "./connected-ways.ts";
import { policyIn, policyOfSettings } from "./policy.ts";

/** What the running config asks for, and whether the user agreed. */
export type WakeConsent =
  | { readonly state: "off" | "waiting" }
  | { readonly state: "allowed"; readonly ways: readonly WakeWay[] };

export interface SessionWakeOptions {
  consent(): WakeConsent;
  readonly ways: ConnectedWays;
  client(): ClientIdentity;
  server(): ServerIdentity;
  /** Of its client, which may have another one than this process. */
  configFolder(): string;
  /** The last entry of the client's log about the registration. */
  registration(): Registration | undefined;
  /** Why the inbox cannot be used, as the session's process reports it; true when it can, undefined when there is none. */
  inbox(): true | string | undefined;
  ringInbox(waiting: number): Promise<RingResult>;
  /** The result of `report` may have changed. */
  changed(): void;
  readonly clock: Pick<Clock, "now">;
}

export interface WakeReport {
  /** How it would be rung; absent when it cannot be. */
  readonly way?: WakeWay;
  /** Why it cannot, or why the last ring failed. */
  readonly reason?: string;
}

/** How long managed settings that were read are valid. */
const settingsForMs = 30_000;

export class SessionWake implements SessionDoorbell {
  readonly #options: SessionWakeOptions;
  #settings: { readonly policy: string | undefined; readonly atMs: number } | undefined;
  #reading: Promise<string | undefined> | undefined;
  #failure: string | undefined;

  constructor(options: SessionWakeOptions) {
    this.#options = options;
  }

  /** Reads what it must know before the first ring. Never rejects. */
  async prepare(): Promise<void> {
    const before = this.#settings?.policy;
    const isFirst = this.#settings === undefined;
    await this.#policy();
    if (isFirst || before !== this.#settings?.policy) this.#options.changed();
  }

  isThere(): boolean {
    // An administrator may change them while the session is open.
    if (this.#settings !== undefined && this.#isStale()) void this.prepare();
    return this.report().way !== undefined;
  }

  async ring(waiting: number): Promise<boolean> {
    if ((await this.#policy()) !== undefined) {
      this.#options.changed();
      return false;
    }
    let failure: string | undefined;
    for (const way of this.#offered()) {
      const result = await this.#ringBy(way, waiting);
      // Another way could be a second ring for the same.
      if (result.rung !== false) {
        this.#failure = result.rung === true ? undefined : `${way}: ${result.reason}`;
        return true;
      }
      failure ??= `${way}: ${result.reason}`;
    }
    this.#failure = failure;
    return false;
  }

  report(): WakeReport {
    const consent = this.#options.consent();
    if (consent.state === "off") return { reason: "wake is off" };
    if (consent.state !== "allowed") return { reason: "waiting for consent (channel-router trust)" };
    const policy = policyIn(this.#options.registration()) ?? this.#settings?.policy;
    if (policy !== undefined) return { reason: policy };
    if (this.#settings === undefined) return { reason: "managed settings have not been read yet" };
    const [way] = this.#offered();
    if (way !== undefined) return this.#failure === undefined ? { way } : { way, reason: this.#failure };
    const inbox = consent.ways.includes("inbox") ? this.#options.inbox() : undefined;
    const later = this.#options.server().plugin === undefined ? "" : startsLater(consent.ways);
    return {
      reason:
        typeof inbox === "string"
          ? `inbox: ${inbox}${later}`
          : `the session has no ${consent.ways.join(" or ")}${later}`,
    };
  }

  async #policy(): Promise<string | undefined> {
    if (this.#isStale()) {
      this.#reading ??= policyOfSettings(this.#options.server(), {
        configFolder: this.#options.configFolder(),
      });
      const policy = await this.#reading;
      this.#settings = { policy, atMs: this.#options.clock.now() };
      this.#reading = undefined;
    }
    return policyIn(this.#options.registration()) ?? this.#settings?.policy;
  }

  #isStale(): boolean {
    const { atMs = Number.NEGATIVE_INFINITY } = this.#settings ?? {};
    return Math.abs(this.#options.clock.now() - atMs) > settingsForMs;
  }

  #offered(): WakeWay[] {
    const { consent, ways, client, inbox } = this.#options;
    const allowed = consent();
    if (allowed.state !== "allowed") return [];
    return allowed.ways.filter((way) =>
      way === "inbox" ? inbox() === true : ways.of(way, client()) !== undefined,
    );
  }

  async #ringBy(way: WakeWay, waiting: number): Promise<RingResult> {
    if (way === "inbox") return this.#options.ringInbox(waiting);
    const connected = this.#options.ways.of(way, this.#options.client());
    return (await connected?.ring(waiting)) ?? { rung: false, reason: "its process is gone" };
  }
}

/** When the plugin has those that ended because the config did not ask for them. */
function startsLater(ways: readonly WakeWay[]): string {
  if (ways.includes("hook")) return "; a hook starts after the next turn";
  return ways.includes("monitor") ? "; the monitor starts with the next session" : "";
}
