// Checks that the option schema cannot express. Pure; locations are paths in the YAML.

import type { OptionIssue } from "../../contract.ts";
import { requestIssues, roundIssues } from "../../intake/request-issues.ts";
import type { FeedOptions } from "./options.ts";

export function checkOptions(options: FeedOptions): OptionIssue[] {
  return [...requestIssues(options, ["https", "http"]), ...roundIssues(options)];
}
