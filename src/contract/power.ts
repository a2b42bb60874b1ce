// What a config may do only with consent.

/**
 * Something that a config may do only with consent. `use`: anything at all, for a file that was found. `instruct`: text of a found
 * file as instructions. `listen`: accept connections from outside. `approve`: let people answer permission prompts. `people`: admit
 * people. `command`: run a program. `read`, `write`, `move`: what is done to files; moving takes them away. `connect`: open a
 * connection to a host. `secret`: the same, or an answer to a caller, with a secret in it. `show`: give a variable's value to Claude.
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
  | "secret"
  | "show";

/** What a component asks for. */
export interface PowerRequest {
  readonly power: PowerKind;
  /** What exactly, as a person is asked about it: the command line, the folder, the host, the ids. Another value is another power. */
  readonly value: string;
}
