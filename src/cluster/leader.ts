// The life of a leader: acquires the term, listens on its socket, accepts clients, checks that no other
// process has a higher term, and hands over at the end. Loaded only by a process that is about to lead.

import { chmod, lstat, mkdir } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { basename, dirname } from "node:path";
import type { Duplex } from "node:stream";
import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import { createDuplexPair } from "./duplex-pair.ts";
import {
  isLeaderFileName,
  type LeaderFile,
  listTerms,
  readLeader,
  type UnreadableLeader,
} from "./leader-file.ts";
import { LeaderServer, type Service } from "./leader-server.ts";
import { showLife } from "./other-machine.ts";
import { enterRunning, type RunningRegister } from "./running-leaders.ts";
import { acquireTerm, makeFolder, releaseTerm, sweep, writeLeader } from "./term.ts";
import { watchTerm } from "./term-watch.ts";

export interface LeaderRole {
  /** The leader's term: names its journal segment and marks its requests to clients. 0 when alone. */
  readonly term: number;
  /**
   * False when another process leads, or might: then no HTTP server, bots, cursors, or journal of the state
   * folder.
   */
  readonly exclusive: boolean;
  /** Why it is not exclusive, for `status` and the log. */
  readonly reason?: string;
}

export type Serve = (role: LeaderRole) => Promise<Service>;

export interface Leader {
  readonly file: LeaderFile;
  /** The stream on which this process' own client attaches. */
  connectLocal(): Duplex;
  /**
   * Before `release`, while everything runs: asks the successor to get ready, so that the gap is short. Waits
   * at most this time.
   */
  prepareSuccessor(withinMs: number): Promise<void>;
  /** Hands over, and settles when nothing is held any more. Idempotent. */
  release(): Promise<void>;
  /** Settles when it no longer leads: `released` or `deposed`. */
  readonly over: Promise<"released" | "deposed">;
}

export interface LeaderOptions {
  readonly folder: string;
  readonly term: number;
  readonly version: string;
  readonly log: Log;
  readonly serve: Serve;
  readonly register: RunningRegister | undefined;
}

const maxConnections = 256;

/** Undefined when another process was faster. Rejects when the state folder cannot be used, or with what `serve` rejects. */
export async function becomeLeader(options: LeaderOptions): Promise<Leader | undefined> {
  const { folder, version, log } = options;
  const acquired = await acquireTerm(folder, options.term, version);
  if (acquired === undefined) return undefined;
  const file: LeaderFile = acquired;
  const server = new LeaderServer({ term: file.epoch, version, log });
  let socketServer = await listen(file.socket, (stream) => server.accept(stream)).catch(async (error) => {
    await releaseTerm(folder, file);
    throw error;
  });
  let leaveRunning: () => Promise<void> = async () => undefined;
  let ending: Promise<void> | undefined;
  let settleOver: (how: "released" | "deposed") => void;
  const over = new Promise<"released" | "deposed">((resolve) => {
    settleOver = resolve;
  });
  let service: Service | undefined;

  function end(how: "released" | "deposed"): Promise<void> {
    ending ??= (async () => {
      unwatch();
      if (how === "released") server.announceLeaving();
      await service
        ?.stop(how)
        .catch((error: Error) => log.error(line`could not stop in order: ${error.message}`));
      // Before the socket is removed, so that no process finds a term that is neither dead nor alive.
      if (how === "released") {
        await releaseTerm(folder, file).catch((error: Error) => {
          log.warn(line`could not give up the term in order: ${error.message}`);
        });
      }
      socketServer.close();
      await server.close(
        how === "released" ? "the leader has left" : "the leader was deposed",
        how === "released",
      );
      await leaveRunning();
      settleOver(how);
    })();
    return ending;
  }

  async function look(): Promise<void> {
    const highest = (await listTerms(folder)).at(-1) ?? 0;
    const current = highest < file.epoch ? undefined : await readLeader(folder, highest);
    if (current !== undefined && !isSame(current, file)) {
      log.warn(line`term ${highest} has taken over from term ${file.epoch}`);
      void end("deposed");
    } else if (current === undefined || !(await exists(file.socket))) await restore(current === undefined);
    else await showLife(folder, file);
  }

  /**
   * The state folder may be removed while the process runs: then it is created again, with our term in it.
   */
  async function restore(isFileGone: boolean): Promise<void> {
    // A look that began before the end must not open the socket again: it would keep the process alive.
    if (ending !== undefined) return;
    await makeFolder(folder);
    if (!(await exists(file.socket))) {
      await mkdir(dirname(file.socket), { recursive: true, mode: 0o700 });
      socketServer.close();
      socketServer = await listen(file.socket, (stream) => server.accept(stream));
      if (ending !== undefined) return void socketServer.close();
    }
    // If another process was faster, it is found.
    if (isFileGone && !(await writeLeader(folder, file))) return look();
    await enter();
    log.warn(line`${folder} had been removed and was made again`);
  }

  async function enter(): Promise<void> {
    if (options.register === undefined) return;
    leaveRunning = await enterRunning(options.register, file).catch((error: Error) => {
      log.warn(line`the command line will not find this router: ${error.message}`);
      return async () => undefined;
    });
  }

  let complaint: string | undefined;
  const unwatch = watchTerm({
    folders: [...new Set([folder, dirname(file.socket)])],
    concerns: (name) => isLeaderFileName(name) || name === basename(file.socket),
    async look() {
      try {
        if (ending === undefined) await look();
        complaint = undefined;
      } catch (error) {
        // A folder that cannot be read at the moment does not depose the leader.
        const { message } = error as Error;
        if (message !== complaint) log.warn(line`could not check ${folder}: ${message}`);
        complaint = message;
      }
    },
  });

  try {
    service = await options.serve({ term: file.epoch, exclusive: true });
  } catch (error) {
    await end("released");
    throw error;
  }
  server.open(service);
  await enter();
  void sweep(folder, file).catch((error: Error) =>
    log.warn(line`could not clean up ${folder}: ${error.message}`),
  );

  return {
    file,
    over,
    connectLocal() {
      const [ours, theirs] = createDuplexPair();
      server.accept(ours, true);
      return theirs;
    },
    prepareSuccessor: (withinMs) => server.prepareSuccessor(withinMs),
    release: () => end("released"),
  };
}

/** Terms start from 1 in a folder that was removed: then another process may have the same one. */
function isSame(current: LeaderFile | UnreadableLeader, file: LeaderFile): boolean {
  if (current.epoch !== file.epoch) return false;
  return "unreadable" in current || (current.pid === file.pid && current.started === file.started);
}

/** Works for this process' own client only, beside the leader. */
export async function becomeAlone(options: {
  readonly reason: string;
  readonly version: string;
  readonly log: Log;
  readonly serve: Serve;
}): Promise<{ connectLocal(): Duplex; stop(reason: "released" | "replaced"): Promise<void> }> {
  const server = new LeaderServer({ term: 0, version: options.version, log: options.log });
  const service = await options.serve({ term: 0, exclusive: false, reason: options.reason });
  server.open(service);
  return {
    connectLocal() {
      const [ours, theirs] = createDuplexPair();
      server.accept(ours, true);
      return theirs;
    },
    async stop(reason) {
      server.announceLeaving();
      await service.stop(reason);
      await server.close(options.reason, false);
    },
  };
}

async function listen(path: string, accept: (stream: Duplex) => void): Promise<Server> {
  const server = createServer(accept);
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });
  // The socket must not keep a process alive whose client is gone, nor end it when one `accept` fails.
  server.on("error", () => undefined);
  await chmod(path, 0o600);
  return server;
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
