// The state of the running router: what is in the report (`StatusReport`), and its short text for the model,
// the `status` tool. Everything is in the report as `status --json` prints it, with times in RFC 3339.

import type { Counts } from "../../contract/event.ts";
import type { WakeWay } from "../../contract/wake.ts";
import type { SourceHealth, Tool } from "../../contract.ts";
import { countOf, cut, cutList, listCounts } from "../../text/clip.ts";
import { line, lines, ownWords, type SafeLine, type SafeText, safeLine, shownLine } from "../../text.ts";
import type { ConsoleReport, PowerReport } from "./status-parts.ts";

export type { PowerReport } from "./status-parts.ts";

/** Between versions fields are added, never changed; optional ones may be absent in an older router's report. */
export interface StatusReport extends ConsoleReport {
  readonly version: string;
  readonly pid: number;
  /** The leader's term. */
  readonly epoch: number;
  /** True for a router that `up` started: it has no session of its own. */
  readonly background: boolean;
  /** Real path of the config file; where it would be, while there is none. */
  readonly config: string;
  /** The searched paths, in order, while no config was found. */
  readonly searched?: readonly string[];
  /** The user's own config, which the discovered file takes precedence over here. */
  readonly in_place_of?: string;
  /** Its state folder. */
  readonly folder: string;
  /** The user's `.env`, which all configs share: in the state root. */
  readonly env_file?: string;
  /** Names of variables that are set where it runs, and make channels unavailable in Claude Code. */
  readonly switches?: readonly string[];
  readonly started: string;
  /** What runs: the config as the file has it; while that is broken, the one that was active before; or nothing. */
  readonly active?: "file" | "previous" | "none";
  /** Framed issues of the config, or why there is none. */
  readonly problems: readonly string[];
  /** The result of the last reload; `text` is one line. */
  readonly last_reload?: {
    readonly time: string;
    readonly ok: boolean;
    readonly text: string;
    readonly notes: readonly string[];
  };
  /** Of the HTTP server, for instance `http://127.0.0.1:8788`; absent while it is not bound. */
  readonly address?: string;
  /** What the config can do beyond shaping text; powers that are not trusted wait for consent. */
  readonly powers?: readonly PowerReport[];
  readonly sources: readonly SourceReport[];
  /** By the HTTP server, because no source answers there. */
  readonly unrouted?: RefusedReport;
  readonly channels: readonly ChannelReport[];
  /** Tools that act on the outside, and what they did since the router started. */
  readonly sinks?: readonly SinkReport[];
  /**
   * Since the router started. `sent`: written to a client; `shown`, `read`, `acked`: those that got farther, as far as there is proof.
   */
  readonly counts: Counts & {
    readonly sent: number;
    readonly shown?: number;
    readonly read?: number;
    readonly acked?: number;
  };
  /** In the order in which they started. */
  readonly sessions: readonly SessionReport[];
  /** Unanswered messages of chat users, oldest first. */
  readonly unanswered?: readonly UnansweredReport[];
  readonly journal: {
    /** Entries (an event on a channel) that are not final. */
    readonly open: number;
    /** The same by state, for instance `held` or `sent`. */
    readonly states?: Readonly<Record<string, number>>;
    readonly dead: number;
    /** Some of them, the latest first. */
    readonly dead_letters?: readonly DeadLetterReport[];
    readonly bytes: number;
    /** Why the last write failed. */
    readonly failure?: string;
  };
  /** Channels with flow control activity. */
  readonly shaping?: readonly FlowReport[];
  readonly silences: readonly SilenceReport[];
}

export interface SourceReport extends Pick<SourceHealth, "state" | "detail"> {
  readonly name: string;
  readonly type: string;
  /** For instance `POST http://127.0.0.1:8788/github`. */
  readonly address?: string;
  /** A command line that makes one event. */
  readonly try_it?: string;
  /** Why there is none. One line. */
  readonly no_try_it?: string;
  readonly last_event?: string;
  /** Until a later try succeeds. */
  readonly last_error?: string;
  readonly next_try?: string;
  readonly refused?: RefusedReport;
}

