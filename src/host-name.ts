// Hosts as a config names them and as URLs have them, in one spelling, so that two texts can be compared.

const hostText = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s\\/?#@:*%<>^|[\]{}"'`]+)(?::\d{1,5})?$/;

/**
 * `api.example.com`, `[::1]:8080` as a URL has it. Undefined for anything else; with `orUrl` a URL is its host.
 */
export function hostNamed(text: string, orUrl = false): string | undefined {
  if (orUrl && /^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return hostOfUrl(text);
  return hostText.test(text) ? canonical(text) : undefined;
}

/** The host, with the port unless it is 80 or 443. The rest of the URL may be a template. */
export function hostOfUrl(url: string): string | undefined {
  const found = /^(https?|wss?):\/\/([^/?#\\]*)/i.exec(url.trim());
  if (found === null) return undefined;
  // Without its user, as a client reads it.
  const host = (found[2] as string).replace(/^.*@/, "");
  return hostText.test(host) ? canonical(host) : undefined;
}

/** Names are compared in lower case and in Punycode, addresses in their usual form. */
function canonical(text: string): string | undefined {
  const url = `http://${text}`;
  if (!URL.canParse(url)) return undefined;
  const { hostname, port, pathname, username } = new URL(url);
  if (pathname !== "/" || username !== "" || hostname === "") return undefined;
  return port === "" || port === "443" ? hostname : `${hostname}:${port}`;
}
