// Accepts connections of other processes, and of this one's own client, from the hello to the open session.
// Knows which processes are connected and which could succeed; decides nothing about terms.

import type { Duplex } from "node:stream";
import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import {
  type AttachedSession,
  PeerSession,
  type Question,
  readQuestion,
  type UnansweredRequest,
} from "./attached-session.ts";
import { answerCalls, type CommandHandler } from "./calls.ts";
import { createLink, type Link } from "./link.ts";
import {
  type Frame,
  type Hello,
  isFacts,
  isHello,
  isResume,
  protocolNumber,
  type Resume,
} from "./protocol.ts";

/** What the leader does for its clients; supplied by the code that wires the router. */
export interface Service {
  /** A client attached. Opens a session on its streams; when the session ends, `session.close` is called. */
  attach(session: AttachedSession): void;
  readonly command: CommandHandler;
  /**
   * Whether a `tools/call` that an earlier leader left unanswered may be run again. Other requests always
   * may.
   */
  mayRunAgain(request: UnansweredRequest): boolean;
  /**
   * Stops everything exclusive: sources, HTTP server, bots, journal. `released`: in order, this process hands
   * over. `deposed`: at once and without writing, another process has taken over. `replaced`: this process
   * worked alone, and stops doing so. Sessions lose their streams after it settles; they need not be closed.
   */
  stop(reason: "released" | "deposed" | "replaced"): Promise<void>;
}

interface Peer {
  readonly link: Link;
  readonly hello: Hello;
  readonly local: boolean;
  eligible: boolean;
  onReady?(): void;
}

const helloWithinMs = 2_000;
/** Of a text that another process reports and a user reads. */
const maxReasonChars = 300;

export class LeaderServer {
  readonly #term: number;
  readonly #version: string;
  readonly #log: Log;
  readonly #links = new Set<Link>();
  readonly #peers = new Set<Peer>();
  readonly #waiting: (() => void)[] = [];
  readonly #helloTimers = new WeakMap<Link, NodeJS.Timeout>();
  /** Reported once each: they ask again every few seconds. */
  readonly #refused = new Set<number>();
  #service: Service | undefined;
  #leaving = false;
  #successor: Peer | undefined;
  #lastId = 0;

  constructor({
    term,
    version,
    log,
  }: { readonly term: number; readonly version: string; readonly log: Log }) {
    this.#term = term;
    this.#version = version;
    this.#log = log;
  }

