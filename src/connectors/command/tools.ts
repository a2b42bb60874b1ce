// Programs with subcommands of which some run other programs, and programs with options that do. The
// arguments of a subcommand or option that is not listed here as harmless may contain no template.

import { namesOf } from "./program-name.ts";
import { afterOptions, type LeadingOptions } from "./wrappers.ts";

/**
 * `closed`: no template in its arguments. `open`: they are data. `unknown`: nothing is known of it. `inner`:
 * it runs these words.
 */
export type Use =
  | { readonly as: "closed" | "open" | "unknown" }
  | { readonly as: "inner"; readonly parts: readonly (readonly [from: number, to: number])[] };

interface Tool {
  readonly options: LeadingOptions;
  /** Subcommands whose arguments are data. */
  readonly open: ReadonlySet<string>;
  /** A subcommand with subcommands of its own: `docker container exec`. */
  readonly groups?: Readonly<Record<string, Tool>>;
  /** Subcommands that run the program in their arguments: where it begins. */
  readonly runs?: Readonly<Record<string, (words: readonly string[], from: number) => number | undefined>>;
}

const words = (text: string) => text.split(/\s+/);
const set = (text: string) => new Set(words(text));

/** `kubectl exec POD -- PROGRAM`. */
function afterDashes(words: readonly string[], from: number): number | undefined {
  const at = words.indexOf("--", from);
  return at === -1 ? undefined : at + 1;
}

const execOptions: LeadingOptions = {
  flags: "ditT",
  valued: "euw",
  long: ["detach", "interactive", "tty", "privileged", "no-TTY"],
  longValued: ["env", "user", "workdir", "detach-keys", "index"],
  operands: 1,
};
const exec = { exec: (words: readonly string[], from: number) => afterOptions(words, execOptions, from) };

const containerSubcommands =
  "logs ps ls list inspect start stop restart kill rm pause unpause top stats port wait rename diff";
const compose: Tool = {
  options: { valued: "fp", longValued: ["file", "project-name", "profile", "env-file", "project-directory"] },
  open: set(`${containerSubcommands} images events version pull`),
  runs: exec,
};
const docker: Tool = {
  options: { valued: "c", longValued: ["context", "log-level"] },
  open: set(
    `${containerSubcommands} images image-inspect history pull push tag rmi search info version events`,
  ),
  runs: exec,
  groups: {
    compose,
    container: { options: {}, open: set(containerSubcommands), runs: exec },
    image: { options: {}, open: set("ls list inspect history pull push tag rm") },
    volume: { options: {}, open: set("ls list inspect rm") },
    network: { options: {}, open: set("ls list inspect rm connect disconnect") },
    service: { options: {}, open: set("ls list inspect logs ps rm scale") },
  },
};
const kubectl: Tool = {
  options: {
    flags: "A",
    valued: "n",
    long: ["all-namespaces"],
    longValued: ["namespace", "context", "cluster", "user", "request-timeout"],
  },
  open: set(
    `get describe logs top explain api-resources api-versions rollout scale autoscale delete cordon uncordon drain taint wait annotate label
    version cluster-info events auth expose`,
  ),
  runs: { exec: afterDashes },
};
const npm: Tool = {
  options: { long: ["silent", "json"], longValued: ["prefix", "loglevel"] },
  open: set(
    "view info show v search s find outdated ls list ll explain why fund audit ping whoami owner dist-tag",
  ),
};
const git: Tool = {
  options: {
    flags: "P",
    valued: "C",
    long: [
      "no-pager",
      "bare",
      "literal-pathspecs",
      "no-optional-locks",
      "no-replace-objects",
      "icase-pathspecs",
    ],
    longValued: ["git-dir", "work-tree", "namespace"],
  },
  open: set(
    `log show diff blame annotate grep status branch tag rev-parse rev-list cat-file describe shortlog ls-files ls-tree name-rev merge-base
    show-ref for-each-ref show-branch reflog count-objects whatchanged range-diff cherry notes stash add rm mv commit checkout switch restore
    reset revert cherry-pick merge worktree fetch pull push format-patch diff-tree diff-index check-ignore check-attr symbolic-ref`,
  ),
};
const lxc: Tool = {
  options: {},
  open: set("list info start stop restart show"),
  runs: { exec: afterDashes },
};

const tools = new Map<string, Tool>([
  ["git", git],
  ["docker", docker],
  ["podman", docker],
  ["nerdctl", docker],
  ["docker-compose", compose],
  ["podman-compose", compose],
  ["kubectl", kubectl],
  ["oc", kubectl],
  ["k3s", { options: {}, open: set("version"), groups: { kubectl } }],
  ["minikube", { options: {}, open: set("status version"), groups: { kubectl } }],
  ["npm", npm],
  ["lxc", lxc],
  ["incus", lxc],
]);