/** Requests that became no event. */
export interface RefusedReport {
  readonly statuses: readonly { readonly status: number; readonly count: number }[];
  readonly last: { readonly status: number; readonly reason: string; readonly time: string };
  /** Everything except the reason, in one line: `5 x 401 unauthorized, last 12:03:11` */
  readonly text: string;
}

interface ChannelReport {
  readonly name: string;
  readonly from: readonly string[];
  /** Its events must be acknowledged. */
  readonly receipt?: boolean;
  /** Its events can be answered. */
  readonly answerable?: boolean;
  /** Further tools that act on its events. */
  readonly sinks?: readonly string[];
}

export interface SinkReport {
  readonly name: string;
  readonly type: string;
  readonly calls: number;
  readonly failures: number;
  /** Of the latest call, when it failed. */
  readonly last_error?: string;
}

export interface SessionReport {
  /** What `to: {session: ...}` names. */
  readonly id: string;
  readonly pid: number;
  readonly project: string;
  readonly label?: string;
  /** As the user has named it in the client; `to: {session: ...}` takes it too. */
  readonly name?: string;
  /** Whether its client does nothing at the moment; absent where it does not say. */
  readonly idle?: boolean;
  /** Names of variables that are set where it runs, and make channels unavailable. */
  readonly switches?: readonly string[];
  /** The client's name and version. */
  readonly client?: string;
  /** `reason`: the evidence, and for `no` what to do. */
  readonly listening: { readonly state: "yes" | "no" | "unknown"; readonly reason: string };
  readonly since: string;
  /** Events written to it since then. */
  readonly sent: number;
  /** How many of them its client has shown; absent for a client that does not log that. */
  readonly shown?: number;
  /** Present while its client does not read: it has taken nothing since then. */
  readonly stuck_since?: string;
  /** How it learns that events wait; absent while it listens, and while the config does not ask for that. */
  readonly wake?: WakeReport;
}

interface WakeReport {
  /** Absent while there is none. */
  readonly way?: WakeWay;
  readonly last_ring?: string;
  /** Rings since it last called `pending`. */
  readonly unanswered: number;
  /** It is not rung again until it calls `pending`. */
  readonly stopped?: true;
  /** One clause: the way and the answers to it, or why it is not rung. */
  readonly text: string;
}

export interface UnansweredReport {
  readonly event_id: string;
  readonly source: string;
  /** The sender's display name. */
  readonly name: string;
  readonly time: string;
  /** The session that has it. */
  readonly session?: string;
}

interface DeadLetterReport {
  readonly event_id: string;
  readonly channel: string;
  readonly reason?: string;
}

export interface FlowReport {
  readonly channel: string;
  /** Since the router started. */
  readonly throttled: number;
  readonly dropped: number;
  readonly superseded: number;
  readonly quieted: number;
  readonly over_hour: number;
  readonly digests: number;
  readonly folded: number;
  /** Now. */
  readonly collecting: readonly {
    readonly reason: string;
    readonly groups: number;
    readonly events: number;
    readonly next: string;
  }[];
  /** All of it in one line. */
  readonly text: string;
}

interface SilenceReport {
  readonly channel: string;
  readonly until?: string;
  readonly reason?: string;
}

/** The report as one session sees it. */
export interface SessionStatus {
  readonly report: StatusReport;
  /** The id of the session that asks. */
  readonly session: string;
  /** Its own process is the leader. */
  readonly isLeader: boolean;
  /** Why this process works alone, without sources. */
  readonly alone?: string;
  /** Events that it can fetch with `pending`. */
  readonly waiting?: number;
  /** The current instructions of this server, when this session started with others. */
  readonly instructions?: SafeText;
  /** Further actions, most urgent first. */
  readonly next?: readonly string[];
}

