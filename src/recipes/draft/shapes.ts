// Patterns of personal values: credentials, mail addresses, ids. Used to replace them in fixtures, and to find
// remaining ones.

import { isIPv6 } from "node:net";

/** Credentials of well-known senders, keys and signed tokens. */
export const tokenShape =
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt|cbt)-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=_-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|sq0[a-z]{3}-[\w-]{20,}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{20,}|lin_(?:api|oauth)_\w{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\d{8,10}:AA[\w-]{30,})/g;
export const privateKeyShape = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** A version, as in `next@15.1.0`, ends in a digit. */
export const mailShape =
  /(?<![\p{L}\p{N}\p{M}_.+-])[\p{L}\p{N}\p{M}_.+-]+(?:@|%40)(?:[\p{L}\p{N}\p{M}-]+\.)+\p{L}[\p{L}\p{M}]+(?![\p{L}\p{N}_-])/gu;
export const uuidShape = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
export const addressShape =
  /(?<![\d.])(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d.]*\d)/g;
/** Of any scheme: a database's has a password, too. Braces are parts that a client fills in. */
export const urlShape =
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/(?:[^\s"'<>`\\()[\]{}/@]*@)?(?:\[[0-9a-f:.%]+\])?(?:[^\s"'<>`\\)\]{}]|\{[^\s"'<>{}]*\})*/gi;
/** `git@host:owner/name.git` */
export const remoteShape = /(?<![\w.@/-])([\w.-]+)@([\w-]+(?:\.[\w-]+)+):(?!\d+\b)([\w.~/-]+)/g;
/** In a header: `Authorization: Bearer ...`. */
export const loginShape = /\b((?:Bearer|Digest|Negotiate|Basic(?=\s+\S*[A-Z\d=]))\s+)[\w.~+/=-]{6,}/g;
/** `password=...`, `api_key: ...`, `"token": "..."` in a text. */
export const assignedShape =
  /((?<![A-Za-z])(?:[A-Za-z]+[_-])*(?:secret|token|passw(?:or)?d|pwd|passphrase|passcode|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|credentials?|cookie|authorization|session(?:[_-]?id)?|sid)["']?\s*[=:]\s*["']?)(?!\uE000)[^\s"'&,;)\]}\uE000]{3,}/gi;
