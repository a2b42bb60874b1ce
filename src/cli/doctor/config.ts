// Is there a config, and is it good?

import { countIssues } from "../../config/yaml/issue-location.ts";
import { printCount } from "../times.ts";
import type { Finding, Patient } from "./check.ts";

export function checkConfig({ config }: Pick<Patient, "config">): Finding {
  const { file, tried, proven } = config;
  if (file === undefined || proven === undefined) {
    return {
      name: "config",
      state: "fail",
      detail: `no config file; looked for ${tried.join(", ")}`,
      todo: "write channels.yaml, or name one: --config FILE",
    };
  }
  const [first] = proven.issues;
  if (first !== undefined) {
    return {
      name: "config",
      state: "fail",
      detail: `${printCount(countIssues(proven.issues), "problem")} in ${file}; the first, line ${first.line}: ${proven.mask(first.message)}`,
      todo: "channel-router check shows each at its place",
    };
  }
  const { sources, channels } = proven.plan;
  return {
    name: "config",
    state: "ok",
    detail: `${file}: ${printCount(sources.length, "source")}, ${printCount(channels.length, "channel")}`,
  };
}