/** Parts of the text, in UTF-16 units: together under 8,000, which is about 2,000 tokens. */
const limits = {
  searched: 600,
  problems: 2000,
  problem: 1000,
  powers: 400,
  sources: 1200,
  channels: 600,
  unanswered: 400,
  sinks: 400,
  sessions: 800,
  dead: 400,
  flow: 500,
  silences: 300,
  next: 1000,
};

/** The report must not contain secrets. */
export function statusTool(status: () => SessionStatus): Tool {
  return {
    name: "status",
    description: line`Config and its problems, sources, sessions, event counts, and what to do next. Call it when events are missing or something looks wrong.`,
    input: { type: "object", properties: {}, additionalProperties: false },
    readOnly: true,
    call: async () => describeStatus(status()),
  };
}

export function describeStatus(status: SessionStatus): SafeText {
  const { report, instructions } = status;
  const {
    last_reload: reload,
    address,
    powers = [],
    sources,
    channels,
    sinks = [],
    unanswered = [],
  } = report;
  return lines([
    line`channel-router ${report.version}`,
    ...describeConfig(report),
    ...(reload === undefined ? [] : [line`last reload: ${cut(safeLine(reload.text), 300)}`]),
    ...describeProblems(report.problems),
    ...(address === undefined
      ? []
      : [line`listener: ${cut(safeLine(address), 300)}${describeRefused(report.unrouted)}`]),
    ...optional("powers", powers.map(describePower), limits.powers),
    ...section("sources", sources.map(describeSource), limits.sources),
    ...section("channels", channels.map(describeChannel), limits.channels),
    ...optional("sinks", sinks.map(describeSink), limits.sinks),
    describeCounts(report.counts),
    ...titled(
      line`not answered, the senders see only reply:`,
      cutList(unanswered.map(describeUnanswered), limits.unanswered, "messages"),
    ),
    describeLeader(status),
    ...describeDelivery(status),
    ...optional("next", adviseNext(status), limits.next, "steps"),
    ...(instructions === undefined
      ? []
      : [line`instructions, changed since this session started:`, instructions]),
  ]);
}

function describeConfig({ config, searched, in_place_of }: StatusReport): SafeText[] {
  if (searched === undefined) {
    const file = line`config: ${cut(safeLine(config), 300)}`;
    if (in_place_of === undefined) return [file];
    const own = cut(safeLine(in_place_of), 300);
    return [
      file,
      line`  found in the project, so the user's own config is not used here: ${own}`,
      line`  to use that one instead, the user sets CHANNEL_ROUTER_CONFIG=${own} before Claude Code is started`,
    ];
  }
  const paths = searched.map((path) => line`  ${cut(safeLine(path), 200)}`);
  return [line`config: none found; looked for, in this order:`, ...cutList(paths, limits.searched, "places")];
}

function describeProblems(problems: readonly string[]): SafeText[] {
  const frames = problems.map((frame) => cut(ownWords(frame), limits.problem));
  return titled(line`problems: ${problems.length}`, cutList(frames, limits.problems, "problems"));
}

function describePower({ power, value, trusted }: PowerReport): SafeLine {
  return cut(line`  ${power} ${shownLine(value)}: ${trusted ? "trusted" : "waiting for consent"}`, 200);
}

function describeSource(source: SourceReport): SafeLine {
  const address = source.address === undefined ? "" : `, ${source.address}`;
  const detail = source.detail === undefined || source.detail === source.address ? "" : `: ${source.detail}`;
  const refused = describeRefused(source.refused);
  const last = source.last_event === undefined ? "" : `, last event ${showTime(source.last_event)}`;
  const next = source.next_try === undefined ? "" : `, next ${showTime(source.next_try)}`;
  const health = line`  ${source.name} (${source.type}) ${source.state}${address}${detail}${last}${next}`;
  return line`${cut(health, 300 - refused.length)}${refused}`;
}

/** `2026-01-05 09:00:00Z`. */
function showTime(time: string): string {
  return time.replace("T", " ").replace(/\.\d+/, "");
}

