// The names by which a page may be opened. A browser stores its key per origin, and every server of an origin
// can use it: so only one origin is allowed, the listener's own address, besides those that the config lists
// in `hosts`.

export interface Names {
  /** `http://127.0.0.1:8788` */
  readonly address: string | undefined;
  /** From the config: names, with or without a port. */
  readonly hosts: readonly string[];
}

/** `redirect`: to the same page by its own address. */
export type NamedOrigin =
  | { readonly origin: string }
  | { readonly redirect: string }
  | { readonly refused: string };

/** `host`: of the request, as the guard let it through. */
export function originOf(host: string | undefined, { address, hosts }: Names): NamedOrigin {
  const named = (host ?? "").trim().toLowerCase();
  if (address === undefined || !URL.canParse(address) || !URL.canParse(`http://${named}`))
    return { refused: "no address is available by which a browser could open this page" };
  const own = new URL(address);
  const asked = new URL(`http://${named}`);
  const isNamed = hosts.some((one) => {
    const entry = one.toLowerCase();
    return entry === asked.host || (entry === asked.hostname && asked.port === own.port);
  });
  if (asked.host === own.host || isNamed) return { origin: asked.origin };
  // Another program can serve `localhost` by its other address (::1), next to this one.
  if (asked.hostname === "localhost" && asked.port === own.port) return { redirect: own.origin };
  return { refused: `open it as ${own.origin}, or name ${asked.host} in hosts` };
}
