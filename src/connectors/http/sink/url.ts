// The URL of a request. Scheme and host are literal in the template, so that no argument and no event can
// choose them; placeholder values are percent-encoded before they get here, and this file rejects values that
// could still lead to another endpoint.

import { UsageError } from "../../../errors.ts";

/** Scheme and authority at the beginning of a template, when both are literal. */
const literalOrigin = /^(https?:\/\/)([^/?#\\{}\s]+)(?=[/?#]|$)/i;

export interface UrlProblem {
  readonly message: string;
  readonly hint: string;
}

/** The origin of every URL of this template: `https://api.example.com`. */
export function originOf(template: string): string | UrlProblem {
  const [, scheme = "", authority = ""] = literalOrigin.exec(template) ?? [];
  if (authority === "") {
    const hint = "begin with a literal address such as https://api.example.com/";
    return template.includes("{{")
      ? { message: "scheme and host must be literal, before any {{...}}", hint }
      : { message: "must be an http or https URL", hint };
  }
  if (authority.includes("@"))
    return {
      message: "user and password do not belong in a URL",
      hint: "send them in headers: { authorization: ... }",
    };
  if (withoutPlaceholders(template).includes("#"))
    return { message: "a URL that is sent has no part after #", hint: "write %23 for a literal #" };
  const origin = `${scheme}${authority}`;
  return URL.canParse(origin)
    ? new URL(origin).origin
    : { message: "has an invalid host", hint: "for example https://api.example.com/" };
}

/** The URL as it is sent. Throws E_SINK_REFUSED when a value would lead elsewhere. */
export function safeUrl(rendered: string, template: string): string {
  const origin = originOf(template);
  const url = URL.canParse(rendered) ? new URL(rendered) : undefined;
  if (typeof origin !== "string" || url === undefined || url.origin !== origin || url.username !== "")
    throw refused("these values do not make a valid URL", "check the arguments that it uses");
  checkPath(pathOf(rendered), pathOf(withoutPlaceholders(template)));
  return url.href;
}

function withoutPlaceholders(template: string): string {
  return template.replace(/\{\{[\s\S]*?\}\}/g, "\0");
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?#]*/i, "").split(/[?#]/, 1)[0] ?? "";
}

function checkPath(path: string, template: string): void {
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const text = decoded(segment);
    if (text.split(/[/\\]/).some((part) => part === "." || part === ".."))
      throw refused(`the URL's path would hold the part "${segment}"`, "a value must not be . or ..");
    if (/\p{Cc}/u.test(text))
      throw refused("the URL's path would hold a control character", "take it out of the value");
    if (segment === "" && !mayBeEmpty(template, index === segments.length - 1))
      throw refused(
        "a part of the URL's path would be empty",
        "each value in the path must be present: without it the request would go to another endpoint",
      );
  }
}

/** Only where the template itself contains it. */
function mayBeEmpty(template: string, isLast: boolean): boolean {
  return isLast ? template === "" || template.endsWith("/") : template.includes("//");
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function refused(message: string, hint: string): UsageError {
  return new UsageError("E_SINK_REFUSED", message, { hint });
}