function describeRefused(refused: RefusedReport | undefined): string {
  return refused === undefined ? "" : cut(line`; refused: ${refused.text}`, 150);
}

function describeSink({ name, type, calls, failures, last_error }: SinkReport): SafeLine {
  const failed = failures === 0 ? "" : `, ${failures} failed`;
  const error = last_error === undefined ? "" : `; the last: ${last_error}`;
  return cut(line`  ${name} (${type}) ${countOf(calls, "call")}${failed}${error}`, 200);
}

function describeChannel({ name, from, receipt, answerable, sinks = [] }: ChannelReport): SafeLine {
  const traits = [...(receipt ? ["needs ack"] : []), ...(answerable ? ["reply"] : []), ...sinks];
  const end = traits.length === 0 ? "" : ` (${traits.join(", ")})`;
  return cut(line`  ${cut(safeLine(name), 60)}${end} from ${from.join(", ")}`, 120);
}

function describeUnanswered({ event_id, source, name }: UnansweredReport): SafeLine {
  return cut(line`  ${event_id} from ${name} on ${source}`, 120);
}

function describeCounts(counts: StatusReport["counts"]) {
  const { accepted, sent, shown, read, acked, unmatched, dropped, duplicate, refused } = counts;
  const proof = listCounts({ shown, read, acked });
  return line`events since start: ${accepted} accepted, ${sent} delivered${proof === "" ? "" : ` (${proof})`}, ${unmatched} unmatched, ${dropped} dropped, ${duplicate} duplicate, ${refused} refused`;
}

function describeLeader({ report, isLeader, alone }: SessionStatus): SafeLine {
  const who = isLeader ? "this process" : "another process";
  const note = alone === undefined ? "" : `, works alone, without sources: ${alone}`;
  return cut(line`leader: ${who} (pid ${report.pid})${note}`, 200);
}

/** What happens after an event was accepted; most of it only while a config runs. */
function describeDelivery({ report, session, waiting = 0 }: SessionStatus): SafeText[] {
  const { active = "none", sessions, journal, shaping = [], silences } = report;
  const listed = sessions.map((one) => describeSession(one, session));
  return [
    ...optional("sessions", listed, limits.sessions),
    ...(active === "none" ? [] : [describeJournal(journal)]),
    ...(waiting === 0 ? [] : [line`waiting for this session: ${waiting}`]),
    ...(journal.dead === 0
      ? []
      : [
          line`dead letters: ${journal.dead}`,
          ...cutList((journal.dead_letters ?? []).map(describeDeadLetter), limits.dead, "of them"),
        ]),
    ...optional(
      "flow control",
      shaping.map(({ text }) => line`  ${cut(safeLine(text), 200)}`),
      limits.flow,
      "channels",
    ),
    ...optional("silent", silences.map(describeSilence), limits.silences, "channels"),
  ];
}

function describeSession(session: SessionReport, asking: string): SafeLine {
  const { id, label, name, project, listening, stuck_since, wake } = session;
  const parts = [
    `  ${id}${id === asking ? " (this one)" : ""}`,
    ...(name === undefined ? [] : [`named ${name}`]),
    ...(label === undefined ? [] : [`label ${label}`]),
    ...(project === "" ? [] : [project]),
    ...(stuck_since === undefined ? [] : ["does not read"]),
    `listening: ${listening.state}, ${listening.reason}`,
  ];
  const rings = wake?.last_ring === undefined ? "" : `, last ring ${showTime(wake.last_ring)}`;
  const woken = wake === undefined ? "" : cut(line`; wake: ${wake.text}${rings}`, 200);
  return line`${cut(line`${parts.join(", ")}`, 240)}${woken}`;
}