/** Of other programs: subcommands that run something, or configure what will be run. */
const closedSubcommands: Readonly<Record<string, ReadonlySet<string>>> = {
  gh: set("alias extension ext extensions config codespace cs"),
  glab: set("alias config"),
  hub: set("alias"),
  ip: set("netns vrf"),
  gcloud: set("config ssh"),
  aws: set("configure ssm"),
  az: set("config ssh extension"),
  flyctl: set("ssh console machine"),
  fly: set("ssh console machine"),
  heroku: set("run ps:exec"),
  helm: set("plugin"),
  op: set("run plugin"),
  doppler: set("run"),
  dotenv: set("run"),
  direnv: set("exec"),
  mise: set("exec x run task watch"),
  asdf: set("exec"),
  "aws-vault": set("exec"),
  chamber: set("exec"),
  sops: set("exec-env exec-file"),
  infisical: set("run"),
  devcontainer: set("exec run-user-commands"),
  crictl: set("exec create run"),
  ctr: set("run task tasks t"),
  systemctl: set("edit set-environment import-environment link"),
  loginctl: set("shell"),
  dotslash: set("run"),
};

/** Short options whose value is run, by program. */
const codeLetters: Readonly<Record<string, string>> = {
  apt: "o",
  "apt-get": "o",
  tcpdump: "z",
  tar: "IF",
  bsdtar: "I",
  man: "PHB",
  zip: "T",
  wget: "e",
  nc: "ec",
  ncat: "ec",
  netcat: "ec",
  split: "f",
  curl: "K",
};
const codeLong =
  /^--?(?:eval(?:uate)?|exec(?:ute|-batch|dir)?|command|cmd|script|program|use-compress-program|compress-program|to-command|checkpoint-action|info-script|new-volume-script|rsh|rsh-command|rmt-command|rsync-path|(?:html-?)?pager|editor|browser|shell|pre|upload-pack|receive-pack|extcmd|open-files-in-pager|proxy-?command|local-?command|unzip-command|kubeconfig|init-file|rcfile|use-askpass|askpass|preload|post-renderer|on-[\w-]+|postrotate-command|hook-command)$/i;
const innerOptions: Readonly<Record<string, RegExp>> = {
  find: /^-(?:exec|execdir|ok|okdir)$/,
  fd: /^(?:-x|-X|--exec|--exec-batch)$/,
  fdfind: /^(?:-x|-X|--exec|--exec-batch)$/,
};

/** How a template in the arguments is treated when the program is neither an interpreter nor a wrapper. */
export function useOf(words: readonly string[]): Use {
  const names = namesOf(words[0] ?? "");
  const inner = names.map((name) => innerOptions[name]).find((one) => one !== undefined);
  if (inner !== undefined) return innerParts(words, inner);
  const tool = names.map((name) => tools.get(name)).find((one) => one !== undefined);
  if (tool !== undefined) return useOfTool(words, tool, 1);
  const closed = names.map((name) => closedSubcommands[name]).find((one) => one !== undefined);
  return {
    as: closed !== undefined && words.slice(1, 5).some((word) => closed.has(word)) ? "closed" : "unknown",
  };
}

function useOfTool(words: readonly string[], tool: Tool, from: number): Use {
  const at = afterOptions(words, tool.options, from);
  const subcommand = at === undefined ? undefined : words[at];
  if (at === undefined || subcommand === undefined) return { as: "closed" };
  if (tool.open.has(subcommand)) return { as: "open" };
  const group = tool.groups?.[subcommand];
  if (group !== undefined) return useOfTool(words, group, at + 1);
  const start = tool.runs?.[subcommand]?.(words, at + 1);
  return start === undefined ? { as: "closed" } : { as: "inner", parts: [[start, words.length]] };
}

function innerParts(words: readonly string[], option: RegExp): Use {
  const parts: [number, number][] = [];
  for (let at = 1; at < words.length; at += 1) {
    if (!option.test(words[at] as string)) continue;
    const start = at + 1;
    while (at < words.length && !/^(?:\\?;|\+)$/.test(words[at] as string)) at += 1;
    parts.push([start, at]);
  }
  return parts.length === 0 ? { as: "open" } : { as: "inner", parts };
}

