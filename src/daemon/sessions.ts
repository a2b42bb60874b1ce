// The sessions of a leader, its own client's and those of other processes alike: opened when their process
// attaches, given tools when there are any, and judged on whether they listen.

import type { AttachedSession } from "../cluster/attached-session.ts";
import type { Log, Tool } from "../contract.ts";
import type { DispatchSession, Listening } from "../dispatch/session.ts";
import { systemClock } from "../host/clock.ts";
import type { InitializeResult } from "../session/initialize-result.ts";
import type { PermissionRequest } from "../session/permission.ts";
import { type OpenSession, openSession } from "../session/session.ts";
import { neutralise } from "../text/neutralise.ts";
import { type SafeLine, stackOf, text } from "../text.ts";
import { awaitRegistration, type ClientLogQuery, type Registration, readRegistration } from "./client-log.ts";
import { judgeListening, pluginServer, printServer, type ServerIdentity } from "./listening.ts";
import { SeenIds } from "./seen-ids.ts";

export interface DaemonSession {
  /** The id that `to: { session }` takes: the pid of its process. */
  readonly id: string;
  readonly attached: AttachedSession;
  readonly session: OpenSession;
  readonly dispatchSession: DispatchSession;
  readonly startedMs: number;
  client(): { readonly name: string; readonly version: string } | undefined;
  listening(): Listening;
  sent(): number;
  /** The initialize result that its client received; undefined before. */
  greeting(): InitializeResult | undefined;
  /** A tool call of this session named this event. */
  named(eventId: string): void;
  /** A tool of ours is about to give Claude this text. */
  handOut(text: string): void;
}

export interface Serving {
  tools(member: DaemonSession): readonly Tool[];
  /** How many events the session could fetch with `pending`. */
  waiting?(member: DaemonSession): number;
  /** Text for the end of each result. */
  reminder?(member: DaemonSession): SafeLine | undefined;
  /** Called once for each session, existing ones first. */
  enter?(member: DaemonSession): void;
  /** Called once for each session that has ended. */
  gone?(member: DaemonSession): void;
  /** The client requests a permission, and lets channels answer. */
  permission?(member: DaemonSession, request: PermissionRequest): void;
  /** Something about a session changed that dispatch may need to know. */
  changed?(): void;
}

export interface DaemonSessions {
  attach(attached: AttachedSession): void;
  /** From now on sessions have these tools; may be called again. */
  serve(serving: Serving): void;
  /** The tools may have changed: clients whose list changed are notified. */
  retool(): void;
  list(): readonly DaemonSession[];
}

interface MembersOptions {
  /** For a new client. */
  greeting(): Promise<InitializeResult>;
  readonly log: Log;
  /** Hides secrets in the output of a tool. */
  mask(text: string): string;
  /** This server's name in .mcp.json. */
  serverName(): string;
}

/**
 * The client registers its handler 60 ms to 1.5 s after `initialized`: the first push waits for its log
 * entry, or at most this time.
 */
const registrationWithinMs = 3_000;
/** The client's log may be late, or appear only after the user has confirmed the channel. */
const laterLooksMs = [10_000, 30_000, 120_000] as const;

export function openSessions({ greeting, log, mask, serverName }: MembersOptions): DaemonSessions {
  const members = new Set<DaemonSession>();
  let serving: Serving | undefined;

  function admit(member: DaemonSession): void {
    if (serving === undefined) return;
    equip(member, serving);
    serving.enter?.(member);
  }

  function equip(member: DaemonSession, { tools, waiting, reminder }: Serving): void {
    const safe = (text: string) => {
      member.handOut(text);
      return neutralise(mask(text));
    };
    const remind = () => reminder?.(member);
    member.session.attachTools(tools(member), safe, () => waiting?.(member) ?? 0, remind).catch(report);
  }

  function report(error: unknown): void {
    log.error(text`session: ${stackOf(error)}`);
  }

  return {
    attach(attached) {
      const member = openMember(attached, {
        greeting,
        log,
        mask,
        serverName,
        changed: () => serving?.changed?.(),
        permission: (asking, request) => serving?.permission?.(asking, request),
      });
      members.add(member);
      void member.session.ended.then(async (reason) => {
        members.delete(member);
        serving?.gone?.(member);
        await member.session.close();
        attached.close(reason);
      });
      admit(member);
    },
    serve(next) {
      serving = next;
      for (const member of members) admit(member);
    },
    retool() {
      if (serving !== undefined) for (const member of members) equip(member, serving);
    },
    list: () => [...members],
  };
}

