// Parts of the status report: see status.ts.

/** Absent where the config turns it off. */
export interface ConsoleReport {
  /** The origin to open in a browser, for instance `http://127.0.0.1:8787`; absent while it is not served. */
  readonly console?: string;
  /** Why the console is not served. One line. */
  readonly console_problem?: string;
}

export interface PowerReport {
  /** Its kind: `listen`. */
  readonly power: string;
  /** The exact value: for `listen`, the address. */
  readonly value: string;
  /** The path in the config that needs it. */
  readonly component: string;
  /** For a command whose program has no absolute path: which file that is; null when there is none. */
  readonly program?: string | null;
  /** False: it waits for consent, and so does everything that needs it. */
  readonly trusted: boolean;
}
