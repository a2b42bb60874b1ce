// The `status` tool: the setup, what is wrong and what to do next, as a short text for the model. It shows a
// report from its caller; it keeps no state, and the report must not contain secrets.

import type { SinkReport } from "../contract/sink.ts";
import type { SourceHealth, Tool } from "../contract.ts";
import { cut, cutList } from "../text/clip.ts";
import { line, lines, type SafeLine, type SafeText, safeLine, shownLine } from "../text.ts";
import { adviseDelivery, type DeliveryReport, describeDelivery } from "./status-delivery.ts";

export interface StatusReport extends DeliveryReport {
  readonly version: string;
  readonly config: {
    /** Absolute; absent when none was found. */
    readonly file?: string;
    /** The searched paths, in order. */
    readonly searched: readonly string[];
    /** The user's own config, which the discovered file takes precedence over here. */
    readonly inPlaceOf?: string | undefined;
  };
  /** The result of the last reload, in one line. */
  readonly reload?: string;
  /** The current instructions of this server, when this session started with others. */
  readonly instructions?: SafeText;
  /** One framed issue each: location, message, source lines with a caret, hint. */
  readonly problems: readonly SafeText[];
  readonly listener?: {
    /** For instance `http://127.0.0.1:8788`; absent while it is not bound. */
    readonly address?: string;
    readonly problem?: string;
    /** Requests that no source answers, as in a source. */
    readonly refused?: string;
  };
  /** What the config can do beyond shaping text; powers that are not trusted wait for consent. */
  readonly powers?: readonly PowerReport[];
  readonly sources: readonly SourceReport[];
  readonly channels: readonly ChannelReport[];
  readonly sinks?: readonly SinkReport[];
  readonly counts: EventCounts;
  /** Unanswered messages of chat users, oldest first. */
  readonly unanswered?: readonly UnansweredReport[];
  /** Further actions that only the caller knows, most urgent first. */
  readonly next?: readonly string[];
}

export interface PowerReport {
  /** Its kind, for instance `listen`. */
  readonly power: string;
  readonly value: string;
  readonly trusted: boolean;
}

export interface ChannelReport {
  readonly name: string;
  readonly sources: readonly string[];
  /** Its events must be acknowledged. */
  readonly receipt?: boolean;
  /** Its events can be answered. */
  readonly answerable?: boolean;
  /** Further tools that act on its events. */
  readonly sinks?: readonly string[];
}

export interface UnansweredReport {
  readonly eventId: string;
  readonly source: string;
  readonly name: string;
}

export interface SourceReport extends SourceHealth {
  readonly name: string;
  readonly type: string;
  /** For instance `POST http://127.0.0.1:8788/github`. */
  readonly address?: string;
  /** A command line that makes one event. */
  readonly tryIt?: string;
  readonly lastEventMs?: number;
  /** `5 x 401 unauthorized, last 12:03:11` */
  readonly refused?: string;
}

/** Events since this process started. */
export interface EventCounts {
  /** Taken by at least one channel. */
  readonly accepted: number;
  /** Written to the client, which does not report whether it showed them. */
  readonly delivered: number;
  readonly unmatched: number;
  readonly dropped: number;
  readonly duplicate: number;
  /** Rejected before they became events: wrong signature, too large, and the like. */
  readonly refused: number;
}

/**
 * Parts of the text, in UTF-16 units: together with those of status-delivery.ts under 8,000, which is about
 * 2,000 tokens.
 */
const limits = {
  searched: 600,
  problems: 2000,
  problem: 1000,
  powers: 400,
  sources: 1200,
  channels: 600,
  unanswered: 400,
  sinks: 400,
  next: 1000,
};

export function statusTool(report: () => StatusReport): Tool {
  return {
    name: "status",
    description: line`Config and its problems, sources, sessions, event counts, and what to do next. Call it when events are missing or something looks wrong.`,
    input: { type: "object", properties: {}, additionalProperties: false },
    readOnly: true,
    call: async () => describeStatus(report()),
  };
}

export function describeStatus(report: StatusReport): SafeText {
  return lines([
    line`channel-router ${report.version}`,
    ...describeConfig(report),
    ...(report.reload === undefined ? [] : [line`last reload: ${cut(safeLine(report.reload), 300)}`]),
    ...describeProblems(report.problems),
    ...describeListener(report.listener),
    ...describePowers(report.powers ?? []),
    ...section("sources", report.sources.map(describeSource), limits.sources),
    ...section("channels", report.channels.map(describeChannel), limits.channels),
    ...((report.sinks ?? []).length === 0
      ? []
      : section("sinks", (report.sinks ?? []).map(describeSink), limits.sinks)),
    describeCounts(report.counts),
    ...describeUnanswered(report.unanswered ?? []),
    ...describeDelivery(report),
    ...section("next", adviseNext(report), limits.next, "steps"),
    ...(report.instructions === undefined
      ? []
      : [line`instructions, changed since this session started:`, report.instructions]),
  ]);
}

function describeConfig({ config }: StatusReport): SafeText[] {
  if (config.file !== undefined) {
    const file = line`config: ${cut(safeLine(config.file), 300)}`;
    if (config.inPlaceOf === undefined) return [file];
    const own = cut(safeLine(config.inPlaceOf), 300);
    return [
      file,
      line`  found in the project, so the user's own config is not used here: ${own}`,
      line`  to use that one instead, the user sets CHANNEL_ROUTER_CONFIG=${own} before Claude Code is started`,
    ];
  }
  const searched = config.searched.map((place) => line`  ${cut(safeLine(place), 200)}`);
  return [
    line`config: none found; looked for, in this order:`,
    ...cutList(searched, limits.searched, "places"),
  ];
}

