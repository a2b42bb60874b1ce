// Programs that run the program in their arguments. The inner program is found by reading the options that
// are listed here. With any other option its position is unknown, and the arguments may contain no template.

import { namesOf } from "./program-name.ts";

/** The options that may come before a program, or before a subcommand. */
export interface LeadingOptions {
  /** Letters of short options without a value; they may be combined. */
  readonly flags?: string;
  /** Letters of short options with a value, attached or in the next word. */
  readonly valued?: string;
  /** Long options without a value, or with one after `=`. */
  readonly long?: readonly string[];
  /** Long options with a value in the next word, or after `=`. */
  readonly longValued?: readonly string[];
  /** Words between the options and the program: the seconds of `timeout`. */
  readonly operands?: number;
  /** `NAME=value` may come before the program. */
  readonly assignments?: true;
  /** Its stdin becomes arguments of the program. */
  readonly argumentsFromStdin?: true;
}

const sudo: LeadingOptions = {
  flags: "ABbEHKknPS",
  valued: "CDghpRrTtUu",
  long: ["preserve-env", "non-interactive", "set-home", "reset-timestamp", "background", "stdin", "askpass"],
  longValued: [
    "user",
    "group",
    "host",
    "prompt",
    "chdir",
    "close-from",
    "chroot",
    "role",
    "type",
    "command-timeout",
  ],
  assignments: true,
};

const wrappers = new Map<string, LeadingOptions>([
  [
    "env",
    {
      flags: "i0v",
      valued: "uC",
      long: ["ignore-environment", "null", "debug", "block-signal", "default-signal", "ignore-signal"],
      longValued: ["unset", "chdir"],
      assignments: true,
    },
  ],
  ["sudo", sudo],
  ["doas", { flags: "nL", valued: "Cu" }],
  ["pkexec", { long: ["disable-internal-agent", "keep-cwd"], longValued: ["user"] }],
  ["nice", { flags: "0123456789", valued: "n", longValued: ["adjustment"] }],
  ["ionice", { flags: "t", valued: "cn", longValued: ["class", "classdata"], long: ["ignore"] }],
  ["chrt", { flags: "abfiormRv", valued: "TPD", operands: 1 }],
  ["taskset", { flags: "ac", long: ["all-tasks", "cpu-list"], operands: 1 }],
  ["nohup", {}],
  ["setsid", { flags: "cfw", long: ["ctty", "fork", "wait"] }],
  [
    "time",
    {
      flags: "apvql",
      valued: "fo",
      long: ["append", "portability", "verbose", "quiet"],
      longValued: ["format", "output"],
    },
  ],
  [
    "timeout",
    {
      flags: "fpv",
      valued: "ks",
      long: ["foreground", "preserve-status", "verbose"],
      longValued: ["kill-after", "signal"],
      operands: 1,
    },
  ],
  ["stdbuf", { valued: "ioe", longValued: ["input", "output", "error"] }],
  ["unbuffer", { flags: "p" }],
  ["chroot", { long: ["skip-chdir"], longValued: ["userspec", "groups"], operands: 1 }],
  [
    "xargs",
    {
      flags: "0rtxpo",
      valued: "ILnPsEda",
      long: ["null", "no-run-if-empty", "verbose", "exit", "interactive", "open-tty"],
      longValued: [
        "max-args",
        "max-procs",
        "max-chars",
        "max-lines",
        "delimiter",
        "arg-file",
        "replace",
        "eof",
        "process-slot-var",
      ],
      argumentsFromStdin: true,
    },
  ],
  [
    "flock",
    {
      flags: "sxneuoFv",
      valued: "wE",
      long: ["shared", "exclusive", "nonblock", "close", "verbose"],
      longValued: ["timeout", "conflict-exit-code"],
      operands: 1,
    },
  ],
  ["strace", { flags: "fFqtTrvxyiknCcwZz", valued: "aeoOpsSuPEXUb" }],
  ["caffeinate", { flags: "disum", valued: "tw" }],
  ["busybox", {}],
  ["toybox", {}],
  ["gosu", { operands: 1 }],
  ["su-exec", { operands: 1 }],
  ["setuidgid", { operands: 1 }],
  ["envdir", { operands: 1 }],
  ["tini", { flags: "sgv" }],
  ["dumb-init", { flags: "cv" }],
  ["cpulimit", { valued: "lpe" }],
  ["faketime", { operands: 1 }],
  ["runcon", { operands: 1 }],
  ["logsave", { operands: 1 }],
  // Without options: with any option the analysis stops.
  ...`setarch linux32 linux64 x86_64 i386 rlwrap dbus-run-session xvfb-run fakeroot eatmydata torsocks torify tsocks proxychains proxychains4
  prlimit softlimit chpst nocache catchsegv numactl unshare nsenter firejail bwrap proot systemd-run systemd-inhibit systemd-cat cgexec
  chronic ifne daemonize start-stop-daemon setpriv aa-exec command arch choom uclampset coresched run-one run-this-one`
    .split(/\s+/)
    .map((name) => [name, {}] as [string, LeadingOptions]),
]);

export interface WrappedCommand {
  readonly name: string;
  /**
   * Index of the inner program's name; the number of words when there is none; undefined when it cannot be
   * determined.
   */
  readonly at: number | undefined;
  readonly argumentsFromStdin: boolean;
}

/** Undefined for a program that is not known to run another one. */
export function wrappedBy(words: readonly string[]): WrappedCommand | undefined {
  const name = namesOf(words[0] ?? "").find((one) => wrappers.has(one));
  if (name === undefined) return undefined;
  const wrapper = wrappers.get(name) as LeadingOptions;
  const at = afterOptions(words, wrapper);
  return { name, at, argumentsFromStdin: wrapper.argumentsFromStdin === true };
}

/**
 * Index of the first word after the options, operands and assignments that follow `words[from - 1]`; the
 * number of words when none is left; undefined for an unlisted option.
 */
export function afterOptions(
  words: readonly string[],
  wrapper: LeadingOptions,
  from = 1,
): number | undefined {
  let at = from;
  for (; at < words.length; at += 1) {
    const word = words[at] as string;
    if (word === "--") {
      at += 1;
      break;
    }
    if (!word.startsWith("-") || word === "-") break;
    const taken = word.startsWith("--") ? longOption(word, wrapper) : shortOptions(word, wrapper);
    if (taken === undefined) return undefined;
    at += taken;
  }
  at += wrapper.operands ?? 0;
  if (wrapper.assignments === true) while (/^[A-Za-z_]\w*=/.test(words[at] ?? "")) at += 1;
  // An option after the operands: `flock FILE -c COMMAND`.
  if (words[at]?.startsWith("-") === true) return undefined;
  return Math.min(at, words.length);
}

/** How many further words the option takes. Undefined: unknown. */
function longOption(word: string, { long = [], longValued = [] }: LeadingOptions): number | undefined {
  const [name = "", ...value] = word.slice(2).split("=");
  if (longValued.includes(name)) return value.length > 0 ? 0 : 1;
  return long.includes(name) ? 0 : undefined;
}

function shortOptions(word: string, { flags = "", valued = "" }: LeadingOptions): number | undefined {
  for (const [index, letter] of [...word].slice(1).entries()) {
    if (valued.includes(letter)) return index + 2 < [...word].length ? 0 : 1;
    if (!flags.includes(letter)) return undefined;
  }
  return 0;
}
