// What the option schema cannot say. Pure; the place of each problem is told in the words of the YAML.

import type { OptionIssue } from "../../contract.ts";
import { requestIssues, roundIssues } from "../../intake/request-issues.ts";
import type { FeedOptions } from "./options.ts";

export function checkOptions(options: FeedOptions): OptionIssue[] {
  return [...requestIssues(options, ["https", "http"]), ...roundIssues(options)];
}
