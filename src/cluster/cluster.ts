// One process among those that run the same config: finds the owner and attaches its client to it, or becomes the owner,
// or, when neither is possible, works alone without anything exclusive and goes on looking. Loads next to nothing until it
// becomes the owner. An owner whose process lives is never pushed aside, not even when it is stopped.

import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { line } from "../text.ts";
import { connectToLeader, type Handshake, responds } from "./connect-to-leader.ts";
import { isElsewhere, thisHost } from "./host-identity.ts";
import type { Leader } from "./leader.ts";
import { connectTo, type LeaderFile, newestLeader } from "./leader-file.ts";
import type { Link } from "./link.ts";
import type { Cluster, ClusterOptions, ClusterState, ClusterTimeouts } from "./options.ts";
import { holdsFolder } from "./other-machine.ts";
import { isRunning, signalReaches } from "./process-identity.ts";
import type { Hello } from "./protocol.ts";
import { createStdioProxy, type StdioProxy } from "./proxy.ts";
import { socketPath } from "./socket-path.ts";
import { watchUnresponsiveLeader } from "./unresponsive-leader.ts";

const defaultPatience: ClusterTimeouts = { welcomeMs: 5_000, callMs: 5_000, answerMs: 3_000 };
const aloneWelcomeMs = 1_000;
const standBackMs = 1_000;
/** Others leave the next epoch to the named successor for so long, as long as it lives. */
const courtesyMs = 1_000;
/** Owners that end so soon after each other: whoever follows may end before it has loaded. */
const restlessMs = 10_000;
const defaultFinishMs = 1_500;
const defaultSuccessorMs = 1_000;

interface Alone {
  connectLocal(): Duplex;
  stop(reason: "released" | "replaced"): Promise<void>;
}

