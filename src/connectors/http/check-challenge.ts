// Checks of `respond.challenge` that the option schema cannot express: the format of locations, and what a
// token needs. Pure; quotes no value, because a variable may have brought it in.

import type { OptionIssue } from "../../contract.ts";
import type { HttpOptions } from "./options.ts";

const location = /^(?:query\.[^\s&=]{1,200}|headers\.[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}|data\.[^\s]{1,200})$/;
const target = /^(?:body|headers\.[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}|data\.[^\s]{1,200})$/;
/** An answer's own framing, and what browsers or the proxies in front of us keep, follow or act on. */
const reserved = new RegExp(
  `^headers\\.(?:${[
    ...[
      "content-.*",
      "transfer-encoding",
      "connection",
      "keep-alive",
      "upgrade",
      "trailer",
      "te",
      "date",
      "server",
    ],
    ...[
      "set-cookie2?",
      "location",
      "refresh",
      "link",
      "www-authenticate",
      "proxy-.*",
      "sec-.*",
      "status",
      "allow",
    ],
    ...[
      "access-control-.*",
      "cross-origin-.*",
      "origin-agent-cluster",
      "timing-allow-origin",
      "service-worker-.*",
    ],
    ...[
      "cache-control",
      "age",
      "expires",
      "etag",
      "last-modified",
      "vary",
      "pragma",
      "cdn-.*",
      "surrogate-.*",
      "via",
    ],
    ...[
      "strict-transport-security",
      "clear-site-data",
      "permissions-policy",
      "referrer-policy",
      "alt-svc",
      "nel",
    ],
    ...[
      "report-to",
      "reporting-endpoints",
      "(?:x-)?sourcemap",
      "x-(?:content-type|frame)-options",
      "x-xss-.*",
    ],
    ...[
      "x-dns-.*",
      "x-permitted-.*",
      "x-robots-tag",
      "x-accel-.*",
      "x-(?:lighttpd-)?send-?file2?",
      "x-reproxy-.*",
    ],
    ...["x-sendfile-.*", "x-forwarded.*", "x-original-.*", "x-rewrite-.*", "retry-after"],
  ].join("|")})$`,
  "i",
);

export function checkChallenge({ respond, verify }: HttpOptions): OptionIssue[] {
  const challenge = respond?.challenge;
  if (challenge === undefined) return [];
  const {
    from,
    when = {},
    token,
    tokenFrom,
    to,
    signed,
  } = typeof challenge === "string" ? { from: challenge } : challenge;
  const at = typeof challenge === "string" ? [] : ["from"];
  const issues: OptionIssue[] = [];
  const issue = (path: readonly string[], message: string, hint: string) =>
    issues.push({ path: ["respond", "challenge", ...path], message, hint });

  const isLocated = (text: string) => location.test(text);
  const locations = "query.NAME, headers.NAME or data.PATH, for instance query.hub.challenge";
  if (!isLocated(from)) issue(at, "is not a location in a request", `write ${locations}`);
  for (const key of Object.keys(when)) {
    if (!isLocated(key)) issue(["when", key], "is not a location in a request", `write ${locations}`);
  }
  if (tokenFrom !== undefined && !isLocated(tokenFrom))
    issue(["token_from"], "is not a location in a request", `write ${locations}`);
  if (token !== undefined && token.trim() === "")
    issue(["token"], "is empty, so that anybody would know it", 'write  token: "${VERIFY_TOKEN}"');
  if (token !== undefined && tokenFrom === undefined)
    issue(["token"], "has no effect without token_from", "add  token_from: query.hub.verify_token");
  if (tokenFrom !== undefined && token === undefined)
    issue(["token_from"], "needs token, which it is compared with", 'add  token: "${VERIFY_TOKEN}"');
  const back = to ?? (from.startsWith("headers.") ? from : "body");
  if (!target.test(back))
    issue(["to"], "is not a location in an answer", "write body, data.NAME or headers.NAME");
  else if (reserved.test(back))
    issue(
      to === undefined ? at : ["to"],
      "is a header that an answer needs for itself",
      "has no effect without verify",
    );
  if (signed === true && (verify === undefined || verify.scheme === "none"))
    issue(["signed"], "has no use without verify", "add verify, or remove it");
  return issues;
}
