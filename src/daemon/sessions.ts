// The sessions of a leader, its own client's and those of other processes alike: opened when their process
// attaches, given tools when there are any, and judged on whether they listen.

import { systemClock } from "../clock.ts";
import type { AttachedSession } from "../cluster/attached-session.ts";
import { claudeConfigFolder } from "../config/paths.ts";
import type { Log, Tool } from "../contract.ts";
import type { DispatchSession, Listening } from "../dispatch/session.ts";
import type { InitializeResult } from "../session/initialize-result.ts";
import type { PermissionRequest } from "../session/permission.ts";
import { type OpenSession, openSession } from "../session/session.ts";
import { neutralise } from "../text/neutralise.ts";
import { type SafeLine, stackOf, text } from "../text.ts";
import { awaitRegistration, type ClientLogQuery, type Registration, readRegistration } from "./client-log.ts";
import { ClientSession, type ClientSessionInfo } from "./client-session.ts";
import {
  judgeListening,
  type ListeningEvidence,
  pluginServer,
  printServer,
  type ServerIdentity,
} from "./listening.ts";
import { SeenIds } from "./seen-ids.ts";
import { type ShownDelivery, ShownEvents } from "./shown-events.ts";
import type { ClientIdentity, ConnectedWays } from "./wake/connected-ways.ts";
import {
  SessionWake,
  type SessionWakeOptions,
  type WakeConsent,
  type WakeReport,
} from "./wake/session-wake.ts";

export interface DaemonSession {
  /** The id that `to: { session }` takes: the pid of its process. */
  readonly id: string;
  readonly attached: AttachedSession;
  readonly mcp: OpenSession;
  readonly dispatchSession: DispatchSession;
  readonly startedMs: number;
  client(): { readonly name: string; readonly version: string } | undefined;
  /** What the client itself reports about the session, in a file. */
  inClient(): ClientSessionInfo;
  listening(): Listening;
  sent(): number;
  /** How many of them the client's log has as shown; undefined when this client does not log that. */
  shown(): number | undefined;
  clientIdentity(): ClientIdentity;
  /** How it is notified of events while it does not show them. */
  wake(): WakeReport;
  /** The initialize result that its client received; undefined before. */
  initializeResult(): InitializeResult | undefined;
  /** A tool call of this session named this event. */
  named(eventId: string): void;
  /** A tool of ours is about to give Claude this text. */
  handOut(text: string): void;
}

export interface SessionHooks {
  tools(session: DaemonSession): readonly Tool[];
  /** How many events the session could fetch with `pending`. */
  waiting?(session: DaemonSession): number;
  /** Text for the end of each result. */
  reminder?(session: DaemonSession): SafeLine | undefined;
  /** Called once for each session, existing ones first. */
  enter?(session: DaemonSession): void;
  /** Called once for each session that has ended. */
  gone?(session: DaemonSession): void;
  /** The session's client has shown an event that already counts as sent, or as not shown. */
  shown?(session: DaemonSession, delivery: ShownDelivery): void;
  /** The client requests a permission, and lets channels answer. */
  permission?(session: DaemonSession, request: PermissionRequest): void;
  /** Something about a session changed that dispatch may need to know. */
  changed?(): void;
}

export interface DaemonSessions {
  attach(attached: AttachedSession): void;
  /** From now on sessions have these tools; may be called again. */
  serve(serving: SessionHooks): void;
  /** The tools may have changed: clients whose list changed are notified. */
  retool(): void;
  list(): readonly DaemonSession[];
}

interface SessionsOptions {
  /** For a new client. */
  initializeResult(): Promise<InitializeResult>;
  readonly log: Log;
  /** Hides secrets in the output of a tool. */
  mask(text: string): string;
  /** This server's name in .mcp.json. */
  serverName(): string;
  /** Whether this version of the client is known to log each message that it shows. */
  logsMessages(version: string): boolean;
  /** It has just been seen to. */
  learnLogsMessages(version: string): void;
  /** Whether sessions may be rung. */
  wake(): WakeConsent;
  /** The monitors and hooks that are connected. */
  readonly ways: ConnectedWays;
}

/**
 * The client registers its handler 60 ms to 1.5 s after `initialized`: the first push waits for its log
 * entry, or at most this time.
 */
const registrationWithinMs = 3_000;
/** The client's log may be late, or appear only after the user has confirmed the channel. */
const laterLooksMs = [10_000, 30_000, 120_000] as const;

