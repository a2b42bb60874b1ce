// Where an external value may not be in a command line, by spellings: each row is a sink's command.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkCommand } from "../../../src/connectors/command/command-line.ts";
import { isInterpreted } from "../../../src/interpreting-variables.ts";

const X = "{{input.x}}";
const pathsOf = (options: Parameters<typeof checkCommand>[0]) =>
  checkCommand(options).map(({ path }) => path.join("."));

/** In each the value is in an argument. */
const refused: readonly (readonly string[])[] = [
  // Shells, with options joined, spread, long, and with other ways to a script.
  ["sh", "-c", `echo ${X}`],
  ["sh", "-ceu", X],
  ["sh", "-euc", X],
  ["sh", "-e", "-u", "-c", X],
  ["sh", "-o", "errexit", "-c", X],
  ["sh", "--", X],
  ["sh", X],
  ["sh", "-c", 'echo "$1"', "sh", X],
  ["bash", "-lc", X],
  ["bash", "--norc", "-c", X],
  ["bash", "-O", "extglob", "-c", X],
  ["bash", "--rcfile", X, "-i"],
  ["bash", "--init-file", X, "-i"],
  ["bash", "-s", X],
  ["/bin/sh", "-c", X],
  ["//usr//bin/../bin/bash", "-c", X],
  ["./node_modules/.bin/zsh", "-c", X],
  ["bash5.2", "-c", X],
  ["BASH", "-c", X],
  ["-sh", "-c", X],
  ["fish", "--command=x", X],
  ["fish", `--command=${X}`],
  ["ksh93", "-c", X],
  ["tcsh", "-c", X],
  ["busybox", "sh", "-c", X],
  ["busybox", "ash", "-c", X],
  ["busybox", "awk", X],
  ["busybox", X],
  ["toybox", "sh", "-c", X],
  ["pwsh", "-Command", X],
  ["pwsh-preview", "-EncodedCommand", X],
  ["powershell.exe", "-NoProfile", "-c", X],
  ["C:\\Windows\\System32\\cmd.exe", "/c", X],
  ["cmd", "/C", "echo", X],
  // Languages.
  ["node", "-e", X],
  ["node", "-pe", X],
  ["node", `--eval=${X}`],
  ["node", `--print=${X}`],
  ["node", `--import=data:text/javascript,${X}`],
  ["node", "-r", X, "x.js"],
  ["node", "x.js", X],
  ["node20", "-e", X],
  ["nodejs", "-e", X],
  ["/opt/node/bin/node", "--no-warnings", "-e", X],
  ["deno", "eval", X],
  ["deno", "run", X],
  ["bun", "-e", X],
  ["npx", X],
  ["npx", "-c", X],
  ["tsx", "-e", X],
  ["python", "-c", X],
  ["python3.12", "-c", X],
  ["python3.13t", "-Ic", X],
  ["python3-dbg", "-c", X],
  ["pypy3.10", "-c", X],
  ["/usr/bin/python3", "-m", X],
  ["python3", "x.py", X],
  ["perl", "-e", X],
  ["perl", "-lane", X],
  ["perl", `-M${X}`, "x.pl"],
  ["perl5.38.2", "-E", X],
  ["ruby", "-e", X],
  ["ruby3.3", "-ne", X],
  ["php", "-r", X],
  ["php8.3", "-B", X],
  ["php", "-d", `auto_prepend_file=${X}`, "x.php"],
  ["lua5.4", "-e", X],
  ["luajit-2.1.0-beta3", "-e", X],
  ["tclsh8.6", X],
  ["Rscript", "-e", X],
  ["R", "-e", X],
  ["julia", "-e", X],
  ["ghci", "-e", X],
  ["java", "-jar", X],
  ["java", `-javaagent:${X}`, "Main"],
  ["osascript", "-e", X],
  ["groovy", "-e", X],
  ["elixir", "-e", X],
  ["erl", "-eval", X],
  ["guile-3.0", "-c", X],
  ["emacs", "--batch", "--eval", X],
  ["emacs-nox", "--batch", "-eval", X],
  ["vi", "-c", X, "f"],
  ["vim", `+${X}`],
  ["vim.tiny", "-S", X],
  ["ex", "-sc", X],
  ["ed", X],
  ["gdb", "-ex", X],
  ["x86_64-linux-gnu-gdb", "-ex", X],
  ["bc", "-e", X],
  ["gnuplot", "-e", X],
  // Filters with a language.
  ["awk", X],
  ["awk", `BEGIN { print "${X}" }`],
  ["gawk", "-e", X],
  ["mawk", "-v", `x=${X}`, "{ print x }"],
  ["sed", `s/a/${X}/`],
  ["sed", "-n", "-e", X],
  ["gsed", X],
  ["jq", X],
  ["jq", `.a = "${X}"`],
  // Databases.
  ["psql", "-c", X],
  ["psql", `--command=select '${X}'`],
  ["psql-16", "-c", X],
  ["psql", X],
  ["mysql", "-e", X],
  ["mysql", `--execute=${X}`],
  ["mariadb", "-e", X],
  ["sqlite3", "a.db", X],
  ["redis-cli", "eval", X, "0"],
  ["mongosh", "--eval", X],
  // What runs other programs.
  ["env", "-S", X],
  ["env", `-S${X}`],
  ["env", "-S", "sh -c", X],
  ["env", `--split-string=${X}`],
  ["env", "-vS", "sh -c", X],
  ["env", "X=1", "sh", "-c", X],
  ["env", "-i", "-u", "A", "bash", "-c", X],
  ["env", `BASH_ENV=${X}`, "bash", "x.sh"],
  ["env", `A=${X}`, "wc"],
  ["env", X],
  ["sudo", "sh", "-c", X],
  ["sudo", "-u", "root", "--", "sh", "-c", X],
  ["sudo", "-s", X],
  ["sudo", "-iu", "root", X],
  ["sudo", "A=1", "python3", "-c", X],
  ["sudo", X],
  ["doas", "-u", "x", "sh", "-c", X],
  ["doas", "-s", X],
  ["su", "-c", X],
  ["su", "root", "-c", X],
  ["su", "-", "root", `--command=${X}`],
  ["runuser", "-u", "x", "--", "sh", "-c", X],
  ["nice", "-n", "5", "sh", "-c", X],
  ["nice", "-5", "sh", "-c", X],
  ["ionice", "-c3", "sh", "-c", X],
  ["nohup", "sh", "-c", X],
  ["timeout", "5", "sh", "-c", X],
  ["timeout", "-k", "1", "5", "bash", "-c", X],
  ["timeout", "--signal=KILL", "5s", "node", "-e", X],
  ["timeout", "--unknown", "5", "wc", X],
  ["gtimeout", "5", "sh", "-c", X],
  ["stdbuf", "-oL", "sh", "-c", X],
  ["setsid", "-w", "sh", "-c", X],
  ["chroot", "/x", "sh", "-c", X],
  ["xargs", "-I{}", "sh", "-c", X],
  ["xargs", "-a", "list", "sh", "-c", X],
  ["parallel", X],
  ["parallel", "sh", "-c", X, ":::", "a"],
  ["find", ".", "-exec", "sh", "-c", X, ";"],
  ["find", ".", "-name", "x", "-execdir", "awk", X, "{}", "+"],
  ["find", ".", "-exec", "true", ";", "-ok", "sh", "-c", X, ";"],
  ["find", ".", "-exec", X, ";"],
  ["fd", "x", "-x", "sh", "-c", X],
  ["flock", "/l", "-c", X],
  ["flock", "/l", "sh", "-c", X],
  ["time", "-p", "sh", "-c", X],
  ["strace", "-f", "sh", "-c", X],
  ["unshare", "-r", "sh", "-c", X],
  ["nsenter", "-t", "1", "-m", "sh", "-c", X],
  ["systemd-run", "--user", "sh", "-c", X],
  ["script", "-c", X],
  ["watch", X],
  ["nohup", "nice", "timeout", "5", "env", "A=1", "sh", "-c", X],
  ["/lib64/ld-linux-x86-64.so.2", "/bin/sh", "-c", X],
  ["ssh", "host", "ls", X],
  ["ssh", "-o", `ProxyCommand=${X}`, "host"],
  ["ssh", X, "uptime"],
  ["scp", `host:${X}`, "."],
  ["rsync", "-e", X, "a", "b"],
  ["docker", "exec", "c", "sh", "-c", X],
  ["docker", "exec", "-it", "-u", "root", "c", "bash", "-c", X],
  ["docker", "exec", `--env=BASH_ENV=${X}`, "c", "ls"],
  ["docker", "exec", "--unknown", "c", "ls", X],
  ["docker", "container", "exec", "c", "python3", "-c", X],
  ["docker", "compose", "exec", "web", "sh", "-c", X],
  ["docker", "run", "--rm", "alpine", "sh", "-c", X],
  ["docker", "run", "--rm", "node:20", "-e", X],
  ["docker", "run", `--entrypoint=${X}`, "alpine"],
  ["podman", "run", "-v", X, "alpine"],
  ["kubectl", "exec", "pod", "--", "sh", "-c", X],
  ["kubectl", "-n", "x", "exec", "-it", "pod", "-c", "app", "--", "bash", "-c", X],
  ["kubectl", "exec", "pod", "sh", "-c", X],
  ["kubectl", "run", "x", "--image=x", "--", X],
  ["kubectl", `--kubeconfig=${X}`, "get", "pods"],
  ["git", "-c", X, "log"],
  ["git", "-c", `core.pager=${X}`, "log"],
  ["git", "-c", "alias.x=!sh -c", "x", X],
  ["git", `--exec-path=${X}`, "log"],
  ["git", "config", "core.editor", X],
  ["git", "rebase", "-x", X],
  ["git", "rebase", `--exec=${X}`],
  ["git", "bisect", "run", "sh", "-c", X],
  ["git", "submodule", "foreach", X],
  ["git", "difftool", "-x", X],
  ["git", "fetch", `--upload-pack=${X}`, "origin"],
  ["git", "filter-branch", "--tree-filter", X],
  ["git", X],
  ["npm", "exec", "-c", X],
  ["npm", "run", "x", "--", X],
  ["make", X],
  ["make", `CC=${X}`],
  ["make", "-f", X],
  ["tar", "xf", "a.tar", `--to-command=${X}`],
  ["tar", "-I", X, "-xf", "a.tar"],
  ["tar", "xf", "a", "--checkpoint-action", X],
  ["rg", `--pre=${X}`, "x"],
  ["wget", "-e", X, "http://localhost"],
  ["curl", "-K", X],
  ["tcpdump", "-z", X],
  ["apt-get", "-o", X, "update"],
  ["aria2c", `--on-download-complete=${X}`, "http://localhost"],
  ["gh", "alias", "set", "x", X],
  ["tmux", "new-session", X],
  ["screen", "-X", X],
  // In one word with an option, by any of its spellings.
  ["git", "grep", `-O${X}`, "x"],
  ["git", "grep", `-nO${X}`, "x"],
  ["git", "grep", `--open-files-in-pager=${X}`, "x"],
  ["git", "grep", `--open=${X}`, "x"],
  ["git", "commit", `-m${X}`],
  ["git", "fetch", `--upload=${X}`, "origin"],
  ["git", "ls-remote", `--upload-p=${X}`, "origin"],
  ["git", "log", `-${X}`],
  ["tar", "xf", "a.tar", `--to-c=${X}`],
  ["tar", "xf", "a.tar", "--to-com", X],
  ["tar", "xf", "a.tar", `--checkpoint-act=exec=${X}`],
  ["tar", "xf", "a.tar", `-I${X}`],
  ["tar", `-xvI${X}`, "-f", "a.tar"],
  ["rsync", `-e${X}`, "a", "b"],
  ["ssh", `-o${X}`, "host"],
  ["curl", `-K${X}`],
  ["curl", `--config=${X}`],
  ["curl", "--config", X],
  ["curl", `-o${X}`, "http://localhost"],
  ["sort", `--compress=${X}`, "a"],
  ["split", `--filter=${X}`, "a"],
  ["fzf", `--preview=${X}`],
  ["wget", `--use-ask=${X}`, "http://localhost"],
  ["wget", "--exe", X, "http://localhost"],
  ["man", `-P${X}`, "ls"],
  ["dpkg", `--pre-inv=${X}`, "-i", "a.deb"],
  ["gcc", `-fplugin=${X}`, "a.c"],
  ["sftp-like", `-oProxyCommand=${X}`, "host"],
  ["ls", `-${X}`],
  ["ls", `--${X}`],
  ["ls", `--sort${X}`],
  ["sometool", `--pre-exec=${X}`],
  ["sometool", `--log-command`, X],
  ["sometool", `-name=${X}`],
  ["./own.sh", `-n${X}`],
  ["find", "--", `-n${X}`],
  ["sudo", "--", "ls", `-${X}`],
  // Programs that nobody knows.
  ["mywrapper", "sh", "-c", X],
  ["mywrapper", "--verbose", "bash", "-lc", X],
  ["mywrapper", "--", "python3", "-c", X],
  ["mywrapper", "/bin/sh", X],
  ["mytool", `--eval=${X}`],
  ["mytool", "--exec", X],
  ["mytool", `LD_PRELOAD=${X}`],
  [X],
  [`./bin/${X}`],
];

