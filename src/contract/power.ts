// What a config may do only with consent, and what a component reaches outside.

/**
 * Something that a config may do only with consent. `use`: anything at all, for a file that was found.
 * `instruct`: text of a found file as instructions. `listen`: accept connections from outside. `approve`:
 * allow people to answer permission prompts. `people`: admit people. `command`: run a program. `read`,
 * `write`, `move`: access to files; moving removes them from their folder. `connect`: open a connection to a
 * host. `share`: let files leave through chats without a question. `secret`: the same as `connect`, or an
 * answer to a caller, with a part from a variable, a file or a secret. `show`: give the value of a variable
 * to Claude. `wake`: notify sessions that do not show channels of waiting events.
 */
export type PowerKind =
  | "use"
  | "instruct"
  | "listen"
  | "approve"
  | "people"
  | "command"
  | "read"
  | "write"
  | "move"
  | "connect"
  | "share"
  | "secret"
  | "show"
  | "wake";

/** It waits for consent; components that need it are not started before. */
export interface Power {
  readonly power: PowerKind;
  /**
   * The exact subject, as displayed: the command line, the folder, the host, the ids. Secrets in it are
   * hidden.
   */
  readonly value: string;
  /** The part of the config that needs it, for instance `listen` or `sources.ci`. */
  readonly component: string;
  /** Hash of the complete effect, secrets included: consent is stored under it. */
  readonly hash: string;
  /**
   * For a command whose program has no absolute path: the file it resolves to; null when it was not found.
   */
  readonly program?: string | null;
}

/** The gate before a power is used. */
export interface ConsentGate {
  /** As last read. */
  allows(power: Power): boolean;
  /**
   * Settles when every one of them is allowed; rejects with E_CONSENT_REQUIRED, retryable, when one waits.
   */
  demand(powers: readonly Power[]): Promise<void>;
}

/**
 * An external resource that a component uses, derived from its options alone. The same function is called
 * twice: with the real options, which decide, and with options whose secrets are hidden, for display. So it
 * must neither reject nor interpret a text.
 */
export type Reach =
  /** `method`: of a request that can change something there. */
  | { readonly to: "host"; readonly url: string; readonly method?: string | undefined }
  | ReachedProgram
  /**
   * `path`: absolute, with its wildcards. `outside`: it may be outside of the config's folder, or is a
   * credentials file by its name; `isSecret`: the latter.
   */
  | { readonly to: "read"; readonly path: string; readonly outside: boolean; readonly isSecret?: true }
  /** `replaces`: the previous content of a file is lost. */
  | { readonly to: "write"; readonly path: string; readonly outside: boolean; readonly replaces: boolean }
  | { readonly to: "move"; readonly path: string; readonly target: string }
  /** Ids, or how they are verified. */
  | { readonly to: "people"; readonly who: string }
  /** Every caller gets an answer of the config. */
  | { readonly to: "callers"; readonly of: string };

export interface ReachedProgram {
  readonly to: "program";
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** The files that a command would run, as found on disk when the config was read. */
export interface Launch {
  /** The program name in the command. */
  readonly name: string;
  /** Further programs that the component starts. It can start no others. */
  readonly others?: readonly Pick<Launch, "name" | "program">[];
  /** Absolute path of the program; null when it was not found. */
  readonly program: string | null;
  /** The folder whose files belong to the config. */
  readonly project: string;
  /** The files in it that the command names, and their contents. */
  readonly scripts: readonly Script[];
  /** Absolute paths that the command names, with wildcards: where they lead is compared at the start. */
  readonly paths: readonly string[];
  /** Those that led out of the project then. */
  readonly links: readonly Link[];
  /** Why it is unknown what would run; then it is not started. */
  readonly problem?: string;
}

export interface Link {
  /** Absolute, in the project. */
  readonly path: string;
  /** Absolute, without links, outside of the project. */
  readonly target: string;
}

export interface Script {
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
}