export function openSessions(options: SessionsOptions): DaemonSessions {
  const { log, mask } = options;
  const sessions = new Set<DaemonSession>();
  let serving: SessionHooks | undefined;

  function admit(session: DaemonSession): void {
    if (serving === undefined) return;
    equip(session, serving);
    serving.enter?.(session);
  }

  function equip(session: DaemonSession, { tools, waiting, reminder }: SessionHooks): void {
    const safe = (text: string) => {
      session.handOut(text);
      return neutralise(mask(text));
    };
    const remind = () => reminder?.(session);
    session.mcp.attachTools(tools(session), safe, () => waiting?.(session) ?? 0, remind).catch(report);
  }

  function report(error: unknown): void {
    log.error(text`session: ${stackOf(error)}`);
  }

  return {
    attach(attached) {
      const session = openDaemonSession(attached, {
        ...options,
        changed: () => serving?.changed?.(),
        shown: (by, delivery) => serving?.shown?.(by, delivery),
        isAnothers: (asking, sessionId) =>
          [...sessions].some(
            (other) =>
              other !== asking &&
              (other.attached.facts().session === sessionId || other.inClient().sessionId === sessionId),
          ),
        permission: (asking, request) => serving?.permission?.(asking, request),
      });
      sessions.add(session);
      void session.mcp.ended.then(async (reason) => {
        sessions.delete(session);
        serving?.gone?.(session);
        await session.mcp.close();
        attached.close(reason);
      });
      admit(session);
    },
    serve(next) {
      serving = next;
      for (const session of sessions) admit(session);
    },
    retool() {
      if (serving !== undefined) for (const session of sessions) equip(session, serving);
    },
    list: () => [...sessions],
  };
}

type MemberOptions = SessionsOptions &
  Required<Pick<SessionHooks, "changed" | "shown" | "permission">> & {
    /** Whether another open session has this id. */
    isAnothers(session: DaemonSession, sessionId: string): boolean;
  };

/** The client's own name and version, from its `initialize`. */
function clientOf(session: OpenSession) {
  const info = session.recordedInitialize()?.params?.clientInfo as
    | { name?: unknown; version?: unknown }
    | undefined;
  return typeof info?.name === "string" ? { name: info.name, version: String(info.version) } : undefined;
}

/** Which client its process belongs to; see client-facts.ts. */
function clientIdentityOf(attached: AttachedSession): ClientIdentity {
  const { session, details } = attached.facts();
  const { pid, start } = (details?.client ?? {}) as { pid?: unknown; start?: unknown };
  const isKnown = typeof pid === "number" && typeof start === "string";
  return { session, process: isKnown ? { pid, start } : undefined };
}

/** As its process reports it. */
function inboxOf(attached: AttachedSession): true | string | undefined {
  const inbox = attached.facts().details?.inbox;
  return inbox === true || typeof inbox === "string" ? inbox : undefined;
}

function openWake(
  attached: AttachedSession,
  { wake, ways, changed }: MemberOptions,
  of: Pick<SessionWakeOptions, "server" | "registration">,
): SessionWake {
  const opened = new SessionWake({
    ...of,
    consent: wake,
    ways,
    client: () => clientIdentityOf(attached),
    configFolder: () => String(attached.facts().details?.configFolder ?? claudeConfigFolder(process.env)),
    inbox: () => inboxOf(attached),
    ringInbox: (waiting) => attached.ring(waiting),
    changed,
    clock: systemClock,
  });
  void opened.prepare();
  return opened;
}

function queryOf(
  attached: AttachedSession,
  server: ServerIdentity,
  sinceMs: number,
  laterSession: string | undefined,
): ClientLogQuery {
  const { project, session, details } = attached.facts();
  return {
    project,
    server: printServer(server),
    session,
    laterSession,
    sinceMs,
    cacheFolder: String(details?.cacheFolder ?? ""),
  };
}

/** The value, once there is one. A rejection is left to others. */
function onceSettled<T>(promise: Promise<T>): () => T | undefined {
  let settled: T | undefined;
  promise.then(
    (value) => {
      settled = value;
    },
    () => undefined,
  );
  return () => settled;
}

function lookLater(
  query: () => ClientLogQuery,
  [afterMs, ...more]: readonly number[],
  signal: AbortSignal,
  onFound: (word: Registration) => void,
): void {
  if (afterMs === undefined || signal.aborted) return;
  const cancel = systemClock.after(afterMs, () => {
    signal.removeEventListener("abort", cancel);
    void readRegistration(query()).then((found) => {
      if (found === undefined) lookLater(query, more, signal, onFound);
      else onFound(found);
    });
  });
  signal.addEventListener("abort", cancel, { once: true });
}

function followClient(attached: AttachedSession, onChange: () => void): ClientSession {
  const session = new ClientSession({
    path() {
      const file = attached.facts().details?.sessionFile;
      return typeof file === "string" ? file : undefined;
    },
    clock: systemClock,
    onChange,
  });
  void session.follow();
  attached.onFacts(() => void session.look());
  return session;
}