const allowed: readonly (readonly string[])[] = [
  ["wc", "-w", X],
  ["grep", "-F", "--", X, "log.txt"],
  ["grep", "-e", X, "log.txt"],
  ["gh", "search", "issues", "--state=open", "--json=title,url", "--", X],
  ["gh", "search", "code", "--language", "python", X],
  ["gh", "issue", "comment", X, "--body", X],
  ["./deploys.sh", `--service=${X}`],
  ["./deploys.sh", `-service=${X}`],
  ["grep", "-F", "--", `-n${X}`, "log.txt"],
  ["gh", "issue", "create", `--title=${X}`, `--body=${X}`],
  ["git", "log", `--author=${X}`, `--since=${X}`],
  ["ls", `--ignore=${X}`],
  ["curl", `--data=${X}`, "http://localhost"],
  ["tar", "xf", "a.tar", `--exclude=${X}`],
  ["./tools/python/count.py", X],
  ["./node-report", X],
  ["./make-report.sh", X],
  ["systemctl", "status", X],
  ["journalctl", "-u", X, "-n", "50"],
  ["git", "log", "--oneline", `--grep=${X}`, "-n", "5"],
  ["git", "-C", "/repo", "--no-pager", "show", X],
  ["git", "commit", "-m", X],
  ["docker", "logs", "--tail", "50", X],
  ["docker", "compose", "-f", "a.yaml", "logs", X],
  ["docker", "exec", "web", "cat", X],
  ["kubectl", "get", "pods", "-n", X],
  ["kubectl", "-n", "prod", "rollout", "restart", X],
  ["kubectl", "exec", X, "--", "cat", "/etc/hostname"],
  ["npm", "view", X, "version"],
  ["timeout", "5", "curl", "-s", X],
  ["timeout", "-k", "1", "5", "wc", X],
  ["nice", "-n", "10", "./tool", X],
  ["env", "LANG=C", "sort", X],
  ["sudo", "-n", "systemctl", "restart", X],
  ["busybox", "wc", "-w", X],
  ["find", ".", "-name", X],
  ["find", ".", "-name", X, "-exec", "wc", "-l", "{}", ";"],
  ["curl", "-s", `https://example.org/${X}`],
  ["notify-send", X],
  ["ls", "-l", X],
  ["date", "-d", X],
  ["apt-cache", "policy", X],
  ["pygmentize", "-l", "bash", X],
  ["cp", X, "/backup"],
  ["tar", "tf", X],
  ["convert", X, "out.png"],
  ["cat", "node"],
  ["sh", "-c", "echo fixed"],
  ["echo", "sh", "and", X],
];

