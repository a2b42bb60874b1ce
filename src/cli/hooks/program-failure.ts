// Explains why a command line tool of a sender failed, and what to do. Recognizes the messages of these programs;
// an unknown message is shown unchanged.

import { ConnectorError } from "../../errors.ts";
import { isObject } from "../../json.ts";
import type { ProgramResult } from "./run-program.ts";

interface FailureHints {
  readonly program: string;
  /** The command that logs in. */
  readonly login: string;
  /** Which permissions are needed, and how to get them. */
  readonly rights: string;
  /** Never shown, whatever the program prints. */
  readonly secret?: string | undefined;
}

/** `status`: the HTTP status, if the program prints it separately. */
export function programFailure(
  { code, stdout, stderr }: ProgramResult,
  { program, login, rights, secret }: FailureHints,
  status = statusIn(stderr),
): ConnectorError {
  const said = lastWords(stdout, stderr, secret);
  const failed = (message: string, hint?: string) =>
    new ConnectorError("E_HOOK", message, { ...(hint === undefined ? {} : { hint }) });
  const isLoggedOut = /auth login|not logged in|not configured API keys|No token|Bad credentials/i.test(
    stderr,
  );
  if ((program === "gh" && code === 4) || status === 401 || (isLoggedOut && status === undefined))
    return failed(`${program} is not logged in`, `run  ${login}`);
  if (/unknown (?:command|flag|shorthand flag)/i.test(stderr + stdout))
    return failed(`this version of ${program} is too old: ${said}`, `update ${program}`);
  if (status === 429 || /rate limit/i.test(said))
    return failed(`rate limited by the sender: ${said}`, "try again later");
  if (status === 403) return failed(`no permission to manage webhooks: ${said}`, rights);
  if (status === 404) return failed(`not found, or no permission to manage its webhooks: ${said}`, rights);
  return failed(`${program} failed: ${said}`);
}

/** `gh: Not Found (HTTP 404)`, `glab: HTTP 429`, `status=401` */
function statusIn(stderr: string): number | undefined {
  const found = /\bHTTP (\d{3})\b|\bstatus=(\d{3})\b/.exec(stderr);
  return found === null ? undefined : Number(found[1] ?? found[2]);
}

const maxShown = 600;

/** The error message of the response with its details, else the last lines of stderr. */
function lastWords(stdout: string, stderr: string, secret: string | undefined): string {
  const words = [messageIn(stdout), stderr.trim().split("\n").slice(0, 4).join("; ")]
    .filter((one) => one !== undefined && one !== "")
    .join("; ");
  const shown = words === "" ? "it printed nothing" : words.slice(-maxShown);
  return secret === undefined || secret === "" ? shown : shown.replaceAll(secret, "•••");
}

/** Of `{message, errors: [{message}]}`, or of `{error: {message}}`. */
function messageIn(stdout: string): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return undefined;
  }
  if (!isObject(answer)) return undefined;
  const { message, errors, error } = answer;
  const details = Array.isArray(errors)
    ? errors.map((one) => (isObject(one) ? one.message : one)).filter((one) => typeof one === "string")
    : [];
  const inner = isObject(error) ? error.message : error;
  const parts = [
    typeof message === "string" ? message : message && JSON.stringify(message),
    inner,
    ...details,
  ];
  const texts = parts.filter((one): one is string => typeof one === "string" && one !== "");
  return texts.length === 0 ? undefined : texts.join("; ");
}