  /** Clients are attached from now on; earlier ones waited. */
  open(opened: Service): void {
    this.#service = opened;
    for (const run of this.#waiting.splice(0)) run();
  }

  /**
   * Asks the successor to get ready while the leader keeps serving; settles when it is ready, when there is
   * none, or after this time.
   */
  async prepareSuccessor(withinMs: number): Promise<void> {
    const chosen = chooseSuccessor(this.#peers);
    if (chosen === undefined) return;
    this.#successor = chosen;
    let timer: NodeJS.Timeout | undefined;
    const isReady = new Promise<void>((resolve) => {
      chosen.onReady = resolve;
      timer = setTimeout(resolve, withinMs);
    });
    chosen.link.send({ t: "prepare" });
    await Promise.race([isReady, chosen.link.closed]);
    clearTimeout(timer);
  }

  /**
   * Announces to all that the leader is leaving, and names which process should get ready. Returns that
   * process' pid.
   */
  announceLeaving(): number | undefined {
    this.#leaving = true;
    this.#nameSuccessor();
    for (const { link } of this.#peers) {
      link.send({
        t: "leaving",
        ...(this.#successor !== undefined && { successor: this.#successor.hello.pid }),
      });
    }
    return this.#successor?.hello.pid;
  }

  /** Closes all connections; `release` lets the successor start at once. */
  async close(reason: string, release: boolean): Promise<void> {
    this.#leaving = true;
    if (release) this.#nameSuccessor();
    const bye = {
      t: "bye",
      reason,
      ...(release && this.#successor !== undefined && { successor: this.#successor.hello.pid }),
    } as const;
    const closing = [...this.#links];
    for (const link of closing) link.end(bye);
    await Promise.all(closing.map((link) => link.gone));
  }

  /** Accepts one connection; `local` is this process' own client. */
  accept(stream: Duplex, local: boolean = false): void {
    const link = createLink(stream, { onFrame: (frame) => this.#onHello(link, frame, local) });
    this.#links.add(link);
    const timer = setTimeout(() => link.cut("no hello came"), helloWithinMs);
    timer.unref();
    this.#helloTimers.set(link, timer);
    void link.closed.then(() => {
      clearTimeout(timer);
      this.#links.delete(link);
    });
  }

  #whenOpen(run: () => void): void {
    if (this.#service === undefined) this.#waiting.push(run);
    else run();
  }

  #onHello(link: Link, frame: Frame, local: boolean): void {
    clearTimeout(this.#helloTimers.get(link));
    if (!isHello(frame)) {
      link.cut("the peer did not begin with a hello");
      return;
    }
    if (frame.protocol !== protocolNumber) {
      const isNews = !this.#refused.has(frame.pid);
      const reason = `this router (${this.#version}) speaks protocol ${protocolNumber}, the other (${frame.version}) ${frame.protocol}`;
      const hint = "close all sessions of one version, so that only one version runs";
      if (isNews) this.#log.warn(line`process ${frame.pid} cannot attach: ${reason}; ${hint}`);
      this.#refused.add(frame.pid);
      link.end({ t: "refuse", protocol: protocolNumber, version: this.#version, reason });
      return;
    }
    if (this.#leaving) {
      link.end({ t: "bye", reason: "the leader is leaving" });
      return;
    }
    link.send({ t: "welcome", protocol: protocolNumber, version: this.#version, epoch: this.#term });
    if (frame.role === "command") this.#serveCommands(link);
    else this.#serveClient({ link, hello: frame, local, eligible: frame.eligible === true });
  }

  #serveCommands(link: Link): void {
    const answer = answerCalls(
      link,
      (...call) =>
        new Promise((resolve, reject) => {
          this.#whenOpen(() => (this.#service as Service).command(...call).then(resolve, reject));
        }),
    );
    link.handle({
      onFrame(frame) {
        if (!answer(frame)) link.cut("the peer sent a frame that is not a call");
      },
    });
  }

  #serveClient(peer: Peer): void {
    const { link } = peer;
    let resume: Resume | undefined;
    let peerSession: PeerSession | undefined;
    let isComplete = false;
    const questions: Question[] = [];
    const early: ((opened: PeerSession) => void)[] = [];
    this.#peers.add(peer);

    /** Frames between `resume` and the opening of the session keep their order. */
    function whenOpen(run: (opened: PeerSession) => void): void {
      if (peerSession !== undefined) run(peerSession);
      else early.push(run);
    }

    const openWhenComplete = (): void => {
      if (resume === undefined || questions.length < resume.unanswered) return;
      const complete = resume;
      isComplete = true;
      this.#whenOpen(() => {
        if (!this.#links.has(link)) return;
        const serving = this.#service as Service;
        this.#lastId += 1;
        peerSession = new PeerSession({
          id: this.#lastId,
          pid: peer.hello.pid,
          local: peer.local,
          facts: facts as NonNullable<typeof facts>,
          link,
          term: this.#term,
          resume: complete,
          questions,
          mayRunAgain: (request) => serving.mayRunAgain(request),
        });
        serving.attach(peerSession.session);
        for (const run of early.splice(0)) run(peerSession);
      });
    };

    let facts = isFacts(peer.hello.facts) ? peer.hello.facts : undefined;
    void link.closed.then((reason) => {
      this.#peers.delete(peer);
      peerSession?.closed(reason);
    });

    link.handle({
      onFrame(frame) {
        if (frame.t === "c" && typeof frame.n === "number") whenOpen((opened) => opened.confirmed(frame.n));
        else if (frame.t === "end") whenOpen((opened) => opened.endInput());
        else if (frame.t === "rung" && typeof frame.n === "number")
          peerSession?.rung(
            frame.n,
            frame.failed === undefined
              ? { rung: true }
              : {
                  rung: frame.unknown === true ? "unknown" : false,
                  reason: String(frame.failed).slice(0, maxReasonChars),
                },
          );
        else if (frame.t === "taken" && Array.isArray(frame.events))
          whenOpen((opened) =>
            opened.taken(Array.isArray(frame.deliveries) ? frame.deliveries : frame.events),
          );
        else if (frame.t === "facts" && isFacts(frame.facts)) {
          facts = frame.facts;
          peer.eligible = frame.eligible === true;
          peerSession?.setFacts(frame.facts);
        } else if (frame.t === "ready") peer.onReady?.();
        else if (isResume(frame) && resume === undefined && facts !== undefined) {
          resume = frame;
          openWhenComplete();
        } else link.cut("the peer sent an unexpected frame");
      },
      onLine: (n, line) => whenOpen((opened) => opened.receiveLine(n, line)),
      onQuestion(line) {
        const question = readQuestion(line);
        if (question === undefined || isComplete) return link.cut("the peer sent an unusable question");
        questions.push(question);
        openWhenComplete();
      },
    });
  }

  /** The process that was asked to get ready, while it is connected. */
  #nameSuccessor(): void {
    if (this.#successor === undefined || !this.#peers.has(this.#successor))
      this.#successor = chooseSuccessor(this.#peers);
  }
}

/**
 * A process that has everything it needs before one that does not, one without a client before others, then
 * the earliest.
 */
function chooseSuccessor(peers: ReadonlySet<Peer>): Peer | undefined {
  const rank = (peer: Peer) => (peer.eligible ? 0 : 2) + (peer.hello.role === "standby" ? 0 : 1);
  return [...peers].filter(({ local }) => !local).sort((a, b) => rank(a) - rank(b))[0];
}
