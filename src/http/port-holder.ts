// Which process holds a TCP port, for the one message where it matters. Linux only: elsewhere, and for
// processes of other users, it is unknown.

import { readdir, readFile, readlink } from "node:fs/promises";

/** For instance `node server.js (pid 4711)`; undefined when it cannot be determined. Never rejects. */
export async function portHolder(port: number): Promise<string | undefined> {
  try {
    const inodes = new Set(
      (await Promise.all(["tcp", "tcp6"].map((table) => listeningInodes(table, port)))).flat(),
    );
    if (inodes.size === 0) return undefined;
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      if (await holdsSocket(pid, inodes)) return `${await commandLine(pid)} (pid ${pid})`;
    }
  } catch {
    // No /proc, or no permission to read it: the message omits the name.
  }
  return undefined;
}

/** /proc/net/tcp: local address as HEX:PORT, state 0A is LISTEN, the tenth column is the socket's inode (proc(5)). */
async function listeningInodes(table: string, port: number): Promise<string[]> {
  const text = await readFile(`/proc/net/${table}`, "utf8").catch(() => "");
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(wanted) && columns[3] === "0A")
    .map((columns) => columns[9] as string);
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) return true;
  }
  return false;
}

/** The program and its script, no further arguments: those may be private. */
async function commandLine(pid: string): Promise<string> {
  const words = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0").filter(Boolean);
  const [program = "a process", script] = words.map((word) => word.slice(word.lastIndexOf("/") + 1));
  return script === undefined || script.startsWith("-") ? program : `${program} ${script}`;
}
