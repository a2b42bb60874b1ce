// One process among those that run the same config: finds the leader and attaches its client to it, or
// becomes the leader, or, when neither is possible, works alone without anything exclusive and keeps looking.
// Loads very little until it becomes the leader. A leader whose process lives is never pushed aside, not even
// when it is stopped.

import type { Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { RingResult } from "../contract/wake.ts";
import { line } from "../text.ts";
import { connectToLeader, type Handshake, responds } from "./connect-to-leader.ts";
import type { Leader } from "./leader.ts";
import { connectTo, type LeaderFile, newestLeader } from "./leader-file.ts";
import type { Link } from "./link.ts";
import { isElsewhere, thisMachine } from "./machine.ts";
import type { CloseTimeouts, Cluster, ClusterOptions, ClusterState, ClusterTimeouts } from "./options.ts";
import { holdsFolder } from "./other-machine.ts";
import { isRunning, signalReaches } from "./process-identity.ts";
import type { Frame, Hello } from "./protocol.ts";
import { StdioProxy } from "./proxy.ts";
import { socketPath } from "./socket-path.ts";
import { watchUnresponsiveLeader } from "./unresponsive-leader.ts";

const defaultTimeouts: ClusterTimeouts = { welcomeMs: 5_000, callMs: 5_000, answerMs: 3_000 };
const aloneWelcomeMs = 1_000;
const standbyDelayMs = 1_000;
/** How long other processes leave the next term to the named successor, provided that it lives. */
const courtesyMs = 1_000;
/** Leaders that end within this time of each other: the next one may end before it has loaded. */
const restlessMs = 10_000;
const defaultFinishMs = 1_500;
const defaultSuccessorMs = 1_000;

interface Alone {
  connectLocal(): Duplex;
  stop(reason: "released" | "replaced"): Promise<void>;
}

export function joinCluster(options: ClusterOptions): Cluster {
  return new ClusterProcess(options);
}

class ClusterProcess implements Cluster {
  readonly #options: ClusterOptions;
  readonly #folder: ClusterOptions["folder"];
  readonly #version: ClusterOptions["version"];
  readonly #log: ClusterOptions["log"];
  readonly #client: ClusterOptions["client"];
  readonly #timeouts: NonNullable<ClusterOptions["timeouts"]>;
  readonly #proxy: StdioProxy | undefined;
  readonly #closing = new AbortController();
  #state: ClusterState = { mode: "seeking" };
  #leader: Leader | undefined;
  #alone: Alone | undefined;
  #link: Link | undefined;
  #courtesy = { pid: 0, untilMs: 0 };
  #shortLinks = 0;
  #seekingSinceMs = performance.now();
  #stoodBackSinceMs: number | undefined;
  #closed: Promise<void> | undefined;
  #isReplaced = false;
  #isRestless = false;
  #fail: (error: unknown) => void = () => undefined;
  readonly ended: Promise<string>;
  #readying: Promise<unknown> | undefined;
  readonly #seeking: Promise<void>;
  readonly #giveUp = (error: unknown): void => {
    this.#fail(error);
    this.#closing.abort();
  };

  constructor(options: ClusterOptions) {
    this.#options = options;
    const { folder, version, log, client, timeouts = defaultTimeouts } = options;
    this.#folder = folder;
    this.#version = version;
    this.#log = log;
    this.#client = client;
    this.#timeouts = timeouts;
    const proxy: StdioProxy | undefined = client && new StdioProxy({ ...client, log });
    this.#proxy = proxy;
    const failed = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const ended = Promise.race(proxy === undefined ? [failed] : [proxy.gone, failed]);
    this.ended = ended;
    ended.catch(() => undefined);
    this.#seeking = this.#seek().catch(this.#giveUp);
  }

  state(): ClusterState {
    return this.#state;
  }

  factsChanged(): void {
    if (this.#client === undefined || this.#link === undefined) return;
    this.#link.send({ t: "facts", facts: this.#client.facts(), eligible: this.#isEligible() });
  }

  resign(): void {
    this.#leader?.release();
  }

  async answered(withinMs: number): Promise<void> {
    await this.#proxy?.answered(withinMs);
  }

  close({
    finishMs = defaultFinishMs,
    successorMs = defaultSuccessorMs,
  }: CloseTimeouts | undefined = {}): Promise<void> {
    this.#closed ??= (async () => {
      await Promise.all([this.#proxy?.finish(finishMs), this.#leader?.prepareSuccessor(successorMs)]);
      this.#closing.abort();
      await this.#leader?.release();
      this.#link?.end();
      await this.#seeking;
      await this.#alone?.stop("released");
    })();
    return this.#closed;
  }

  #isEligible() {
    return this.#options.eligible?.() ?? true;
  }

  #sleep(ms: number) {
    return pause(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  #hello(): Omit<Hello, "t" | "protocol" | "pid"> {
    const eligible = this.#isEligible();
    return this.#client === undefined
      ? { role: "standby", version: this.#version, eligible }
      : { role: "session", version: this.#version, eligible, facts: this.#client.facts() };
  }

  async #seek(): Promise<void> {
    while (!this.#closing.signal.aborted) await this.#step();
  }

  async #step(): Promise<void> {
    let newest: Awaited<ReturnType<typeof newestLeader>>;
    let highest: number;
    try {
      newest = await newestLeader(this.#folder);
      highest = Math.max(newest?.epoch ?? 0, (await this.#options.highestTerm?.()) ?? 0);
    } catch (error) {
      await this.#workAlone(`the state folder cannot be read: ${(error as Error).message}`);
      return;
    }
    if (this.#closing.signal.aborted) return;
    if (newest !== undefined && !("unreadable" in newest) && !newest.released) {
      if (!(await this.#attachTo(newest))) return;
    }
    if (highest > (newest?.epoch ?? 0) && (await this.#isHeldWithoutFile(highest))) return;
    if (!this.#mayStand()) return void (await this.#sleep(20));
    const unfit = await this.#options.unfit?.();
    if (unfit === undefined) await this.#acquireTerm(highest + 1);
    else await this.#workAlone(unfit);
  }

  /** The leader's file was removed: a leader that lives restores it within a moment. */
  async #isHeldWithoutFile(term: number): Promise<boolean> {
    const socket = await socketPath(this.#folder, term).then(connectTo, () => undefined);
    if (socket === undefined) return false;
    socket.on("error", () => undefined).destroy();
    if (performance.now() - this.#seekingSinceMs < this.#timeouts.welcomeMs) await this.#sleep(100);
    else
      await this.#workAlone(
        `another process listens on the socket of term ${term}, which has no leader file`,
      );
    return true;
  }

  /** True when the leader is dead. Otherwise settles when there is reason to look again. */
  async #attachTo(found: LeaderFile): Promise<boolean> {
    const here = found.host === undefined ? undefined : await thisMachine();
    if (here !== undefined && isElsewhere(found.host, here)) {
      if (!(await holdsFolder(this.#folder, found, here))) return true;
      await this.#workAlone(
        `a router on another machine or in another container holds ${this.#folder} (its pid there: ${found.pid})`,
      );
      return false;
    }
    const withinMs = this.#alone === undefined ? this.#timeouts.welcomeMs : aloneWelcomeMs;
    const handshake = await connectToLeader(found.socket, this.#hello(), withinMs, this.#closing.signal);
    if (this.#closing.signal.aborted) {
      if (handshake.kind === "welcome") handshake.link.end();
      return false;
    }
    switch (handshake.kind) {
      case "welcome":
        await this.#leaveAlone();
        this.#state = {
          mode: "attached",
          term: handshake.term,
          leaderPid: found.pid,
          leaderVersion: handshake.version,
        };
        await this.#followLeader(handshake, found);
        return false;
      case "refused":
        await this.#workAlone(`the leader (pid ${found.pid}) refused: ${handshake.reason}`);
        return false;
      case "silent":
        await this.#workAlone(`the leader (pid ${found.pid}) does not answer; its process may be stopped`);
        return false;
      case "closed":
        await this.#sleep(20);
        return false;
      case "unreachable":
        if (!(await isRunning(found))) return true;
        // Between acquiring its term and opening its socket, or between closing its socket and its end.
        if (performance.now() - this.#seekingSinceMs < this.#timeouts.welcomeMs) await this.#sleep(10);
        else await this.#workAlone(`the leader (pid ${found.pid}) runs but does not listen`);
        return false;
    }
  }

  async #followLeader(
    handshake: Extract<Handshake, { kind: "welcome" }>,
    { pid, socket }: LeaderFile,
  ): Promise<void> {
    const proxy = this.#proxy;
    if (proxy === undefined) return this.#follow(handshake);
    const unwatch = watchUnresponsiveLeader({
      pid,
      timeoutMs: this.#timeouts.callMs,
      oldestCallMs: () => proxy.oldestCallMs(),
      onCall: (listener) => proxy.onCall(listener),
      refuseCalls: (text) => proxy.refuseCalls(text),
      responds: () => responds(socket, this.#version, this.#timeouts.answerMs, this.#closing.signal),
      onUnresponsive: () =>
        this.#log.warn(line`the leader (pid ${pid}) does not respond: tool calls fail until it does`),
    });
    await this.#follow(handshake).finally(unwatch);
  }

  /** Stays on this link until it closes. */
  async #follow(handshake: Extract<Handshake, { kind: "welcome" }>): Promise<void> {
    const sinceMs = performance.now();
    const current = handshake.link;
    this.#link = current;
    this.#stoodBackSinceMs = undefined;
    current.handle({
      onFrame: (frame) => {
        this.#proxy?.receive(frame);
        if (frame.t === "prepare") void this.#getReady().then(() => current.send({ t: "ready" }));
        else if (frame.t === "ring") void this.#ring(current, frame);
        else if (frame.t === "leaving" && frame.successor === process.pid) void this.#getReady();
        else if (frame.t === "bye" && frame.successor !== undefined) {
          this.#courtesy = { pid: frame.successor, untilMs: performance.now() + courtesyMs };
        }
      },
      onLine: (n, line) => this.#proxy?.receiveLine(n, line),
    });
    this.#proxy?.use(current);
    await current.closed;
    // The leader closed it because the client's conversation is over.
    if (this.#closed !== undefined) this.#closing.abort();
    if (this.#link === current) {
      this.#link = undefined;
      this.#isRestless = performance.now() - this.#seekingSinceMs < restlessMs;
      this.#seekingSinceMs = performance.now();
      if (this.#state.mode === "attached") this.#state = { mode: "seeking" };
    }
    // A leader that disconnects us immediately, again and again, must not make this a busy loop.
    this.#shortLinks = performance.now() - sinceMs < 100 ? this.#shortLinks + 1 : 0;
    if (this.#shortLinks >= 3) await this.#sleep(100);
  }

  async #ring(link: Link, { n, waiting }: Extract<Frame, { t: "ring" }>): Promise<void> {
    const none: RingResult = { rung: false, reason: "this process has no way to ring" };
    const result = (await this.#client?.ring?.(waiting)) ?? none;
    if (result.rung === true) link.send({ t: "rung", n });
    else
      link.send({ t: "rung", n, failed: result.reason, ...(result.rung === "unknown" && { unknown: true }) });
  }

  /** Never rejects: any fault shows again when this process becomes the leader. */
  async #getReady(): Promise<void> {
    this.#readying ??= (async () => {
      await Promise.all([import("./leader.ts"), this.#options.prepare?.()]);
      await this.#options.warm?.();
    })().catch(() => undefined);
    await this.#readying;
  }

  /**
   * The part of the program that a leader needs. Undefined, after a pause, when its files are gone: the
   * program was replaced while it ran. Then this process keeps proxying while another process leads.
   */
  async #loadLeader(isAll: boolean): Promise<typeof import("./leader.ts") | undefined> {
    try {
      const { becomeAlone, becomeLeader } = await import("./leader.ts");
      if (isAll) await this.#options.prepare?.();
      return { becomeAlone, becomeLeader };
    } catch (error) {
      await this.#wasReplaced(error);
      return undefined;
    }
  }

  /** Rethrows any other error. */
  async #wasReplaced(error: unknown): Promise<void> {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    if (!this.#isReplaced) {
      this.#log.error(
        line`the program's files were replaced while it ran: this session must be restarted (/mcp, Reconnect)`,
      );
    }
    this.#isReplaced = true;
    await this.#sleep(1_000);
  }

  #mayStand(): boolean {
    const { pid, untilMs } = this.#courtesy;
    if (pid !== process.pid && performance.now() < untilMs && signalReaches(pid)) return false;
    if (this.#isEligible()) return true;
    this.#stoodBackSinceMs ??= performance.now();
    return performance.now() - this.#stoodBackSinceMs >= standbyDelayMs;
  }

  async #acquireTerm(term: number): Promise<void> {
    // Of several candidates only one gets the term: the large parts are loaded by that one, after it has
    // acquired the term. When leaders end in quick succession, all candidates load them, so that the next one
    // need not start from nothing.
    const loaded = await this.#loadLeader(this.#isReplaced || this.#isRestless);
    if (loaded === undefined || this.#closing.signal.aborted) return;
    let failure: unknown;
    try {
      this.#leader = await loaded.becomeLeader({
        folder: this.#folder,
        term,
        version: this.#version,
        log: this.#log,
        register: this.#options.register,
        serve: async (role) => {
          await this.#leaveAlone();
          try {
            return await this.#options.serve(role);
          } catch (error) {
            failure = error;
            throw error;
          }
        },
      });
    } catch (error) {
      if (failure !== undefined) return this.#wasReplaced(failure).catch(this.#giveUp);
      await this.#workAlone(`the state folder cannot be used: ${(error as Error).message}`);
      return;
    }
    if (this.#leader !== undefined) await this.#own(this.#leader);
  }

  async #own(current: Leader): Promise<void> {
    this.#state = { mode: "leader", term: current.file.epoch };
    if (this.#closing.signal.aborted) void current.release();
    let isOver = false;
    const over = current.over.then(() => {
      isOver = true;
    });
    while (this.#proxy !== undefined && !isOver && !this.#closing.signal.aborted) {
      await this.#followLocal(current.connectLocal());
    }
    await over;
    this.#leader = undefined;
    this.#state = { mode: "seeking" };
  }

  async #followAlone(current: Alone): Promise<void> {
    while (this.#proxy !== undefined && this.#alone === current && !this.#closing.signal.aborted) {
      await this.#followLocal(current.connectLocal());
    }
  }

  async #followLocal(stream: Duplex): Promise<void> {
    const handshake = await connectToLeader(
      stream,
      this.#hello(),
      this.#timeouts.welcomeMs,
      this.#closing.signal,
    );
    if (handshake.kind === "welcome") await this.#follow(handshake);
    else await this.#sleep(10);
  }

  /** Starts to work alone, or continues to; settles when it is time to look again. */
  async #workAlone(reason: string): Promise<void> {
    if (this.#client === undefined) {
      if (this.#state.mode !== "alone") this.#log.warn(line`waiting: ${reason}`);
    } else if (this.#alone === undefined) {
      this.#log.warn(line`works alone, without sources: ${reason}`);
      const loaded = await this.#loadLeader(true);
      if (loaded === undefined) return;
      try {
        this.#alone = await loaded.becomeAlone({
          reason,
          version: this.#version,
          log: this.#log,
          serve: this.#options.serve,
        });
      } catch (error) {
        return this.#giveUp(error);
      }
      this.#state = { mode: "alone", reason };
      void this.#followAlone(this.#alone);
    }
    this.#state = { mode: "alone", reason };
    await this.#sleep(this.#timeouts.welcomeMs);
  }

  async #leaveAlone(): Promise<void> {
    const left = this.#alone;
    if (left === undefined) return;
    this.#alone = undefined;
    await left.stop("replaced");
    this.#log.info(line`no longer alone`);
  }
}
