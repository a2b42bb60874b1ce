// The options about the log, of the commands that run a router.

import { Option } from "commander";
import { logFormats, logLevels } from "../daemon/log.ts";

export const logLevelOption = () =>
  new Option(
    "--log-level <level>",
    "the least severe log entries; default: info, or CHANNEL_ROUTER_LOG",
  ).choices(logLevels);
export const logFormatOption = () =>
  new Option("--log-format <format>", "how log entries are written; default: text").choices(logFormats);
