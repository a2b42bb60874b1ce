// No command outlives the router, even when it is killed: a small shell beside it knows the running process
// groups and waits on a pipe. When the pipe closes, the router is gone, and the shell ends its remaining
// commands.

import { type ChildProcess, spawn } from "node:child_process";
import { systemProgram } from "../files/system-program.ts";

export interface CommandWatch {
  /** A process group was started. */
  add(pid: number): void;
  /** It has ended. */
  remove(pid: number): void;
}

const script = `
groups=" "
while read -r sign pid; do
  case $sign in
    +) groups="$groups$pid " ;;
    -) groups="\${groups%% $pid *} \${groups#* $pid }" ;;
  esac
done
[ "$groups" = " " ] && exit
for pid in $groups; do kill -s TERM -- "-$pid"; done 2>/dev/null
sleep 2
for pid in $groups; do kill -s KILL -- "-$pid"; done 2>/dev/null
`;

/** The shell is started with the first command. It keeps no process alive. */
export function createCommandWatch(): CommandWatch {
  let shell: ChildProcess | undefined;
  const groups = new Set<number>();

  function start(): ChildProcess {
    // A group of its own: a signal to the router's group must not end it.
    const started = spawn(systemProgram("sh"), ["-c", script], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      env: {},
    });
    // Without it commands still end when the router stops in order.
    started.on("error", () => undefined);
    started.stdin?.on("error", () => undefined);
    started.once("exit", () => {
      if (shell === started) shell = undefined;
    });
    started.unref();
    (started.stdin as unknown as { unref?(): void } | null)?.unref?.();
    for (const pid of groups) started.stdin?.write(`+ ${pid}\n`);
    return started;
  }

  return {
    add(pid) {
      groups.add(pid);
      if (shell === undefined) shell = start();
      else shell.stdin?.write(`+ ${pid}\n`);
    },
    remove(pid) {
      if (groups.delete(pid)) shell?.stdin?.write(`- ${pid}\n`);
    },
  };
}
