// Checks that the option schema cannot express. Pure; locations are paths in the YAML.

import type { OptionIssue } from "../../contract.ts";
import { requestIssues, roundIssues } from "../../intake/request-issues.ts";
import type { PollOptions } from "./options.ts";

export function checkOptions(options: PollOptions): OptionIssue[] {
  return [...requestIssues(options, ["https", "http"]), ...bodyIssues(options), ...roundIssues(options)];
}

/** POST when a body is configured. */
export function methodOf({ method, body, json }: PollOptions): "GET" | "POST" {
  return method ?? (body === undefined && json === undefined ? "GET" : "POST");
}

function bodyIssues(options: PollOptions): OptionIssue[] {
  const { body, json, cursor } = options;
  const issues: OptionIssue[] = [];
  const path = [body === undefined ? "json" : "body"];
  if (body !== undefined && json !== undefined)
    issues.push({ path: ["json"], message: "cannot be combined with body", hint: "keep one of them" });
  if (options.method === "GET" && (body !== undefined || json !== undefined))
    issues.push({ path, message: "has no effect with method: GET", hint: "remove one of the two" });
  const user = Object.entries({ url: options.url, body, json }).find(([, value]) => usesCursor(value))?.[0];
  if (cursor !== undefined && user === undefined)
    issues.push({
      path: ["cursor"],
      message: "is not used anywhere",
      hint: "put {{cursor}} into url, body or json, where the next request has it",
    });
  if (cursor === undefined && user !== undefined)
    issues.push({
      path: [user],
      message: "uses {{cursor}}, but cursor: is missing",
      hint: "add  cursor: data.next_cursor",
    });
  return issues;
}

function usesCursor(templates: unknown): boolean {
  return /\{\{[^}]*\bcursor\b/.test(JSON.stringify(templates) ?? "");
}
