// The interface of a sender whose webhooks can be registered with a command line tool of the user.

import type { RunProgram } from "./run-program.ts";

export interface HookSender {
  /** Its display name: `GitHub`. */
  readonly title: string;
  /** The preset of `verify.scheme` of its sources. */
  readonly scheme: string;
  readonly program: string;
  /** The paths in `match` that name events, each with the event for a value; undefined if the value is not an event. */
  readonly eventPaths: Readonly<Record<string, (value: string) => string | undefined>>;
  /** True if the sender creates the secret and shows it only once. */
  readonly makesSecret: boolean;
  open(target: HookTarget, run: RunProgram): HookApi;
}

/** The owner of the webhook at the sender. */
export interface HookTarget {
  /** `owner/name`; undefined if the sender has no repositories. */
  readonly repo?: string | undefined;
  /** All repositories of an organisation or group, instead of one. */
  readonly org?: string | undefined;
  /** A self-hosted server. */
  readonly host?: string | undefined;
  readonly live?: boolean | undefined;
}

export interface WantedHook {
  readonly source: string;
  readonly url: string;
  readonly events: readonly string[];
  /** Absent if the sender creates it. */
  readonly secret?: string | undefined;
}

export interface RemoteHook {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  /** Why it would not deliver any event: `it is disabled`. */
  readonly faults: readonly string[];
}

/** All methods reject with a ConnectorError (E_HOOK) that says what to do. */
export interface HookApi {
  /** `repository acme/app on GitHub` */
  readonly target: string;
  list(): Promise<readonly RemoteHook[]>;
  /** Resolves to the secret, if the sender created it. */
  create(hook: WantedHook): Promise<string | undefined>;
  update(id: string, hook: WantedHook): Promise<void>;
  remove(id: string): Promise<void>;
}
