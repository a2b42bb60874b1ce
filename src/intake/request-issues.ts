// Checks of the shared options of sources with an address that the schemas cannot express.

import type { OptionIssue } from "../contract.ts";
import { type AuthOptions, originOf, type RequestOptions } from "./request-options.ts";

export function requestIssues(options: RequestOptions, schemes: readonly string[]): OptionIssue[] {
  return [
    ...urlIssues(options.url, schemes),
    ...headerIssues(options.headers ?? {}),
    ...(options.auth === undefined ? [] : authIssues(options.auth, options.headers ?? {})),
  ];
}

function urlIssues(url: string, schemes: readonly string[]): OptionIssue[] {
  const example = `${schemes[0]}://api.example.com/items`;
  const origin = originOf(url);
  const scheme = origin.split(":", 1)[0] ?? "";
  if (!schemes.includes(scheme)) {
    return [
      {
        path: ["url"],
        message: `must begin with ${schemes.map((one) => `${one}://`).join(" or ")}`,
        hint: `for example  url: ${example}`,
      },
    ];
  }
  if (origin.includes("{{") || /[{}]/.test(origin)) {
    return [
      {
        path: ["url"],
        message: "has a template in its host",
        hint: "scheme and host are fixed; a template may follow them",
      },
    ];
  }
  if (origin.includes("@")) {
    return [
      {
        path: ["url"],
        message: "has a user name in it",
        hint: 'use  auth: { scheme: basic, username: me, secret: "${PASSWORD}" }',
      },
    ];
  }
  if (!URL.canParse(origin) || /\s/.test(url.replace(/\{\{.*?\}\}/gs, ""))) {
    return [{ path: ["url"], message: "is not a URL", hint: `for example  url: ${example}` }];
  }
  return [];
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Not allowed in a header: a line break would split it into two. */
const unfit = /[^\t\x20-\x7e\x80-\xff]/;
/** Set by the client itself, or connection-specific. */
const ours = new Set([
  "host",
  "content-length",
  "connection",
  "transfer-encoding",
  "upgrade",
  "accept-encoding",
]);

function headerIssues(headers: Readonly<Record<string, string>>): OptionIssue[] {
  return Object.entries(headers).flatMap(([name, value]): OptionIssue[] => {
    const path = ["headers", name];
    if (!headerName.test(name))
      return [{ path, message: "is not a header name", hint: "for example  x-api-key" }];
    if (ours.has(name.toLowerCase()))
      return [{ path, message: "is set by the program itself", hint: "remove it" }];
    if (unfit.test(value))
      return [
        { path, message: "has a character that is not allowed in a header", hint: "a line break, perhaps?" },
      ];
    return [];
  });
}

function authIssues(auth: AuthOptions, headers: Readonly<Record<string, string>>): OptionIssue[] {
  const { scheme, secret, username, header, prefix } = auth;
  const issues: OptionIssue[] = [];
  const add = (key: readonly string[], message: string, hint: string) =>
    issues.push({ path: ["auth", ...key], message, hint });
  if (secret.trim() === "")
    add(["secret"], "is empty", "set the environment variable that it names, or remove auth");
  else if (scheme !== "basic" && unfit.test(secret))
    add(["secret"], "has a character that is not allowed in a header", "a line break, perhaps?");
  if (scheme === "basic" && username === undefined)
    add([], "scheme basic needs username", "add  username: me");
  if (scheme === "basic" && username?.includes(":") === true)
    add(["username"], 'may not have a ":"', "basic puts the colon between user name and secret");
  if (scheme === "header" && header === undefined)
    add([], "scheme header needs header", "add  header: x-api-key");
  if (header !== undefined && !headerName.test(header))
    add(["header"], "is not a header name", "for example  x-api-key");
  else if (header !== undefined && ours.has(header.toLowerCase()))
    add(["header"], "is set by the program itself", "for example  x-api-key");
  if (scheme !== "basic" && username !== undefined)
    add(["username"], `scheme ${scheme} does not use username`, "remove it, or use scheme: basic");
  for (const [key, value] of Object.entries({ header, prefix })) {
    if (scheme !== "header" && value !== undefined)
      add([key], `scheme ${scheme} does not use ${key}`, "remove it, or use scheme: header");
  }
  const name = scheme === "header" ? header?.toLowerCase() : "authorization";
  if (Object.keys(headers).some((key) => key.toLowerCase() === name))
    add([], `sets ${name}, which headers sets too`, "keep one of them");
  return issues;
}

interface RoundOptions {
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly since: "now" | "start";
  readonly backfill?: number;
}

/** For a polling source. */
export function roundIssues(options: RoundOptions): OptionIssue[] {
  const issues = [
    ...durationIssue("every", options.everyMs, [1_000, "1s"], [30 * 86_400_000, "30d"]),
    ...durationIssue("timeout", options.timeoutMs, [1_000, "1s"], [600_000, "10m"]),
    ...sizeIssue("max_body", options.maxBodyBytes),
  ];
  if (options.since === "start" && options.backfill !== undefined) {
    const message = "has no effect with since: start, which includes everything";
    issues.push({ path: ["backfill"], message, hint: "remove one of the two" });
  }
  return issues;
}

/** Bounds in milliseconds, and as they are written. */
export function durationIssue(
  path: string,
  valueMs: number | undefined,
  [leastMs, least]: readonly [number, string],
  [mostMs, most]: readonly [number, string],
): OptionIssue[] {
  if (valueMs === undefined || (valueMs >= leastMs && valueMs <= mostMs)) return [];
  return [
    { path: [path], message: `must be from ${least} to ${most}`, hint: `for example  ${path}: ${least}` },
  ];
}

/** The whole body is held in memory. */
const largestBytes = 64 * 1024 * 1024;

export function sizeIssue(path: string, bytes: number): OptionIssue[] {
  if (bytes >= 1 && bytes <= largestBytes) return [];
  return [{ path: [path], message: "must be from 1B to 64MiB", hint: `for example  ${path}: 5MiB` }];
}
