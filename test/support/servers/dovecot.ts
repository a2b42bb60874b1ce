// A mail server for tests: Debian's Dovecot, started by the test as a program of its own, without root, in a folder of its own, on loopback.
// Messages are delivered as other programs do it, by moving files into the Maildir.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync } from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { createConnection, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { eventually, freePort } from "../router.ts";

export const hasDovecot = ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot", "/opt/homebrew/sbin/dovecot"].find(
  existsSync,
);

export const user = "ada@example.com";
export const password = "correct-horse";

/** Dovecot refuses to run as root. */
const unprivileged = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

export interface Dovecot {
  readonly port: number;
  readonly tlsPort: number;
  /** Of its certificate, as PEM. */
  readonly ca: string;
  /** `received`: default now. Settles when the message is in the mailbox; gives the name of its file. */
  deliver(message: string | Buffer, received?: Date): Promise<string>;
  /** All at once. */
  deliverAll(messages: readonly string[]): Promise<void>;
  /** Of the files of all messages. */
  files(): Promise<string[]>;
  remove(file: string): Promise<void>;
  /** To the end of the mailbox, with a new UID: as if another program had moved it out and back. */
  moveOutAndBack(file: string): Promise<void>;
  /** While it is stopped: the mailbox gets another UIDVALIDITY, and its messages new UIDs. */
  renumber(): Promise<void>;
  start(): Promise<void>;
  /** Also all of its processes. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

interface DovecotOptions {
  readonly idle?: boolean;
}

export async function startDovecot({ idle = true }: DovecotOptions = {}): Promise<Dovecot> {
  const root = await mkdtemp("/tmp/cr-dovecot-");
  const maildir = join(root, "mail");
  const own = (path: string) => {
    if (unprivileged.uid !== undefined) chownSync(path, unprivileged.uid, unprivileged.gid);
  };
  const [port, tlsPort] = [await freePort(), await freePort()];
  const [key, certificate] = [join(root, "key.pem"), join(root, "certificate.pem")];
  execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost".split(
        " ",
      ),
      ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
    ],
    { stdio: "ignore" },
  );
  await writeFile(join(root, "dovecot.conf"), configOf({ root, port, tlsPort, key, certificate, idle }));
  for (const folder of [maildir, ...["new", "cur", "tmp"].map((name) => join(maildir, name))]) {
    await mkdir(folder, { mode: 0o700 });
    own(folder);
  }
  for (const path of [root, key, certificate, join(root, "dovecot.conf")]) own(path);
  await chmod(key, 0o600);

  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let count = 0;

  async function put(message: string | Buffer, received = new Date()): Promise<string> {
    count += 1;
    const name = `${received.getTime()}.M${count}P${process.pid}.test`;
    const path = join(maildir, "tmp", name);
    await writeFile(path, message);
    own(path);
    await utimes(path, received, received);
    return name;
  }
  const publish = (name: string) => rename(join(maildir, "tmp", name), join(maildir, "new", name));
  const find = async (file: string): Promise<string> => {
    for (const folder of ["new", "cur"])
      for (const name of await readdir(join(maildir, folder)))
        if (name.startsWith(file)) return join(maildir, folder, name);
    throw new Error(`${file} is gone`);
  };

  const server: Dovecot = {
    port,
    tlsPort,
    ca: await readFile(certificate, "utf8"),
    async deliver(message, received) {
      const name = await put(message, received);
      await publish(name);
      return name;
    },
    async deliverAll(messages) {
      const names: string[] = [];
      for (const message of messages) names.push(await put(message));
      for (const name of names) await publish(name);
    },
    async files() {
      return [...(await readdir(join(maildir, "new"))), ...(await readdir(join(maildir, "cur")))];
    },
    remove: async (file) => unlink(await find(file)),
    async moveOutAndBack(file) {
      const path = await find(file);
      const [, folder = "cur"] = /\/(new|cur)\/[^/]+$/.exec(path) ?? [];
      count += 1;
      const name = `${Date.now()}.M${count}P${process.pid}.moved${folder === "cur" ? ":2," : ""}`;
      await rename(path, join(maildir, folder, name));
    },
    async renumber() {
      const list = join(maildir, "dovecot-uidlist");
      const [, validity = ""] = /^\d+ V(\d+)/.exec(await readFile(list, "utf8")) ?? [];
      for (const name of await readdir(maildir))
        if (name.startsWith("dovecot")) await rm(join(maildir, name));
      await writeFile(list, `3 V${Number(validity) + 1_000} N1 G${"0123456789abcdef".repeat(2)}\n`);
      own(list);
    },
    async start() {
      child = spawn(hasDovecot as string, ["-F", "-c", join(root, "dovecot.conf")], {
        ...unprivileged,
        stdio: "ignore",
        detached: true,
      });
      const running = child;
      ended = new Promise((resolve) => running.once("exit", resolve));
      await eventually(() => greets(port));
    },
    async kill(signal = "SIGKILL") {
      if (child?.pid === undefined) return;
      // Its processes are in its group; those of a killed one end when they notice.
      process.kill(-child.pid, signal);
      await ended;
      child = undefined;
      await eventually(async () => !(await greets(port)));
    },
    async close() {
      if (child !== undefined) await server.kill("SIGTERM");
      await rm(root, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
    socket.once("data", () => {
      resolve(true);
      socket.destroy();
    });
  });
}

interface ConfigOptions {
  readonly root: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly key: string;
  readonly certificate: string;
  readonly idle: boolean;
}

/** https://doc.dovecot.org/configuration_manual/howto/rootless/ */
function configOf({ root, port, tlsPort, key, certificate, idle }: ConfigOptions): string {
  const name = unprivileged.uid === undefined ? (process.env.USER ?? "nobody") : "nobody";
  const group = unprivileged.uid === undefined ? `$(id -gn)` : "nogroup";
  return `protocols = imap
base_dir = ${root}/run
state_dir = ${root}/run
log_path = ${root}/log
default_internal_user = ${name}
default_internal_group = ${group.startsWith("$") ? execFileSync("id", ["-gn"], { encoding: "utf8" }).trim() : group}
default_login_user = ${name}
first_valid_uid = 1
first_valid_gid = 1
listen = 127.0.0.1
ssl = yes
ssl_cert = <${certificate}
ssl_key = <${key}
ssl_dh =
disable_plaintext_auth = no
${idle ? "" : "imap_capability = IMAP4rev1 SASL-IR ID UIDPLUS"}
mail_location = maildir:${root}/mail
maildir_very_dirty_syncs = no
# A failed login is answered at once.
auth_failure_delay = 0
passdb {
  driver = static
  args = password=${password}
}
userdb {
  driver = static
  args = uid=${unprivileged.uid ?? process.getuid?.()} gid=${unprivileged.gid ?? process.getgid?.()} home=${root}
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${port}
  }
  inet_listener imaps {
    port = ${tlsPort}
    ssl = yes
  }
}
`;
}

/** Stands between a client and a server, and fails as networks do. */
export interface BadNetwork {
  readonly port: number;
  /** How many connections were made. */
  count(): number;
  /** Closes all connections. */
  cut(): void;
  /** From now on nothing is passed on, in either direction, and nothing is closed. */
  freeze(): void;
  thaw(): void;
  close(): Promise<void>;
}

export async function badNetwork(target: () => number): Promise<BadNetwork> {
  const sockets = new Set<Socket>();
  let isFrozen = false;
  let count = 0;
  const server = createServer((inbound) => {
    count += 1;
    const outbound = createConnection(target(), "127.0.0.1");
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => {
        if (!isFrozen) to.write(bytes);
      });
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        if (!isFrozen) to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    count: () => count,
    cut,
    freeze() {
      isFrozen = true;
    },
    thaw() {
      isFrozen = false;
      cut();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      isFrozen = false;
      cut();
      await closed;
    },
  };
}

let messages = 0;

interface MessageParts {
  readonly from?: string;
  readonly id?: string;
  readonly headers?: string;
  readonly body?: string;
}

/** A plain message; each has an id of its own. */
export function messageOf(subject: string, parts: MessageParts = {}): string {
  messages += 1;
  const { from = "Grace <grace@example.org>", id = `<${messages}.${process.pid}@example.org>` } = parts;
  const { headers = "", body = "Hello\n" } = parts;
  return `From: ${from}
To: ${user}
Subject: ${subject}
Date: ${new Date().toUTCString()}
Message-ID: ${id}
${headers}Content-Type: text/plain; charset=utf-8

${body}`.replaceAll("\n", "\r\n");
}
