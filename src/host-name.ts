// Hosts as a config names them and as URLs have them, in one spelling, so that two texts can be compared.

const hostText = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s\\/?#@:*%<>^|[\]{}"'`]+)(?::\d{1,5})?$/;

/** Before the name of a host: secrets may go there without TLS. */
const plainPrefix = "http://";

/**
 * `api.example.com`, `[::1]:8080` as a URL has it; `http://api.example.com` where TLS is not needed. Undefined for
 * anything else; with `orUrl` a URL is its host.
 */
export function hostNamed(text: string, orUrl = false): string | undefined {
  if (orUrl && /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const host = hostOfUrl(text);
    return host !== undefined && isPlain(text) ? withoutTls(host) : host;
  }
  if (text.startsWith(plainPrefix)) {
    const host = hostNamed(text.slice(plainPrefix.length));
    return host === undefined || host.startsWith(plainPrefix) ? undefined : withoutTls(host);
  }
  return hostText.test(text) ? canonical(text) : undefined;
}

/** The entry that allows connections without TLS, too. */
export function withoutTls(host: string): string {
  return `${plainPrefix}${host}`;
}

/** An entry without what it says of TLS. */
export function plainName(entry: string): string {
  return entry.startsWith(plainPrefix) ? entry.slice(plainPrefix.length) : entry;
}

/** Whether others on the way could read what is sent to this URL. IMAP has STARTTLS, which is required. */
export function isReadable(url: string): boolean {
  return isPlain(url) && !isThisMachine(plainName(hostOfUrl(url) ?? ""));
}

function isPlain(url: string): boolean {
  return /^\s*(?:http|ws):/i.test(url);
}

/** By its address, or by the one name that always means it. */
function isThisMachine(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}

/** What a host alone means, without a port. */
const usualPorts: Readonly<Record<string, readonly string[]>> = {
  http: ["80", "443"],
  https: ["80", "443"],
  ws: ["80", "443"],
  wss: ["80", "443"],
  imap: ["143", "993"],
  imaps: ["143", "993"],
};

const defaultPorts: Readonly<Record<string, string>> = {
  http: "80",
  https: "443",
  ws: "80",
  wss: "443",
  imap: "143",
  imaps: "993",
};

/** The host, with the port unless it is a usual one of the protocol. The rest of the URL may be a template. */
export function hostOfUrl(url: string): string | undefined {
  return hostForms(url)[0];
}

/** The same, and with its port, written or not, where that is a usual one. */
export function hostForms(url: string): readonly string[] {
  const found = /^([a-z]+):\/\/([^/?#\\]*)/i.exec(url.trim());
  const scheme = found?.[1]?.toLowerCase() ?? "";
  const ports = usualPorts[scheme];
  if (found === null || ports === undefined) return [];
  // Without its user, as a client reads it.
  const text = (found[2] as string).replace(/^.*@/, "");
  const host = hostText.test(text) ? canonical(text) : undefined;
  if (host === undefined) return [];
  const [, name = host, port = defaultPorts[scheme] ?? ""] = /^(.*):(\d+)$/.exec(host) ?? [];
  return ports.includes(port) ? [name, `${name}:${port}`] : [host];
}

/** Names are compared in lower case and in Punycode, addresses in their usual form. A written port is kept. */
function canonical(text: string): string | undefined {
  const url = `http://${text}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname, pathname, username } = new URL(url);
  if (pathname !== "/" || username !== "" || hostname === "") return undefined;
  const port = /:(\d+)$/.exec(text.replace(/^\[[^\]]*\]/, ""))?.[1];
  return port === undefined ? hostname : `${hostname}:${Number(port)}`;
}