export function joinCluster(options: ClusterOptions): Cluster {
  const { folder, version, log, client, patience = defaultPatience } = options;
  const relay: StdioProxy | undefined = client && createStdioProxy({ ...client, log });
  const closing = new AbortController();
  let state: ClusterState = { mode: "seeking" };
  let owner: Leader | undefined;
  let alone: Alone | undefined;
  let link: Link | undefined;
  let courtesy = { pid: 0, untilMs: 0 };
  let shortLinks = 0;
  let seekingSinceMs = performance.now();
  let stoodBackSinceMs: number | undefined;
  let closed: Promise<void> | undefined;
  let isReplaced = false;
  let isRestless = false;
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const ended = Promise.race(relay === undefined ? [failed] : [relay.gone, failed]);
  ended.catch(() => undefined); // Told to whoever waits for it; nobody has to.

  const isEligible = () => options.eligible?.() ?? true;
  const sleep = (ms: number) => pause(ms, undefined, { signal: closing.signal }).catch(() => undefined);

  function hello(): Omit<Hello, "t" | "protocol" | "pid"> {
    const eligible = isEligible();
    return client === undefined
      ? { role: "standby", version, eligible }
      : { role: "session", version, eligible, facts: client.facts() };
  }

  async function seek(): Promise<void> {
    while (!closing.signal.aborted) await step();
  }

  async function step(): Promise<void> {
    let newest: Awaited<ReturnType<typeof newestLeader>>;
    let highest: number;
    try {
      newest = await newestLeader(folder);
      highest = Math.max(newest?.epoch ?? 0, (await options.highestEpoch?.()) ?? 0);
    } catch (error) {
      await workAlone(`the state folder cannot be read: ${(error as Error).message}`);
      return;
    }
    if (closing.signal.aborted) return;
    if (newest !== undefined && !("unreadable" in newest) && !newest.released) {
      if (!(await attachTo(newest))) return;
    }
    if (highest > (newest?.epoch ?? 0) && (await isHeldWithoutFile(highest))) return;
    if (!mayStand()) return void (await sleep(20));
    const unfit = await options.unfit?.();
    if (unfit === undefined) await stand(highest + 1);
    else await workAlone(unfit);
  }

  /** Somebody took the owner's file away: an owner that lives puts it back within a moment. */
  async function isHeldWithoutFile(epoch: number): Promise<boolean> {
    const socket = await socketPath(folder, epoch).then(connectTo, () => undefined);
    if (socket === undefined) return false;
    socket.on("error", () => undefined).destroy();
    if (performance.now() - seekingSinceMs < patience.welcomeMs) await sleep(100);
    else await workAlone(`somebody listens on the socket of epoch ${epoch}, which has no owner file`);
    return true;
  }

  /** True when the owner is dead. Otherwise settles when there is reason to look again. */
  async function attachTo(found: LeaderFile): Promise<boolean> {
    const here = found.host === undefined ? undefined : await thisHost();
    if (here !== undefined && isElsewhere(found.host, here)) {
      if (!(await holdsFolder(folder, found, here))) return true;
      await workAlone(
        `a router on another machine or in another container holds ${folder} (its pid there: ${found.pid})`,
      );
      return false;
    }
    const withinMs = alone === undefined ? patience.welcomeMs : aloneWelcomeMs;
    const greeted = await connectToLeader(found.socket, hello(), withinMs, closing.signal);
    if (closing.signal.aborted) {
      if (greeted.kind === "welcome") greeted.link.end();
      return false;
    }
    switch (greeted.kind) {
      case "welcome":
        await leaveAlone();
        state = {
          mode: "attached",
          epoch: greeted.epoch,
          ownerPid: found.pid,
          ownerVersion: greeted.version,
        };
        await followOwner(greeted, found);
        return false;
      case "refused":
        await workAlone(`the owner (pid ${found.pid}) refused: ${greeted.reason}`);
        return false;
      case "silent":
        await workAlone(`the owner (pid ${found.pid}) does not answer; its process may be stopped`);
        return false;
      case "closed":
        await sleep(20);
        return false;
      case "unreachable":
        if (!(await isRunning(found))) return true;
        // Between its claim and its socket, or between its socket and its end.
        if (performance.now() - seekingSinceMs < patience.welcomeMs) await sleep(10);
        else await workAlone(`the owner (pid ${found.pid}) runs but does not listen`);
        return false;
    }
  }

  async function followOwner(
    greeted: Extract<Handshake, { kind: "welcome" }>,
    { pid, socket }: LeaderFile,
  ): Promise<void> {
    if (relay === undefined) return follow(greeted);
    const { oldestCallMs, onCall, refuseCalls } = relay;
    const unwatch = watchUnresponsiveLeader({
      pid,
      patienceMs: patience.callMs,
      oldestCallMs,
      onCall,
      refuseCalls,
      responds: () => responds(socket, version, patience.answerMs, closing.signal),
      onSilent: () => log.warn(line`the owner (pid ${pid}) does not respond: tool calls fail until it does`),
    });
    await follow(greeted).finally(unwatch);
  }

  /** Lives on this link until it closes. */
  async function follow(greeted: Extract<Handshake, { kind: "welcome" }>): Promise<void> {
    const sinceMs = performance.now();
    const current = greeted.link;
    link = current;
    stoodBackSinceMs = undefined;
    current.handle({
      onFrame(frame) {
        relay?.receive(frame);
        if (frame.t === "prepare") void getReady().then(() => current.send({ t: "ready" }));
        else if (frame.t === "leaving" && frame.successor === process.pid) void getReady();
        else if (frame.t === "bye" && frame.successor !== undefined) {
          courtesy = { pid: frame.successor, untilMs: performance.now() + courtesyMs };
        }
      },
      onLine: (n, line) => relay?.receiveLine(n, line),
    });
    relay?.use(current);
    await current.closed;
    // The owner closed it because the client's conversation is over.
    if (closed !== undefined) closing.abort();
    if (link === current) {
      link = undefined;
      isRestless = performance.now() - seekingSinceMs < restlessMs;
      seekingSinceMs = performance.now();
      if (state.mode === "attached") state = { mode: "seeking" };
    }
    // An owner that lets us go at once, again and again, must not make this a busy loop.
    shortLinks = performance.now() - sinceMs < 100 ? shortLinks + 1 : 0;
    if (shortLinks >= 3) await sleep(100);
  }

  let readying: Promise<unknown> | undefined;

  /** Never rejects: whatever is wrong shows again when this process owns. */
  async function getReady(): Promise<void> {
    readying ??= (async () => {
      await Promise.all([import("./leader.ts"), options.prepare?.()]);
      await options.warm?.();
    })().catch(() => undefined);
    await readying;
  }

  /**
   * The part of the program that an owner needs. Undefined, after a pause, when its files are gone: the program was replaced
   * while it ran. Then this process goes on relaying for as long as somebody else owns.
   */
  async function loadOwner(isAll: boolean): Promise<typeof import("./leader.ts") | undefined> {
    try {
      const { becomeAlone, becomeLeader } = await import("./leader.ts");
      if (isAll) await options.prepare?.();
      return { becomeAlone, becomeLeader };
    } catch (error) {
      await wasReplaced(error);
      return undefined;
    }
  }

  /** Rethrows any other error. */
  async function wasReplaced(error: unknown): Promise<void> {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    if (!isReplaced) {
      log.error(
        line`the program's files were replaced while it ran: this session must be restarted (/mcp, Reconnect)`,
      );
    }
    isReplaced = true;
    await sleep(1_000);
  }

  function mayStand(): boolean {
    const { pid, untilMs } = courtesy;
    if (pid !== process.pid && performance.now() < untilMs && signalReaches(pid)) return false;
    if (isEligible()) return true;
    stoodBackSinceMs ??= performance.now();
    return performance.now() - stoodBackSinceMs >= standBackMs;
  }

  async function stand(epoch: number): Promise<void> {
    // Of several that stand only one gets the epoch: what is large is loaded by that one, after its claim. Where one owner after
    // the other ends, all load it, so that the next one need not begin anew.
    const loaded = await loadOwner(isReplaced || isRestless);
    if (loaded === undefined || closing.signal.aborted) return;
    let failure: unknown;
    try {
      owner = await loaded.becomeLeader({
        folder,
        epoch,
        version,
        log,
        register: options.register,
        async serve(role) {
          await leaveAlone();
          try {
            return await options.serve(role);
          } catch (error) {
            failure = error;
            throw error;
          }
        },
      });
    } catch (error) {
      if (failure !== undefined) return wasReplaced(failure).catch(giveUp);
      await workAlone(`the state folder cannot be used: ${(error as Error).message}`);
      return;
    }
    if (owner !== undefined) await own(owner);
  }

  async function own(current: Leader): Promise<void> {
    state = { mode: "owner", epoch: current.file.epoch };
    if (closing.signal.aborted) void current.release();
    let isOver = false;
    const over = current.over.then(() => {
      isOver = true;
    });
    while (relay !== undefined && !isOver && !closing.signal.aborted) {
      await followLocal(current.connectLocal());
    }
    await over;
    owner = undefined;
    state = { mode: "seeking" };
  }

  async function followAlone(current: Alone): Promise<void> {
    while (relay !== undefined && alone === current && !closing.signal.aborted) {
      await followLocal(current.connectLocal());
    }
  }

  async function followLocal(stream: Duplex): Promise<void> {
    const greeted = await connectToLeader(stream, hello(), patience.welcomeMs, closing.signal);
    if (greeted.kind === "welcome") await follow(greeted);
    else await sleep(10);
  }

  /** Begins to work alone, or goes on doing so; settles when it is time to look again. */
  async function workAlone(reason: string): Promise<void> {
    if (client === undefined) {
      if (state.mode !== "alone") log.warn(line`waits: ${reason}`);
    } else if (alone === undefined) {
      log.warn(line`works alone, without sources: ${reason}`);
      const loaded = await loadOwner(true);
      if (loaded === undefined) return;
      try {
        alone = await loaded.becomeAlone({ reason, version, log, serve: options.serve });
      } catch (error) {
        return giveUp(error);
      }
      state = { mode: "alone", reason };
      void followAlone(alone);
    }
    state = { mode: "alone", reason };
    await sleep(patience.welcomeMs);
  }

  async function leaveAlone(): Promise<void> {
    const left = alone;
    if (left === undefined) return;
    alone = undefined;
    await left.stop("replaced");
    log.info(line`no longer alone`);
  }

  function giveUp(error: unknown): void {
    fail(error);
    closing.abort();
  }

  const seeking = seek().catch(giveUp);

  return {
    state: () => state,
    ended,
    tell() {
      if (client === undefined || link === undefined) return;
      link.send({ t: "facts", facts: client.facts(), eligible: isEligible() });
    },
    resign: () => void owner?.release(),
    close({ finishMs = defaultFinishMs, successorMs = defaultSuccessorMs } = {}) {
      closed ??= (async () => {
        await Promise.all([relay?.finish(finishMs), owner?.prepareSuccessor(successorMs)]);
        closing.abort();
        await owner?.release();
        link?.end();
        await seeking;
        await alone?.stop("released");
      })();
      return closed;
    },
  };
}
