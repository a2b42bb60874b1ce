// Hosts as a config names them and as URLs have them, in one spelling, so that two texts can be compared.

const hostText = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s\\/?#@:*%<>^|[\]{}"'`]+)(?::\d{1,5})?$/;

/**
 * `api.example.com`, `[::1]:8080` as a URL has it. Undefined for anything else; with `orUrl` a URL is its host.
 */
export function hostNamed(text: string, orUrl = false): string | undefined {
  if (orUrl && /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return hostOfUrl(text);
  return hostText.test(text) ? canonical(text) : undefined;
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