function describeJournal({ states = {}, bytes, failure }: StatusReport["journal"]): SafeLine {
  const open = Object.entries(states).filter(([, count]) => count > 0);
  const counts = open.map(([state, count]) => `${count} ${state}`).join(", ") || "nothing open";
  const size = `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
  return cut(line`journal: ${counts}; ${size}${failure === undefined ? "" : `; failing: ${failure}`}`, 300);
}

function describeDeadLetter({ event_id, channel, reason }: DeadLetterReport): SafeLine {
  return cut(line`  ${event_id} ${channel}${reason === undefined ? "" : `: ${reason}`}`, 120);
}

function describeSilence({ channel, until, reason }: SilenceReport): SafeLine {
  const end = until === undefined ? "" : ` until ${until}`;
  return cut(line`  ${channel}${end}${reason === undefined ? "" : `: ${reason}`}`, 150);
}

function section(title: string, all: readonly SafeText[], maxLength: number): SafeText[] {
  return all.length === 0 ? [line`${title}: none`] : optional(title, all, maxLength);
}

function optional(title: string, all: readonly SafeText[], maxLength: number, things = title): SafeText[] {
  return titled(line`${title}:`, cutList(all, maxLength, things));
}

function titled(title: SafeLine, listed: readonly SafeText[]): SafeText[] {
  return listed.length === 0 ? [] : [title, ...listed];
}

function adviseNext(status: SessionStatus): SafeText[] {
  const { searched, counts, problems, sources, powers = [], sessions } = status.report;
  const steps = [...(status.next ?? []), ...adviseDelivery(status)].map((step) => cut(safeLine(step), 300));
  if (searched !== undefined) {
    const path = searched[0] ?? "channels.yaml";
    steps.push(
      line`write ${cut(safeLine(path), 200)} ("channel-router schema" prints what it may hold); it is read as soon as it is there`,
    );
  }
  if (problems.length > 0) {
    steps.push(
      line`correct the config file at the places above and save it; "channel-router check" shows the same list`,
    );
  }
  if (powers.some(({ trusted }) => !trusted)) {
    steps.push(
      line`a power of the config waits for the user's consent, and only they can give it: "channel-router trust" in their own terminal`,
    );
  }
  if (sources.some((source) => source.state === "failed"))
    steps.push(line`a source has failed: its line above shows why`);
  const quiet = counts.accepted + counts.unmatched + counts.dropped + counts.refused === 0;
  const trial = sources.find((source) => source.state === "running" && source.try_it !== undefined);
  if (quiet && trial?.try_it !== undefined) {
    steps.push(line`nothing has arrived yet; to try ${trial.name}: ${cut(safeLine(trial.try_it), 400)}`);
  }
  if (counts.unmatched > 0 && counts.accepted === 0) {
    steps.push(line`no channel took any event: "channel-router explain SOURCE PAYLOAD" shows why`);
  }
  // The evidence of listening, where reported, is more precise.
  if (counts.sent > 0 && sessions.length === 0) {
    steps.push(
      line`if delivered events did not show up, Claude Code was started without this channel: claude --dangerously-load-development-channels server:NAME, with the name in .mcp.json`,
    );
  }
  return steps.map((step) => line`  - ${step}`);
}

/** Steps, most urgent first. */
function adviseDelivery({ report, session, alone, waiting = 0 }: SessionStatus): string[] {
  const { journal, sessions } = report;
  const deaf = sessions.find(({ id, listening }) => id === session && listening.state === "no");
  return [
    ...(alone === undefined
      ? []
      : [
          'this session receives nothing until this is fixed: "channel-router doctor", in a shell, shows what to do',
        ]),
    ...(journal.failure === undefined
      ? []
      : ["the journal cannot be written, so senders are asked to retry: free disk space"]),
    ...(waiting > 0 ? ["events wait: call pending"] : []),
    ...(deaf === undefined
      ? []
      : [`no event is pushed to this session, because it does not listen: ${deaf.listening.reason}`]),
    ...(journal.dead > 0
      ? ['dead letters were not acknowledged in time: "channel-router replay EVENT_ID" sends one again']
      : []),
  ];
}
