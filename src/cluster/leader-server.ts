// Takes connections of other processes, and of this one's own client, from the hello to the open session. Knows who is
// there and who could succeed; decides nothing about epochs.

import type { Duplex } from "node:stream";
import type { Log } from "../contract.ts";
import { line } from "../text.ts";
import {
  type AttachedSession,
  openAttachedSession,
  type PeerSession,
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

export interface LeaderServer {
  /** Takes one connection; `local` is this process' own client. */
  accept(stream: Duplex, local?: boolean): void;
  /** Clients are attached from now on; those that came before waited. */
  open(service: Service): void;
  /** Has whoever would succeed get ready while the owner goes on; settles when it is, or when nobody can, at most so long. */
  prepareSuccessor(withinMs: number): Promise<void>;
  /** Tells all that the owner is leaving, and names who should get ready. The result is that process' pid. */
  announceLeaving(): number | undefined;
  /** Ends all connections; `release` lets the successor begin at once. */
  close(reason: string, release: boolean): Promise<void>;
}

interface Peer {
  readonly link: Link;
  readonly hello: Hello;
  readonly local: boolean;
  eligible: boolean;
  onReady?(): void;
}

const helloWithinMs = 2_000;

export function createLeaderServer(options: {
  readonly epoch: number;
  readonly version: string;
  readonly log: Log;
}): LeaderServer {
  const { epoch, version, log } = options;
  const links = new Set<Link>();
  const peers = new Set<Peer>();
  const waiting: (() => void)[] = [];
  const greetTimers = new WeakMap<Link, NodeJS.Timeout>();
  /** Told once each: they ask again every few seconds. */
  const refused = new Set<number>();
  let service: Service | undefined;
  let leaving = false;
  let successor: Peer | undefined;
  let lastId = 0;

  function whenOpen(run: () => void): void {
    if (service === undefined) waiting.push(run);
    else run();
  }

  function accept(stream: Duplex, local = false): void {
    const link = createLink(stream, { onFrame: (frame) => greet(link, frame, local) });
    links.add(link);
    const timer = setTimeout(() => link.cut("no hello came"), helloWithinMs);
    timer.unref();
    greetTimers.set(link, timer);
    void link.closed.then(() => {
      clearTimeout(timer);
      links.delete(link);
    });
  }

  function greet(link: Link, frame: Frame, local: boolean): void {
    clearTimeout(greetTimers.get(link));
    if (!isHello(frame)) {
      link.cut("the peer did not begin with a hello");
      return;
    }
    if (frame.protocol !== protocolNumber) {
      const isNews = !refused.has(frame.pid);
      const reason = `this router (${version}) speaks protocol ${protocolNumber}, the other (${frame.version}) ${frame.protocol}`;
      const hint = "end all sessions of one version to go on together";
      if (isNews) log.warn(line`process ${frame.pid} cannot attach: ${reason}; ${hint}`);
      refused.add(frame.pid);
      link.end({ t: "refuse", protocol: protocolNumber, version, reason });
      return;
    }
    if (leaving) {
      link.end({ t: "bye", reason: "the owner is leaving" });
      return;
    }
    link.send({ t: "welcome", protocol: protocolNumber, version, epoch });
    if (frame.role === "command") serveCommands(link);
    else serveClient({ link, hello: frame, local, eligible: frame.eligible === true });
  }

  function serveCommands(link: Link): void {
    const answer = answerCalls(
      link,
      (...call) =>
        new Promise((resolve, reject) => {
          whenOpen(() => (service as Service).command(...call).then(resolve, reject));
        }),
    );
    link.handle({
      onFrame(frame) {
        if (!answer(frame)) link.cut("the peer sent what is no call");
      },
    });
  }

  function serveClient(peer: Peer): void {
    const { link } = peer;
    let resume: Resume | undefined;
    let door: PeerSession | undefined;
    let isComplete = false;
    const questions: Question[] = [];
    const early: ((opened: PeerSession) => void)[] = [];
    peers.add(peer);

    /** What comes between `resume` and the opening of the session keeps its order. */
    function atDoor(run: (opened: PeerSession) => void): void {
      if (door !== undefined) run(door);
      else early.push(run);
    }

    function openWhenComplete(): void {
      if (resume === undefined || questions.length < resume.unanswered) return;
      const complete = resume;
      isComplete = true;
      whenOpen(() => {
        if (!links.has(link)) return;
        const serving = service as Service;
        lastId += 1;
        door = openAttachedSession({
          id: lastId,
          pid: peer.hello.pid,
          local: peer.local,
          facts: facts as NonNullable<typeof facts>,
          link,
          epoch,
          resume: complete,
          questions,
          mayRunAgain: (request) => serving.mayRunAgain(request),
        });
        serving.attach(door.session);
        for (const run of early.splice(0)) run(door);
      });
    }

    let facts = isFacts(peer.hello.facts) ? peer.hello.facts : undefined;
    void link.closed.then((reason) => {
      peers.delete(peer);
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
  function nameSuccessor(): void {
    if (successor === undefined || !peers.has(successor)) successor = chooseSuccessor(peers);
  }

  return {
    accept,
    open(opened) {
      service = opened;
      for (const run of waiting.splice(0)) run();
    },
    async prepareSuccessor(withinMs) {
      const chosen = chooseSuccessor(peers);
      if (chosen === undefined) return;
      successor = chosen;
      let timer: NodeJS.Timeout | undefined;
      const isReady = new Promise<void>((resolve) => {
        chosen.onReady = resolve;
        timer = setTimeout(resolve, withinMs);
      });
      chosen.link.send({ t: "prepare" });
      await Promise.race([isReady, chosen.link.closed]);
      clearTimeout(timer);
    },
    announceLeaving() {
      leaving = true;
      nameSuccessor();
      for (const { link } of peers) {
        link.send({ t: "leaving", ...(successor !== undefined && { successor: successor.hello.pid }) });
      }
      return successor?.hello.pid;
    },
    async close(reason, release) {
      leaving = true;
      if (release) nameSuccessor();
      const bye = {
        t: "bye",
        reason,
        ...(release && successor !== undefined && { successor: successor.hello.pid }),
      } as const;
      const closing = [...links];
      for (const link of closing) link.end(bye);
      await Promise.all(closing.map((link) => link.gone));
    },
  };
}

/** One that has all it needs before one that has not, a process without a client before others, then who came first. */
function chooseSuccessor(peers: ReadonlySet<Peer>): Peer | undefined {
  const rank = (peer: Peer) => (peer.eligible ? 0 : 2) + (peer.hello.role === "standby" ? 0 : 1);
  return [...peers].filter(({ local }) => !local).sort((a, b) => rank(a) - rank(b))[0];
}
