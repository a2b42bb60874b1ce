// Takes connections of other processes, and of this one's own client, from the hello to the open session. Knows who is
// there and who could succeed; decides nothing about epochs.

import type { Duplex } from "node:stream";
import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import {
  type AttachedSession,
  PeerSession,
  type Question,
  readQuestion,
  type Unanswered,
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

/** What the owner does for its clients; supplied by whoever wires the router. */
export interface Service {
  /** A client came. Opens a session on its streams; the session's end is followed by `session.close`. */
  attach(session: AttachedSession): void;
  readonly command: CommandHandler;
  /** Whether a `tools/call` that an earlier owner left unanswered may be run again. Other requests always are. */
  mayRunAgain(request: Unanswered): boolean;
  /**
   * Ends everything exclusive: sources, listener, bots, journal. `released`: in order, this process hands over.
   * `deposed`: at once and without writing, another one has taken over. `replaced`: this process worked alone, and does
   * no more. Sessions lose their streams after it settles; they need not be closed.
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

export class LeaderServer {
  readonly #epoch: {
    readonly epoch: number;
    readonly version: string;
    readonly log: Log;
  }["epoch"];
  readonly #version: {
    readonly epoch: number;
    readonly version: string;
    readonly log: Log;
  }["version"];
  readonly #log: {
    readonly epoch: number;
    readonly version: string;
    readonly log: Log;
  }["log"];
  readonly #links = new Set<Link>();
  readonly #peers = new Set<Peer>();
  readonly #waiting: (() => void)[] = [];
  readonly #greetTimers = new WeakMap<Link, NodeJS.Timeout>();
  /** Told once each: they ask again every few seconds. */
  readonly #refused = new Set<number>();
  #service: Service | undefined;
  #leaving = false;
  #successor: Peer | undefined;
  #lastId = 0;

  constructor(options: {
    readonly epoch: number;
    readonly version: string;
    readonly log: Log;
  }) {
    const { epoch, version, log } = options;
    this.#epoch = epoch;
    this.#version = version;
    this.#log = log;
  }

  /** Clients are attached from now on; those that came before waited. */
  open(opened: Service): void {
    this.#service = opened;
    for (const run of this.#waiting.splice(0)) run();
  }

  /** Asks the successor to get ready while this owner still works. Settles when it is ready, when there is none, or after `withinMs`. */
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

  /** Tells all that the owner is leaving, and names who should get ready. The result is that process' pid. */
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

  /** Ends all connections; `release` lets the successor begin at once. */
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

  /** Takes one connection; `local` is this process' own client. */
  accept(stream: Duplex, local: boolean = false): void {
    const link = createLink(stream, { onFrame: (frame) => this.#greet(link, frame, local) });
    this.#links.add(link);
    const timer = setTimeout(() => link.cut("no hello came"), helloWithinMs);
    timer.unref();
    this.#greetTimers.set(link, timer);
    void link.closed.then(() => {
      clearTimeout(timer);
      this.#links.delete(link);
    });
  }

  #whenOpen(run: () => void): void {
    if (this.#service === undefined) this.#waiting.push(run);
    else run();
  }

  #greet(link: Link, frame: Frame, local: boolean): void {
    clearTimeout(this.#greetTimers.get(link));
    if (!isHello(frame)) {
      link.cut("the peer did not begin with a hello");
      return;
    }
    if (frame.protocol !== protocolNumber) {
      const isNews = !this.#refused.has(frame.pid);
      const reason = `this router (${this.#version}) speaks protocol ${protocolNumber}, the other (${frame.version}) ${frame.protocol}`;
      const hint = "end all sessions of one version to go on together";
      if (isNews) this.#log.warn(line`process ${frame.pid} cannot attach: ${reason}; ${hint}`);
      this.#refused.add(frame.pid);
      link.end({ t: "refuse", protocol: protocolNumber, version: this.#version, reason });
      return;
    }
    if (this.#leaving) {
      link.end({ t: "bye", reason: "the owner is leaving" });
      return;
    }
    link.send({ t: "welcome", protocol: protocolNumber, version: this.#version, epoch: this.#epoch });
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
        if (!answer(frame)) link.cut("the peer sent what is no call");
      },
    });
  }

  #serveClient(peer: Peer): void {
    const { link } = peer;
    let resume: Resume | undefined;
    let door: PeerSession | undefined;
    let isComplete = false;
    const questions: Question[] = [];
    const early: ((opened: PeerSession) => void)[] = [];
    this.#peers.add(peer);

    /** What comes between `resume` and the opening of the session keeps its order. */
    function atDoor(run: (opened: PeerSession) => void): void {
      if (door !== undefined) run(door);
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
        door = new PeerSession({
          id: this.#lastId,
          pid: peer.hello.pid,
          local: peer.local,
          facts: facts as NonNullable<typeof facts>,
          link,
          epoch: this.#epoch,
          resume: complete,
          questions,
          mayRunAgain: (request) => serving.mayRunAgain(request),
        });
        serving.attach(door.session);
        for (const run of early.splice(0)) run(door);
      });
    };

    let facts = isFacts(peer.hello.facts) ? peer.hello.facts : undefined;
    void link.closed.then((reason) => {
      this.#peers.delete(peer);
      door?.closed(reason);
    });

    link.handle({
      onFrame(frame) {
        if (frame.t === "c" && typeof frame.n === "number") atDoor((opened) => opened.confirmed(frame.n));
        else if (frame.t === "end") atDoor((opened) => opened.endInput());
        else if (frame.t === "taken" && Array.isArray(frame.events))
          atDoor((opened) => opened.taken(frame.events));
        else if (frame.t === "facts" && isFacts(frame.facts)) {
          facts = frame.facts;
          peer.eligible = frame.eligible === true;
          door?.setFacts(frame.facts);
        } else if (frame.t === "ready") peer.onReady?.();
        else if (isResume(frame) && resume === undefined && facts !== undefined) {
          resume = frame;
          openWhenComplete();
        } else link.cut("the peer sent an unexpected frame");
      },
      onLine: (n, line) => atDoor((opened) => opened.receiveLine(n, line)),
      onQuestion(line) {
        const question = readQuestion(line);
        if (question === undefined || isComplete) return link.cut("the peer sent an unusable question");
        questions.push(question);
        openWhenComplete();
      },
    });
  }

  /** Whoever was asked to get ready, as long as it is there. */
  #nameSuccessor(): void {
    if (this.#successor === undefined || !this.#peers.has(this.#successor))
      this.#successor = chooseSuccessor(this.#peers);
  }
}

/** One that has all it needs before one that has not, a process without a client before others, then who came first. */
function chooseSuccessor(peers: ReadonlySet<Peer>): Peer | undefined {
  const rank = (peer: Peer) => (peer.eligible ? 0 : 2) + (peer.hello.role === "standby" ? 0 : 1);
  return [...peers].filter(({ local }) => !local).sort((a, b) => rank(a) - rank(b))[0];
}
