// A sender whose webhooks a command line of the user can register, and what such a webhook is.

import type { RunProgram } from "./run-program.ts";

export interface HookSender {
  /** For the user: `GitHub`. */
  readonly title: string;
  /** The preset of `verify.scheme` of its sources. */
  readonly scheme: string;
  readonly program: string;
  /** The paths in `match` whose values name events, each with the event for a value; undefined: none has it. */
  readonly eventPaths: Readonly<Record<string, (value: string) => string | undefined>>;
  /** The sender makes the secret, and shows it once. */
  readonly makesSecret: boolean;
  open(target: HookTarget, run: RunProgram): HookApi;
}

/** Where at the sender. */
export interface HookTarget {
  /** `owner/name`; undefined for a sender without repositories. */
  readonly repo?: string | undefined;
  /** All repositories of an organisation or group, instead of one. */
  readonly org?: string | undefined;
  /** A server of one's own. */
  readonly host?: string | undefined;
  readonly live?: boolean | undefined;
}

export interface WantedHook {
  readonly source: string;
  readonly url: string;
  readonly events: readonly string[];
  /** Absent when the sender makes it. */
  readonly secret?: string | undefined;
}

export interface RemoteHook {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** What would keep events away, whatever the events are: `it is disabled`. */
  readonly faults: readonly string[];
}

/** All methods reject with a ConnectorError (E_HOOK) that says what to do. */
export interface HookApi {
  /** `repository acme/app on GitHub` */
  readonly target: string;
  list(): Promise<readonly RemoteHook[]>;
  /** Settles with the secret that the sender made. */
  create(hook: WantedHook): Promise<string | undefined>;
  update(id: string, hook: WantedHook): Promise<void>;
  remove(id: string): Promise<void>;
}