function judgeSession(
  attached: AttachedSession,
  client: ListeningEvidence["client"],
  evidence: ListeningEvidence,
): Listening {
  const { details } = attached.facts();
  const command = Array.isArray(details?.claudeCommand) ? details.claudeCommand.map(String) : undefined;
  return judgeListening({
    ...evidence,
    ...(client === undefined ? {} : { client }),
    ...(command === undefined ? {} : { claudeCommand: command }),
  });
}

/** What dispatch asks about the display. */
function displayOf(
  display: ShownEvents,
  ready: Promise<void>,
): Pick<DispatchSession, "shown" | "wasShown" | "lookShown"> {
  return {
    shown: (delivery) => display.shown(delivery),
    async wasShown(event, sinceMs) {
      await ready;
      return display.wasShown(event, sinceMs);
    },
    lookShown: () => display.look(),
  };
}

function openDaemonSession(attached: AttachedSession, options: MemberOptions): DaemonSession {
  const { log, serverName, changed } = options;
  const initializeResult = options.initializeResult();
  const received = onceSettled(initializeResult);
  const mcp = openSession({
    input: attached.input,
    output: attached.output,
    initializeResult,
    log,
    onPermissionRequest(request) {
      askedPermission = true;
      changed();
      options.permission(session, request);
    },
  });
  const details = attached.facts().details ?? {};
  const startedMs = typeof details.startedMs === "number" ? details.startedMs : Date.now();
  const over = new AbortController();
  void mcp.ended.then(() => over.abort());
  attached.onFacts(changed);
  let word: Registration | undefined;
  let named: string | undefined;
  const seen = new SeenIds();
  let askedPermission = false;

  const client = () => clientOf(mcp);
  const plugin = details.plugin;
  const identity = (): ServerIdentity =>
    typeof plugin === "string" ? { name: pluginServer, plugin } : { name: serverName() };
  const inClient = followClient(attached, changed);
  const query = () => queryOf(attached, identity(), startedMs, inClient.info.sessionId);
  const display = new ShownEvents({
    query,
    clock: systemClock,
    isAnothers: (sessionId) => options.isAnothers(session, sessionId),
    version: () => client()?.version ?? "",
    logsMessages: options.logsMessages,
    learnLogsMessages: options.learnLogsMessages,
    onRegistration(found) {
      const before = word;
      word = found;
      if (found.registered !== before?.registered) changed();
    },
    onShown: (delivery) => options.shown(session, delivery),
    changed,
  });
  const closed = mcp.ended.then(() => Promise.all([inClient.close(), mcp.close(), display.close()]));

  async function becomeReady(): Promise<void> {
    await mcp.initialized;
    if (client()?.name !== "claude-code") return;
    // A session that an earlier leader served has already had this time.
    word =
      attached.resumed?.initialized === true
        ? await readRegistration(query())
        : await awaitRegistration(query(), registrationWithinMs, over.signal);
    if (word !== undefined) return display.start();
    lookLater(query, laterLooksMs, over.signal, (found) => {
      word = found;
      void display.start();
      changed();
    });
  }

  const listening = (): Listening =>
    judgeSession(attached, client(), {
      server: identity(),
      ...(named === undefined ? {} : { namedEvent: named }),
      ...(display.notShown === undefined ? {} : { notShown: display.notShown }),
      permissionRequest: askedPermission,
      ...(word === undefined ? {} : { log: word }),
    });

  const wake = openWake(attached, options, { server: identity, registration: () => word });

  const id = String(attached.pid);
  const { project, label } = attached.facts();
  const ready = Promise.race([becomeReady(), mcp.ended]).then(() => undefined);
  const session: DaemonSession = {
    id,
    attached,
    mcp,
    startedMs,
    client,
    inClient: () => inClient.info,
    listening,
    sent: () => display.sent(),
    initializeResult: received,
    shown: () => display.count(),
    clientIdentity: () => clientIdentityOf(attached),
    wake: () => wake.report(),
    named(eventId) {
      if (!seen.provesListening(eventId)) return;
      display.named(eventId);
      const isFirst = named === undefined;
      named = eventId;
      if (isFirst) changed();
    },
    handOut: (text) => seen.handOut(text),
    dispatchSession: {
      id,
      startedMs,
      project,
      ...(label === undefined ? {} : { label }),
      listening,
      doorbell: wake,
      ready,
      ended: mcp.ended,
      name: () => inClient.info.name,
      isIdle: () => inClient.info.isIdle,
      closed: closed.then(() => undefined),
      async deliver(event, signal) {
        await display.deliver(event, () => mcp.deliver(event, signal));
        if (event.meta.event_id !== undefined) seen.push(event.meta.event_id);
      },
      ...displayOf(display, ready),
    },
  };
  return session;
}