type MemberOptions = MembersOptions & Required<Pick<Serving, "changed" | "permission">>;

/** The client's own name and version, from its `initialize`. */
function clientOf(session: OpenSession) {
  const info = session.recordedInitialize()?.params?.clientInfo as
    | { name?: unknown; version?: unknown }
    | undefined;
  return typeof info?.name === "string" ? { name: info.name, version: String(info.version) } : undefined;
}

function openMember(attached: AttachedSession, options: MemberOptions): DaemonSession {
  const { log, serverName, changed } = options;
  const greeting = options.greeting();
  let greeted: InitializeResult | undefined;
  greeting.then(
    (known) => {
      greeted = known;
    },
    () => undefined, // The session reports it to its client.
  );
  const session = openSession({
    input: attached.input,
    output: attached.output,
    greeting,
    log,
    onPermissionRequest(request) {
      askedPermission = true;
      changed();
      options.permission(member, request);
    },
  });
  const details = attached.facts().details ?? {};
  const startedMs = typeof details.startedMs === "number" ? details.startedMs : Date.now();
  const over = new AbortController();
  void session.ended.then(() => over.abort());
  attached.onFacts(changed);
  let word: Registration | undefined;
  let named: string | undefined;
  const seen = new SeenIds();
  let askedPermission = false;
  let sent = 0;

  const client = () => clientOf(session);
  const plugin = details.plugin;
  const identity = (): ServerIdentity =>
    typeof plugin === "string" ? { name: pluginServer, plugin } : { name: serverName() };
  const query = (): ClientLogQuery => ({
    project: attached.facts().project,
    server: printServer(identity()),
    session: attached.facts().session,
    sinceMs: startedMs,
    cacheFolder: String(attached.facts().details?.cacheFolder ?? ""),
  });

  async function becomeReady(): Promise<void> {
    await session.initialized;
    if (client()?.name !== "claude-code") return;
    // A session that an earlier leader served has already had this time.
    word =
      attached.resumed?.initialized === true
        ? await readRegistration(query())
        : await awaitRegistration(query(), registrationWithinMs, over.signal);
    if (word === undefined) lookLater([...laterLooksMs]);
  }

  function lookLater([afterMs, ...more]: number[]): void {
    if (afterMs === undefined) return;
    const cancel = systemClock.after(afterMs, () => {
      void readRegistration(query()).then((found) => {
        if (found === undefined) lookLater(more);
        else {
          word = found;
          changed();
        }
      });
    });
    over.signal.addEventListener("abort", cancel, { once: true });
  }

  const listening = (): Listening => {
    const { details } = attached.facts();
    const command = Array.isArray(details?.claudeCommand) ? details.claudeCommand.map(String) : undefined;
    const from = client();
    return judgeListening({
      server: identity(),
      ...(named === undefined ? {} : { namedEvent: named }),
      permissionRequest: askedPermission,
      ...(from === undefined ? {} : { client: from }),
      ...(word === undefined ? {} : { log: word }),
      ...(command === undefined ? {} : { claudeCommand: command }),
    });
  };

  const id = String(attached.pid);
  const { project, label } = attached.facts();
  const ready = Promise.race([becomeReady(), session.ended]).then(() => undefined);
  const member: DaemonSession = {
    id,
    attached,
    session,
    startedMs,
    client,
    listening,
    sent: () => sent,
    greeting: () => greeted,
    named(eventId) {
      if (!seen.provesListening(eventId)) return;
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
      ready,
      ended: session.ended,
      closed: session.ended.then(() => session.close()),
      async deliver(event, signal) {
        await session.deliver(event, signal);
        if (event.meta.event_id !== undefined) seen.push(event.meta.event_id);
        sent += 1;
      },
    },
  };
  return member;
}