describe("an argument", () => {
  test.each(refused.map((command) => [command] as const))("%j is refused", (command) => {
    const at = command.findIndex((word) => word.includes("{{"));
    expect(pathsOf({ command })).toEqual([`command.${at}`]);
  });

  test.each(allowed.map((command) => [command] as const))("%j is allowed", (command) => {
    expect(checkCommand({ command })).toEqual([]);
  });

  test("is refused in a command line that is too long to look through", () => {
    expect(pathsOf({ command: ["./tool", ...Array(2_000).fill("x"), X] })).toEqual(["command.2001"]);
    expect(checkCommand({ command: ["./tool", ...Array(2_000).fill("x")] })).toEqual([]);
  });

  test("says which program it is, and how to hand over the value", () => {
    const [issue] = checkCommand({ command: ["timeout", "5", "sh", "-ceu", X] });
    expect(issue?.message).toBe("sh runs text as a program: a value in its arguments could become a command");
    expect(issue?.hint).toContain("env: { TEXT: ... }");
  });
});

describe("a value in one word with an option", () => {
  const programs = [
    ...[
      "git grep",
      "git log",
      "tar",
      "ls",
      "curl",
      "sort",
      "grep",
      "cp",
      "date",
      "./own.sh",
      "tools/own",
      "/usr/bin/du",
    ],
    ...["notify-send", "docker logs", "kubectl get", "find .", "sometool", "C:\\\\tool.exe"],
  ].map((program) => program.split(" "));
  const letters = fc.string({ unit: fc.constantFrom(..."abcdefgIKOPTxyz0123"), minLength: 1, maxLength: 3 });
  const long = fc.stringMatching(/^[a-z]{1,6}(-[a-z]{1,6}){0,2}$/);
  const literal = fc.constantFrom("", "x", "=", ":", "a=");

  test("is refused by check unless the option names itself: no such call could be made", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...programs),
        fc.oneof(
          letters.map((some) => `-${some}`),
          long.map((name) => `--${name}`),
          fc.constantFrom("-", "--", "-1"),
        ),
        literal,
        (program, option, between) => {
          const word = `${option}${between}${X}`;
          const isNamed =
            /^--[a-z][a-z-]*=/.test(word) || (/own/.test(program[0] ?? "") && /^-[a-z]\w*=/i.test(word));
          const paths = pathsOf({ command: [...program, word] });
          if (!isNamed) expect(paths).toEqual([`command.${program.length}`]);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test("is refused for an option that runs it, however its name is shortened", () => {
    const running: readonly (readonly [program: string, option: string, least: string])[] = [
      ["tar xf a", "to-command", "to-c"],
      ["tar xf a", "use-compress-program", "use"],
      ["tar xf a", "checkpoint-action", "checkpoint-"],
      ["tar xf a", "info-script", "inf"],
      ["tar xf a", "new-volume-script", "new-v"],
      ["tar xf a", "rsh-command", "rs"],
      ["git grep x", "open-files-in-pager", "open"],
      ["git fetch", "upload-pack", "upl"],
      ["git push", "receive-pack", "rec"],
      ["sort a", "compress-program", "comp"],
      ["wget", "execute", "exe"],
      ["wget", "use-askpass", "use-a"],
      ["split a", "filter", "fi"],
      ["man ls", "pager", "pa"],
    ];
    for (const [program, option, least] of running)
      for (let length = least.length; length <= option.length; length++)
        for (const outer of ["", "sudo -n ", "timeout 5 ", "env A=1 ", "nohup nice -n 5 "]) {
          const words = `${outer}${program}`.split(" ");
          const name = option.slice(0, length);
          for (const spelled of [[`--${name}=${X}`], [`--${name}`, X], [`--${name}=x${X}`]])
            expect(
              pathsOf({ command: [...words, ...spelled] }),
              [...words, ...spelled].join(" "),
            ).toHaveLength(1);
        }
  });
});

describe("a program that runs another one", () => {
  const wrappers = [
    ["env", "A=1"],
    ["sudo", "-u", "x", "--"],
    ["nice", "-n5"],
    ["nohup"],
    ["timeout", "-s", "9", "5"],
    ["stdbuf", "-o0"],
    ["setsid", "-f"],
    ["chroot", "/x"],
    ["busybox"],
    ["flock", "-n", "/l"],
    ["docker", "exec", "-i", "c"],
    ["kubectl", "exec", "p", "--"],
    ["find", ".", "-exec"],
    ["xargs", "-0", "-n", "1"],
  ];
  const inner = refused.filter(([program = ""]) => !program.includes("{{") && !/^my/.test(program));

  test("hides no interpreter, however many are nested", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...wrappers), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...inner),
        (outer, command) => {
          // What follows -exec ends at the first ; or +.
          fc.pre(
            !outer.some(([program]) => program === "find") || !command.some((word) => /^[;+]$/.test(word)),
          );
          expect(pathsOf({ command: [...outer.flat(), ...command] })).toHaveLength(1);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("lets through what is allowed without it", () => {
    for (const outer of wrappers.filter(([program]) => program !== "find"))
      for (const command of allowed.filter(([program]) => program !== "find"))
        expect(checkCommand({ command: [...outer, ...command] }), [...outer, ...command].join(" ")).toEqual(
          [],
        );
  });
});

describe("stdin", () => {
  test.each<[readonly string[]]>([
    [["sh"]],
    [["bash", "-s"]],
    [["bash", "-"]],
    [["bash", "-i"]],
    [["bash", "-ex"]],
    [["bash", "--posix"]],
    [["bash", "/dev/stdin"]],
    [["bash", "//dev/./stdin"]],
    [["bash", "/proc/self/fd/0"]],
    [["bash", "-c"]],
    [["sh", "-c", "sh"]],
    [["sh", "-c", "cat | sh"]],
    [["sh", "-c", 'eval "$(cat)"']],
    [["sh", "-c", ". /dev/stdin"]],
    [["sh", "-c", 'read -r line; eval "$line"']],
    [["sh", "-c", "exec python3 -"]],
    [["python3"]],
    [["python3", "-"]],
    [["python3", "-i", "x.py"]],
    [["python3", "-u"]],
    [["node"]],
    [["node", "-"]],
    [["node", "-i", "-e", "1"]],
    [["node", "--interactive"]],
    [["perl"]],
    [["perl", "-n"]],
    [["ruby", "-"]],
    [["php"]],
    [["lua", "-"]],
    [["awk", "-f", "-"]],
    [["awk", "-f/dev/stdin"]],
    [["sed", "-f", "/dev/stdin", "x"]],
    [["sed", "--file=-"]],
    [["jq", "-f", "/dev/fd/0"]],
    [["psql"]],
    [["psql", "-d", "x"]],
    [["psql", "-f", "-"]],
    [["mysql", "x"]],
    [["mysql", "-f", "x"]],
    [["sqlite3", "a.db"]],
    [["ed", "file"]],
    [["gdb"]],
    [["bc"]],
    [["make", "-f", "-"]],
    [["at", "now"]],
    [["crontab", "-"]],
    [["ssh", "host"]],
    [["ssh", "host", "bash"]],
    [["ssh", "-T", "host", "cat | sh"]],
    [["sudo", "-u", "x", "sh"]],
    [["sudo", "-s"]],
    [["env", "python3"]],
    [["chroot", "/x"]],
    [["docker", "exec", "-i", "c", "sh"]],
    [["docker", "run", "-i", "alpine"]],
    [["kubectl", "exec", "-i", "p", "--", "bash"]],
    [["kubectl", "apply", "-f", "-"]],
    [["xargs", "rm"]],
    [["xargs", "-I{}", "sh", "-c", "echo {}"]],
    [["parallel"]],
    [["tar", "-cf", "a.tar", "-T", "-"]],
    [["curl", "-K", "-"]],
    [["patch", "-p1"]],
    [["git", "apply"]],
    [["chpasswd"]],
    [["sh", "-c", "xargs rm"]],
    [["busybox", "sh"]],
  ])("of %j holds no value", (command) => {
    const [issue, ...more] = checkCommand({ command, stdin: X });
    expect(more).toEqual([]);
    expect(["stdin", `command.${command.length - 1}`]).toContain(issue?.path.join("."));
  });

  test.each<[readonly string[]]>([
    [["wc", "-w"]],
    [["tar", "xf", "-"]],
    [["curl", "-d", "@-", "http://localhost"]],
    [["cat"]],
    [["sh", "-c", "cat >> notes.txt"]],
    [["bash", "-euo", "pipefail", "-c", "wc -w | tr -d ' '"]],
    [["bash", "count.sh"]],
    [["sh", "-c", 'while read -r line; do echo "$line"; done']],
    [["sh", "-c", "jq -r .title | head -n 1"]],
    [["sh", "-c", "python3 - <<'END'\nprint(1)\nEND"]],
    [["python3", "count.py"]],
    [["python3", "-u", "-c", "import sys; print(len(sys.stdin.read()))"]],
    [["python3", "-m", "json.tool"]],
    [["node", "count.mjs"]],
    [["node", "-e", "process.stdin.pipe(process.stdout)"]],
    [["node", "--no-warnings", "--eval=1"]],
    [["perl", "-ne", "print"]],
    [["ruby", "count.rb"]],
    [["awk", "{ print $1 }"]],
    [["sed", "-n", "1p"]],
    [["jq", "-r", ".title"]],
    [["psql", "-d", "x", "-c", "\\copy t from stdin"]],
    [["ssh", "host", "cat >> notes.txt"]],
    [["docker", "exec", "-i", "c", "wc"]],
    [["timeout", "5", "tr", "a", "b"]],
    [["./script.sh"]],
  ])("of %j is data", (command) => {
    expect(checkCommand({ command, stdin: X })).toEqual([]);
  });
});

describe("a variable", () => {
  test.each(
    `BASH_ENV ENV PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONINSPECT NODE_OPTIONS NODE_PATH LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT
    DYLD_INSERT_LIBRARIES GIT_SSH_COMMAND GIT_SSH GIT_EDITOR GIT_PAGER GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_EXTERNAL_DIFF GIT_ASKPASS
    PERL5OPT PERL5LIB PERL5DB RUBYOPT RUBYLIB PROMPT_COMMAND PS1 PS4 IFS PATH Path HOME SHELL SHELLOPTS BASHOPTS EDITOR VISUAL PAGER
    MANPAGER LESSOPEN BROWSER JAVA_TOOL_OPTIONS _JAVA_OPTIONS CLASSPATH PHPRC PHP_INI_SCAN_DIR LUA_INIT LUA_INIT_5_4 LUA_PATH
    npm_config_script_shell GOFLAGS CARGO_BUILD_RUSTC_WRAPPER RUSTC_WRAPPER MAKEFLAGS TAR_OPTIONS RSYNC_RSH VIMINIT EXINIT PSQLRC
    PGSERVICEFILE AWS_CONFIG_FILE KUBECONFIG DOCKER_HOST CLOUDSDK_CONFIG OPENSSL_CONF HTTP_PROXY https_proxy XDG_CONFIG_HOME ZDOTDIR
    INPUTRC FZF_DEFAULT_COMMAND RIPGREP_CONFIG_PATH GCONV_PATH CHANNEL_ROUTER_TRUST CLAUDE_CONFIG_DIR MY_COMMAND ComSpec PSModulePath`
      .split(/\s+/)
      .map((name) => [name]),
  )("%s takes no value from outside", (name) => {
    expect(pathsOf({ command: ["./tool"], env: { [name]: X } })).toEqual([`env.${name}`]);
    expect(checkCommand({ command: ["./tool"], env: { [name]: "fixed" } })).toEqual([]);
  });

  test.each(
    `TEXT TITLE BODY NAME NOTE QUERY SERVICE ISSUE_TITLE PR_NUMBER FILE FILE_PATH BRANCH MESSAGE X LANG TZ GIT_AUTHOR_NAME
    GIT_COMMITTER_EMAIL PGDATABASE user_id URL HOST PORT GOAL JAVASCRIPT_TEXT`
      .split(/\s+/)
      .map((name) => [name]),
  )("%s does", (name) => {
    expect(isInterpreted(name)).toBe(false);
  });
});

describe("a script that is given a value as a variable", () => {
  const told = (script: string, program = "sh") =>
    pathsOf({ command: [program, "-c", script], env: { TEXT: X, OTHER: "fixed" } });

  test.each([
    ["$TEXT"],
    ['"$TEXT" now'],
    ['eval "$TEXT"'],
    ['eval "echo $TEXT"'],
    ['sh -c "$TEXT"'],
    ['bash -lc "echo ${TEXT}"'],
    ['x="$TEXT"; eval "$x"'],
    ['printf %s "$TEXT" | sh'],
    ['echo "$TEXT" | sudo bash -s'],
    ['sh <<< "$TEXT"'],
    ["python3 - <<END\nprint($TEXT)\nEND"],
    ["python3 -c \"print('$TEXT')\""],
    ['node -e "$TEXT"'],
    ['awk "$TEXT" file'],
    ['sed "s/a/$TEXT/" file'],
    ['jq ".a = \\"$TEXT\\"" file'],
    ['psql -c "select $TEXT"'],
    ['psql -d x -c "select $TEXT"'],
    ['ssh host "ls $TEXT"'],
    ['find . -exec sh -c "$TEXT" \\;'],
    ['echo "$(sh -c "$TEXT")"'],
    ["echo `eval $TEXT`"],
    ['for x in $TEXT; do sh -c "$x"; done'],
    ['. "$TEXT"'],
    ["sh -c 'eval \"$TEXT\"'"],
    ["export x=$TEXT; sh -c 'eval $x'"],
    ["true; ".repeat(2_000)],
    ['trap "$TEXT" EXIT'],
  ])("may not run it: %s", (script) => {
    expect(told(script)).toEqual(["command.2"]);
    expect(told(script, "bash")).toEqual(["command.2"]);
  });

  test.each([
    ['echo "$TEXT"'],
    ["echo $TEXT"],
    ['grep -F -- "$TEXT" log.txt'],
    ['printf "%s\\n" "$TEXT" >> notes.txt'],
    ['python3 count.py "$TEXT"'],
    ["jq -n --arg text \"$TEXT\" '{ text: $text }'"],
    ["awk -v t=\"$TEXT\" 'index($0, t)' file"],
    ["python3 - <<'END'\nimport os; print(os.environ['TEXT'])\nEND"],
    ['if [ -n "$TEXT" ]; then echo yes; fi'],
    ['case "$TEXT" in a) echo a ;; *) echo b ;; esac'],
    ["sh -c 'echo \"$TEXT\"'"],
    ['eval "$OTHER"'],
    ["# eval $TEXT\ntrue"],
    ["echo '$TEXT' | cat"],
    ['printf %s "$TEXT" | jq -r .a'],
    ['gh issue create --title "$TEXT" --body-file - < body.md'],
  ])("may use it as text: %s", (script) => {
    expect(told(script)).toEqual([]);
  });

  test("is looked through in a bounded time, whatever it holds", () => {
    const pieces = [
      "$(",
      ")",
      "`",
      "'",
      '"',
      "\\",
      "$TEXT",
      "${",
      "}",
      "<<E\n",
      "\nE\n",
      "|",
      ";",
      " ",
      "sh",
      "-c",
      "#",
      "<",
      ">",
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 2_000 }), (parts) => {
        const started = performance.now();
        told(parts.join(""));
        expect(performance.now() - started).toBeLessThan(1_000);
      }),
      { numRuns: 100 },
    );
    for (const piece of pieces) {
      const started = performance.now();
      told(piece.repeat(100_000));
      told(piece.repeat(4_000));
      expect(performance.now() - started, piece).toBeLessThan(2_000);
    }
  });
});
