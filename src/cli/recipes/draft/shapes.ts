// The shapes of values that belong to somebody: credentials, mail addresses, ids. Shared by what replaces them in
// fixtures and by what looks for those that were left.

/** Credentials of well-known senders, keys and signed tokens. */
export const tokenShape =
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl(?:pat|dt|rt|ptt|cbt)-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=_-]{10,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|sq0[a-z]{3}-[\w-]{20,}|shp(?:at|ss|ca|pa)_[a-fA-F0-9]{20,}|lin_(?:api|oauth)_\w{20,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\d{8,10}:AA[\w-]{30,})/g;
export const privateKeyShape = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** A version, as in `next@15.1.0`, ends in a digit. */
export const mailShape = /[\w.+%-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?![\w-])/g;
export const uuidShape = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi;
export const addressShape =
  /(?<![\d.])(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d.]*\d)/g;
export const urlShape = /\bhttps?:\/\/[^\s"'<>`\\)\]}]+/g;
/** A commit, or another digest: hexadecimal with a digit and a letter. */
export const hexShape = /(?<![\w-])(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{7,128}(?![\w-])/gi;
/** Letters and digits mixed, without a meaning that a reader would see. */
export const opaqueShape = /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9_-]{16,}={0,2}(?![\w-])/g;
/** The home folder of somebody. */
export const homeShape = /(?:\/home\/|\/Users\/|[A-Z]:\\Users\\)([^/\\\s:"']+)/g;

/**
 * A host in a text, by its last part. Not every one that exists: `main.rs`, `deploy.sh` and `README.md` are files, and a
 * method has no country.
 */
export const hostShape =
  /(?<![\w@./-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+(?:com|net|org|io|dev|cloud|info|biz|eu|de|uk|fr|nl|ch|at|us|ca|au|jp|internal|intranet|corp|lan|local|home)(?![\w-]|\.\w|\()/g;

/** Keys whose values are credentials. */
export const secretKey =
  /(?:^|[_-])(?:secret|token|password|passwd|passcode|api_?key|apikey|private_?key|signature|authorization|cookie|credentials?|client_secret|access_key|pin)$/i;

/** Names that are reserved for examples, and addresses that belong to nobody. */
export function isExampleMail(mail: string): boolean {
  return (
    /@(?:[\w-]+\.)*(?:example(?:\.[a-z]+)?|test|invalid|localhost)$/i.test(mail) ||
    /^(?:no-?reply|git)@/i.test(mail)
  );
}

/** Addresses of this machine, of private networks and of documentation. */
export function isExampleAddress(address: string): boolean {
  return /^(?:0\.|10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|255\.)/.test(
    address,
  );
}

/** Where senders serve everybody: such a host says nothing about who uses it. */
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

/** The public part of a host, `atlassian.net` of `acme.atlassian.net`; undefined for a host of somebody's own. */
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

/** Names of senders themselves, which also occur in paths and texts: `github` in `.github/workflows`. */
export function isSenderName(name: string): boolean {
  return publicHosts.some((known) => known.slice(0, known.indexOf(".")) === name.toLowerCase());
}
