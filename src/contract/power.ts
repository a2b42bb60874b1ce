// What a config may do only with consent, and what a component reaches outside.

/**
 * Something that a config may do only with consent. `use`: anything at all, for a file that was found. `instruct`: text of a found
 * file as instructions. `listen`: accept connections from outside. `approve`: let people answer permission prompts. `people`: admit
 * people. `command`: run a program. `read`, `write`, `move`: what is done to files; moving takes them away. `connect`: open a
 * connection to a host. `share`: let files leave through chats unasked. `secret`: the same as `connect`, or an answer to a caller, with
 * something in it that a variable, a file or a secret brought in. `show`: give the value of a variable to Claude.
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
  | "show";

/** It waits for consent; what needs it is not started before. */
export interface Power {
  readonly power: PowerKind;
  /** What exactly, as it is shown: the command line, the folder, the host, the ids. Secrets in it are hidden. */
  readonly value: string;
  /** The place in the config that asks for it, for instance `listen` or `sources.ci`. */
  readonly component: string;
  /** Stands for what will happen, secrets included: consent is remembered by it. */
  readonly hash: string;
  /** Of a command whose program has no absolute path: which file that is; null when there is none. */
  readonly program?: string | null;
}

/** What has to pass before a power is used. */
export interface ConsentGate {
  /** As last read. */
  allows(power: Power): boolean;
  /** Settles when every one of them is allowed; rejects with E_CONSENT_REQUIRED, to be tried again, when one waits. */
  demand(powers: readonly Power[]): Promise<void>;
}

/**
 * Something outside that a component touches, read from its options alone. The same function is asked twice: with the real options,
 * which decide, and with options whose secrets are hidden, for what people are shown. So it must neither refuse nor interpret a text.
 */
export type Reach =
  /** `method`: of a request that can change something there. */
  | { readonly to: "host"; readonly url: string; readonly method?: string | undefined }
  | ReachedProgram
  /** `path`: absolute, with its wildcards. `outside`: it may lie outside of the config's folder, or holds credentials by its name. */
  | { readonly to: "read"; readonly path: string; readonly outside: boolean }
  /** `replaces`: what was in a file before is lost. */
  | { readonly to: "write"; readonly path: string; readonly outside: boolean; readonly replaces: boolean }
  | { readonly to: "move"; readonly path: string; readonly target: string }
  /** Ids, or how they prove who they are. */
  | { readonly to: "people"; readonly who: string }
  /** Whoever sends a request gets an answer of the config's own. */
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

/** What a command would run, as found on disk when the config was read. */
export interface Launch {
  /** As the command calls its program. */
  readonly name: string;
  /** Further programs that the component starts. It can start no others. */
  readonly others?: readonly Pick<Launch, "name" | "program">[];
  /** Absolute path of the program; null when there is none of that name. */
  readonly program: string | null;
  /** The folder whose files come with the config. */
  readonly project: string;
  /** The files in it that the command names, and what they held. */
  readonly scripts: readonly Script[];
  /** Why it cannot be known what would run; then it is not started. */
  readonly problem?: string;
}

export interface Script {
  /** Absolute. */
  readonly path: string;
  readonly sha256: string;
}