/** `user=octocat` in a line of a log. */
export const namedShape =
  /(?<![\w-])((?:user(?:_?name)?|login|actor|sender|owner|author|committer|assignee|reviewer)=["']?)(?!\d+\b|(?:true|false|null|none|root|unknown)\b)([\p{L}\p{N}_][\p{L}\p{N}\p{M}_.-]{2,})/giu;
export const macShape = /\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b/gi;
/** Times have this shape, too: see isAddress6. */
export const address6Shape = /(?<![\w:.])(?=[0-9a-f:]*\d)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi;
export const phoneShape =
  /(?<![\w.+])\+\d(?:[ ().-]{0,2}\d){7,14}(?!\d)|(?<![\w(])\(\d{3}\) ?\d{3}-\d{4}(?!\d)/g;
export const cardShape = /(?<!\d)(?:\d{4}[ -]){3}\d{4}(?!\d)/g;
export const ibanShape =
  /\b[A-Z]{2}\d{2}(?: ?\d{4}){3,6}(?: ?\d{1,3})?\b|\b[A-Z]{2}\d{2} ?[A-Z]{4}(?: ?\d{4}){2,6}(?: ?\d{1,3})?\b/g;
/** With characters that words and paths do not have. */
export const base64Shape =
  /(?<![\w+/=-])(?=[\w/]*[+=])(?=[\w+/]*[A-Z])(?=[\w+/]*[a-z])[A-Za-z0-9+/]{16,}={0,2}(?![\w+/=-])/g;
/** A commit id or another hexadecimal digest with a digit and a letter. */
export const hexShape = /(?<![\w-])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,128}(?![\w-])/gi;
/** A mix of letters and digits that has no meaning to a reader. */
export const opaqueShape = /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{16,}={0,2}(?![\w-])/g;
/** A path in a home folder. */
export const homeShape = /(?:\/home\/|\/Users\/|[A-Z]:\\Users\\)([^/\\\s:"']+)/g;

/**
 * A host in a text, by its last part. Not every one that exists: `main.rs`, `deploy.sh` and `README.md` are files, and a
 * method has no country.
 */
export const hostShape =
  /(?<![\w@./-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+(?:com|net|org|io|dev|cloud|info|biz|eu|de|uk|fr|nl|ch|at|us|ca|au|jp|internal|intranet|corp|lan|local|home)(?![\w-]|\.\w|\()/g;

/** What the value of a key is said to be by its last words: `token_type`, `secret_scanning_alert_url`. */
const aboutSecret =
  /^(?:type|types|url|uri|count|total|name|names|kind|state|status|at|on|id|ids|scanning|alert|alerts|enabled|expired|validity|location|locations|policy|length|limit|usage|used|required|display)$/;
const secretWord =
  /^(?:secrets?|tokens?|passwords?|passwd|passwordhash|pwd|passphrase|passcode|credentials?|cookies?|authorization|signature|bearer|jwt|otp|csrf|xsrf|pin|apikeys?|auth)$/;
const secretPair =
  /(?:^|_)(?:api|private|access|secret|signing|encryption|license|session|ssh|webhook|auth|master)_keys?(?:_|$)/;

/** A key whose values are credentials: `client_secret`, `accessToken`, `X-Api-Key`. */
export function isSecretKey(key: string): boolean {
  const words = key
    .replace(/([a-z0-9])(?=[A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$&_")
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  if (aboutSecret.test(words.at(-1) ?? "")) return false;
  return words.some((word) => secretWord.test(word)) || secretPair.test(words.join("_"));
}

/** A number that lets somebody in; that of the tokens that a model used does not. */
export function isSecretNumber(key: string): boolean {
  return /(?:^|[_-])(?:pin|otp|cvv|cvc|passw(?:or)?d|passcode|secret|code)s?$/i.test(key);
}

/** Domains reserved for examples, and no-reply addresses. */
export function isExampleMail(mail: string): boolean {
  return (
    /(?:@|%40)(?:[\w-]+\.)*(?:example(?:\.[a-z]+)?|test|invalid|localhost)$/i.test(mail) ||
    /^(?:no-?reply|git)@/i.test(mail)
  );
}

/** Not a time, and not a name such as `a::b`. */
export function isAddress6(text: string): boolean {
  return isIPv6(text);
}

/** Addresses of this machine, of private networks and of documentation. */
export function isExampleAddress(address: string): boolean {
  if (address.includes(":")) return /^(?:::1?$|2001:0?db8:|f[cd][0-9a-f]{2}:)/i.test(address);
  return /^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|255\.)/.test(
    address,
  );
}

/** Public hosts of senders, which do not identify their users. */
const publicHosts = [
  ..."github.com githubusercontent.com githubassets.com gitlab.com gitea.com codeberg.org bitbucket.org atlassian.net atlassian.com".split(
    " ",
  ),
  ..."stripe.com shopify.com myshopify.com slack.com discord.com discordapp.com telegram.org linear.app sentry.io vercel.com vercel.app".split(
    " ",
  ),
  ..."netlify.com netlify.app circleci.com buildkite.com pagerduty.com datadoghq.com grafana.net grafana.com npmjs.com npmjs.org pypi.org".split(
    " ",
  ),
  ..."gravatar.com w3.org schema.org googleapis.com healthchecks.io ntfy.sh".split(" "),
];

/** The public domain of a host, `atlassian.net` for `acme.atlassian.net`; undefined for a private one. */
export function publicHost(host: string): string | undefined {
  const name = host.toLowerCase();
  return publicHosts.find((known) => name === known || name.endsWith(`.${known}`));
}

/** A host of a sender itself: it says nothing about who uses it. */
export function isSenderHost(host: string): boolean {
  return publicHost(host) === host.toLowerCase();
}

export function isExampleHost(host: string): boolean {
  return (
    /(?:^|\.)(?:example(?:\.(?:com|net|org|internal|test))?|test|invalid|localhost)$/i.test(host) ||
    host === "localhost"
  );
}

/** Names of senders, which also occur in paths and texts: `github` in `.github/workflows`. */
export function isSenderName(name: string): boolean {
  return publicHosts.some((known) => known.slice(0, known.indexOf(".")) === name.toLowerCase());
}