function describeProblems(problems: readonly SafeText[]): SafeText[] {
  if (problems.length === 0) return [];
  const frames = problems.map((frame) => cut(frame, limits.problem));
  return [line`problems: ${problems.length}`, ...cutList(frames, limits.problems, "problems")];
}

function describeListener(listener: StatusReport["listener"]): SafeText[] {
  if (listener === undefined) return [];
  const state = listener.problem ?? listener.address ?? "not bound";
  const refused = describeRefused(listener.refused);
  return [line`listener: ${cut(safeLine(state), 300)}${refused}`];
}

function describePowers(powers: readonly PowerReport[]): SafeText[] {
  if (powers.length === 0) return [];
  const listed = powers.map(({ power, value, trusted }) =>
    cut(line`  ${power} ${shownLine(value)}: ${trusted ? "trusted" : "waiting for consent"}`, 200),
  );
  return [line`powers:`, ...cutList(listed, limits.powers, "powers")];
}

function describeSource(source: SourceReport): SafeLine {
  const address = source.address === undefined ? "" : `, ${source.address}`;
  const detail = source.detail === undefined || source.detail === source.address ? "" : `: ${source.detail}`;
  const refused = describeRefused(source.refused);
  const last = source.lastEventMs === undefined ? "" : `, last event ${timeOf(source.lastEventMs)}`;
  const next = source.nextTryMs === undefined ? "" : `, next ${timeOf(source.nextTryMs)}`;
  const health = line`  ${source.name} (${source.type}) ${source.state}${address}${detail}${last}${next}`;
  return line`${cut(health, 300 - refused.length)}${refused}`;
}

/** `2026-01-05 09:00:00Z`. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace("T", " ").replace(/\.\d+/, "");
}

function describeRefused(refused: string | undefined): string {
  return refused === undefined ? "" : cut(line`; refused: ${refused}`, 150);
}

function describeSink({ name, type, calls, failures, lastError }: SinkReport): SafeLine {
  const failed = failures === 0 ? "" : `, ${failures} failed`;
  const error = lastError === undefined ? "" : `; the last: ${lastError}`;
  return cut(line`  ${name} (${type}) ${calls} ${calls === 1 ? "call" : "calls"}${failed}${error}`, 200);
}

function describeChannel({ name, sources, receipt, answerable, sinks = [] }: ChannelReport): SafeLine {
  const traits = [...(receipt ? ["needs ack"] : []), ...(answerable ? ["reply"] : []), ...sinks];
  const end = traits.length === 0 ? "" : ` (${traits.join(", ")})`;
  return cut(line`  ${cut(safeLine(name), 60)}${end} from ${sources.join(", ")}`, 120);
}

function describeUnanswered(messages: readonly UnansweredReport[]): SafeText[] {
  if (messages.length === 0) return [];
  const listed = messages.map(({ eventId, source, name }) =>
    cut(line`  ${eventId} from ${name} on ${source}`, 120),
  );
  return [line`not answered, the senders see only reply:`, ...cutList(listed, limits.unanswered, "messages")];
}

function describeCounts(counts: EventCounts): SafeLine {
  const { accepted, delivered, unmatched, dropped, duplicate, refused } = counts;
  return line`events since start: ${accepted} accepted, ${delivered} delivered, ${unmatched} unmatched, ${dropped} dropped, ${duplicate} duplicate, ${refused} refused`;
}

function section(title: string, all: readonly SafeText[], maxLength: number, things = title): SafeText[] {
  if (all.length === 0) return title === "next" ? [] : [line`${title}: none`];
  return [line`${title}:`, ...cutList(all, maxLength, things)];
}

function adviseNext(report: StatusReport): SafeText[] {
  const { config, counts, problems, sources } = report;
  const steps = [...(report.next ?? []), ...adviseDelivery(report)].map((step) => cut(safeLine(step), 300));
  if (config.file === undefined) {
    const place = config.searched[0] ?? "channels.yaml";
    steps.push(
      line`write ${cut(safeLine(place), 200)} ("channel-router schema" prints what it may hold); it is read as soon as it is there`,
    );
  }
  if (problems.length > 0) {
    steps.push(
      line`correct the config file at the places above and save it; "channel-router check" shows the same list`,
    );
  }
  if (report.powers?.some(({ trusted }) => !trusted)) {
    steps.push(
      line`a power of the config waits for the user's consent, and only they can give it: "channel-router trust" in their own terminal`,
    );
  }
  if (sources.some((source) => source.state === "failed")) {
    steps.push(line`a source has failed: its line above shows why`);
  }
  const quiet = counts.accepted + counts.unmatched + counts.dropped + counts.refused === 0;
  const trial = sources.find((source) => source.state === "running" && source.tryIt !== undefined);
  if (quiet && trial?.tryIt !== undefined) {
    steps.push(line`nothing has arrived yet; to try ${trial.name}: ${cut(safeLine(trial.tryIt), 400)}`);
  }
  if (counts.unmatched > 0 && counts.accepted === 0) {
    steps.push(line`no channel took any event: "channel-router explain SOURCE PAYLOAD" shows why`);
  }
  // The evidence of listening, where reported, is more precise.
  if (counts.delivered > 0 && report.sessions === undefined) {
    steps.push(
      line`if delivered events did not show up, Claude Code was started without this channel: claude --dangerously-load-development-channels server:NAME, with the name in .mcp.json`,
    );
  }
  return steps.map((step) => line`  - ${step}`);
}
