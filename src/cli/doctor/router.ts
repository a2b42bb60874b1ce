// Checks that a router of this config runs, answers, and is our version.

import { countOf } from "../../text/clip.ts";
import { version } from "../../version.ts";
import { printSpan } from "../times.ts";
import type { CheckInput, Finding } from "./check.ts";

const name = "router";

export function checkRouter({
  router,
  status,
  nowMs,
}: Pick<CheckInput, "router" | "status" | "nowMs">): Finding {
  if (router === undefined || status === undefined) {
    return {
      name,
      state: "warn",
      detail: "none runs for this config: nothing is received",
      todo: "start Claude Code with it, or channel-router up",
    };
  }
  if ("silent" in status) {
    return {
      name,
      state: "fail",
      detail: `pid ${router.pid} runs but does not answer: ${status.silent}`,
      todo: `if this continues: kill -9 ${router.pid}; another process takes over, accepted events are not lost`,
    };
  }
  const kind = status.background ? "in the background" : "inside a Claude session";
  const detail = `pid ${status.pid}, ${kind}, version ${status.version}, up ${printSpan(nowMs - Date.parse(status.started))}`;
  const [problem] = status.problems;
  if (problem !== undefined) {
    const runs =
      status.active === "previous"
        ? `the config file has a problem, and the previous config stays active (${countOf(status.sources.length, "source")}, ${countOf(status.channels.length, "channel")})`
        : "it has no valid config";
    return {
      name,
      state: "fail",
      detail: `${detail}; ${runs}: ${problem.split("\n", 1)[0]}`,
      todo: "correct the config; the running router picks it up",
    };
  }
  if (status.journal.failure !== undefined) {
    return {
      name,
      state: "fail",
      detail: `${detail}; its journal cannot be written: ${status.journal.failure}`,
      todo: "make room on the disk, or correct the rights; it recovers by itself",
    };
  }
  if (status.version !== version) {
    return {
      name,
      state: "warn",
      detail: `${detail}; this command is ${version}`,
      todo: status.background
        ? "channel-router down, then channel-router up"
        : "start Claude Code again to run one version",
    };
  }
  const failed = status.sources.filter(({ state }) => state === "failed" || state === "waiting");
  if (failed.length > 0) {
    const [first] = failed as [(typeof failed)[number]];
    return {
      name,
      state: failed.some(({ state }) => state === "failed") ? "fail" : "warn",
      detail: `${detail}; source ${first.name} ${first.state}: ${first.detail ?? "no reason given"}`,
      todo: "channel-router status shows every source",
    };
  }
  return { name, state: "ok", detail };
}
