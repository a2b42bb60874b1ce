// What happened to the events of the running router: those that senders could not deliver, that no channel took, that
// wait, and that Claude did not acknowledge.

import type { StatusReport } from "../../control/protocol.ts";
import { countOf } from "../../text/clip.ts";
import { printRelative } from "../times.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";

/** Empty without a running router. */
export function checkEvents({
  status,
  config,
  nowMs,
}: Pick<CheckInput, "status" | "config" | "nowMs">): Finding[] {
  const answer = answered(status);
  if (answer === undefined) return [];
  return [
    ...judgeRefused(answer, nowMs),
    judgeUnmatched(answer),
    judgeWaiting(answer),
    ...judgeTexts(config),
  ];
}

const byStatus: Readonly<Record<number, string>> = {
  401: "the signature or token of the sender does not match: compare the secret, and the verify of the source",
  403: "a request through a proxy, a tunnel or a web page needs verify on the source",
  404: "no source has this path: channel-router status lists the URLs",
  405: "the source does not accept this method: see its option methods",
  413: "raise max_body of the source, or let the sender send less",
  415: "the source does not accept this content type: see its option parse",
  429: "raise rate of the source, or let the sender send less often",
  503: "the disk is full, or too many events are in progress; senders try again",
};

function judgeRefused({ sources, unrouted }: StatusReport, nowMs: number): Finding[] {
  const all = [
    ...sources.flatMap(({ name, refused }) => (refused === undefined ? [] : [{ where: name, refused }])),
    ...(unrouted === undefined ? [] : [{ where: "where no source answers", refused: unrouted }]),
  ];
  if (all.length === 0) return [{ name: "refused", state: "ok", detail: "no request was refused" }];
  return all.map(({ where, refused: { text, last } }) => ({
    name: "refused",
    state: "warn",
    detail: `${where}: ${text}; the last, ${printRelative(last.time, nowMs)}: ${last.reason}`,
    todo: byStatus[last.status] ?? "channel-router events shows each refusal",
  }));
}

function judgeUnmatched({ counts: { accepted, unmatched } }: StatusReport): Finding {
  const detail = `${unmatched} of ${countOf(accepted + unmatched, "event")} since the start matched no channel`;
  return {
    name: "unmatched",
    state: unmatched > 0 && accepted === 0 ? "warn" : "ok",
    detail,
    ...(unmatched === 0
      ? {}
      : { todo: "channel-router events lists them, why ID shows each channel's reason" }),
  };
}

function judgeWaiting({ journal, sessions, silences }: StatusReport): Finding {
  const { accepted = 0, held = 0 } = journal.states ?? {};
  const isHeard = sessions.some(({ listening }) => listening.state !== "no");
  const silent =
    silences.length === 0 ? "" : `; silenced: ${silences.map(({ channel }) => channel).join(", ")}`;
  const dead = journal.dead === 0 ? "" : `, ${journal.dead} never acknowledged`;
  return {
    name: "waiting",
    state: journal.dead > 0 || (accepted + held > 0 && !isHeard) ? "warn" : "ok",
    detail: `${countOf(accepted + held, "event")} waiting${dead}${silent}`,
    ...(accepted + held + journal.dead === 0
      ? {}
      : { todo: "channel-router events lists them, why ID shows what each waits for" }),
  };
}

function judgeTexts({ proven }: CheckInput["config"]): Finding[] {
  if (proven === undefined) return [];
  const { channels, sources } = proven.plan;
  const showsPayload = new Set(sources.flatMap(({ name, type }) => (type.content === "text" ? [] : [name])));
  const whole = channels
    .filter(({ content, from }) => content === undefined && from.some((source) => showsPayload.has(source)))
    .map(({ name }) => name);
  return [
    whole.length === 0
      ? { name: "texts", state: "ok", detail: "no channel shows whole payloads" }
      : {
          name: "texts",
          state: "warn",
          detail: `${whole.join(", ")}: without content the whole payload is shown`,
          todo: "write content with the few values that matter; channel-router dev prints the tokens of each event",
        },
  ];
}