/** The stdin of these controls what they do: files to write, accounts, rules. */
const instructed = set(
  `patch chpasswd newusers nsupdate iptables-restore ip6tables-restore nft ipset debconf-set-selections dpkg smbclient rclone wpa_cli
  bluetoothctl nmcli`,
);
/** Options that read further options, or file names, from stdin. */
const lists: Readonly<Record<string, RegExp>> = {
  tar: /^(?:-T|--files-from(?:=.*)?|-[A-Za-z]*T)$/,
  bsdtar: /^(?:-T|--files-from(?:=.*)?|-[A-Za-z]*T)$/,
  curl: /^(?:-[A-Za-z]*K|--config(?:=.*)?)$/,
  sort: /^--files0-from/,
  wc: /^--files0-from/,
  du: /^--files0-from/,
  find: /^-files0-from$/,
  ip: /^(?:-b|-batch)$/,
  zip: /^-@$/,
};

/** Whether text on stdin controls the program, where it would otherwise be data. */
export function obeysInput(words: readonly string[]): boolean {
  const names = namesOf(words[0] ?? "");
  if (names.some((name) => instructed.has(name))) return true;
  const reads = names.map((name) => lists[name]).find((one) => one !== undefined);
  return reads !== undefined && words.slice(1).some((word) => reads.test(word));
}

/** `find -- -delete` deletes: these ignore `--`. */
export const withoutEnd: ReadonlySet<string> = set("find ffmpeg ffprobe openssl convert magick dd test expr");

/**
 * Long options that run their value, or read from it what to run, of programs that accept the beginning of a
 * name too: `tar --to-c=PROGRAM`.
 */
const codeOptions: Readonly<Record<string, readonly string[]>> = {
  tar: words(
    "to-command use-compress-program checkpoint-action info-script new-volume-script rmt-command rsh-command",
  ),
  bsdtar: words("use-compress-program"),
  cpio: words("rsh-command rmt-command"),
  git: words(
    "open-files-in-pager upload-pack receive-pack upload-archive exec extcmd config config-env editor to-cmd cc-cmd",
  ),
  sort: words("compress-program"),
  split: words("filter"),
  wget: words("execute use-askpass config"),
  wget2: words("execute use-askpass config plugin"),
  curl: words("config"),
  man: words("pager html preprocessor"),
  zip: words("unzip-command"),
  dpkg: words("pre-invoke post-invoke status-logger"),
  rpm: words("eval define pipe macros rcfile load"),
  gpg: words(
    "photo-viewer agent-program dirmngr-program pinentry-program options exec-path keyserver-options",
  ),
  rg: words("pre hostname-bin"),
  fzf: words("preview bind with-shell"),
  sk: words("preview bind cmd"),
  gcc: words("plugin wrapper specs"),
  clang: words("plugin load"),
  logrotate: words("mail"),
  mutt: words("execute"),
  nmap: words("script script-args"),
  tshark: words("lua-script"),
  mpv: words("script scripts script-opts include ytdl-raw-options"),
  sshfs: words("ssh-command"),
};

/** A part of the name of a long option that says what is done with its value, in programs that are not the user's own. */
const codeWord = set(
  `command cmd exec execute eval evaluate program prog script shell rsh pager editor browser viewer hook plugin preload askpass wrapper
  interpreter invoke callback handler preprocessor postprocessor config rcfile`,
);

/**
 * Is the value of this option run? `word` is the literal text before a value, or the whole word before it.
 */
export function runsItsValue(program: string, word: string): boolean {
  const [option = ""] = word.split("=");
  // `-oProxyCommand=`
  if (codeLong.test(option) || codeLong.test(option.replace(/^-[A-Za-z]/, "-"))) return true;
  const names = namesOf(program);
  const long = /^--([A-Za-z][\w-]*)$/.exec(option)?.[1]?.toLowerCase();
  if (long !== undefined) {
    if (names.some((name) => codeOptions[name]?.some((one) => one.startsWith(long)))) return true;
    return !isOwn(program) && long.split(/[-_]/).some((part) => codeWord.has(part));
  }
  const letters = names.map((name) => codeLetters[name] ?? "");
  return /^-[A-Za-z]+$/.test(word) && letters.some((list) => list.includes(word.at(-1) as string));
}

/** A program of the project, whose author knows its options; not one that is looked up in PATH. */
function isOwn(program: string): boolean {
  return /^[^/]*\//.test(program) && !program.startsWith("/");
}

/**
 * Whether the value is in the same word as an option without `=`, as in `-O{{x}}`. Which letters take a value, and
 * what they do with it, differs by program; and the call would be refused, because the word begins with a dash.
 * `before`: the literal text before the value.
 */
export function isGluedToOption(program: string, before: string): boolean {
  if (!before.startsWith("-")) return false;
  return !(isOwn(program) ? /^--?[A-Za-z][\w.-]*=/ : /^--[A-Za-z][\w.-]*=/).test(before);
}
