// Whether each session sees what is pushed into it: the router's evidence, with its reason.

import type { SessionReport } from "../../control/protocol.ts";
import { adviceFor } from "./advice.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";

/** `launch`: the line that starts Claude Code with this channel. */
export function checkSessions({ status }: Pick<CheckInput, "status">, launch: string): Finding[] {
  const answer = answered(status);
  if (answer === undefined) return [];
  if (answer.sessions.length === 0) {
    return [
      {
        name: "sessions",
        state: "warn",
        detail: "none is open: accepted events wait until one is, or until their ttl",
        todo: launch,
      },
    ];
  }
  return answer.sessions.flatMap((session) => [judge(session, launch), ...judgeReading(session)]);
}

function judgeReading({ id, project, stuck_since }: SessionReport): Finding[] {
  if (stuck_since === undefined) return [];
  return [
    {
      name: `session ${id}`,
      state: "fail",
      detail: `${project}: its client does not read since ${stuck_since}`,
      todo: "look at that Claude Code: it may be suspended (fg, kill -CONT) or hang; close it, and its events go to another session",
    },
  ];
}

function judge({ id, project, listening: { state, reason } }: SessionReport, launch: string): Finding {
  return {
    name: `session ${id}`,
    state: ({ yes: "ok", no: "fail", unknown: "unknown" } as const)[state],
    detail: `${project}: ${{ yes: "listens", no: "does not listen", unknown: "may listen" }[state]}: ${reason}`,
    ...(state === "yes"
      ? {}
      : {
          todo: state === "no" ? adviceFor(reason, launch) : `if events do not show, start it so: ${launch}`,
        }),
  };
}
