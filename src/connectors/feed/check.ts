// Checks of the options that their schema cannot express. Pure; the path of each problem uses the names of the YAML.

import type { OptionIssue } from "../../contract.ts";
import { requestIssues, roundIssues } from "../../intake/request-issues.ts";
import type { FeedOptions } from "./options.ts";

export function checkOptions(options: FeedOptions): OptionIssue[] {
  return [...requestIssues(options, ["https", "http"]), ...roundIssues(options)];
}
