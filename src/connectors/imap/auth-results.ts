// Reads Authentication-Results (RFC 8601): what the receiving server verified about the sender of a message. Senders can
// forge this header, so only the first one counts, and only if it names the server that the user trusts.

export type AuthResult = {
  /** The name of the server that checked. */
  readonly server: string;
  /** SPF, DKIM and DMARC: `pass`, `fail`, `none`, ...; `unaligned` if it passed for a domain other than that of From. */
  readonly spf?: string;
  readonly dkim?: string;
  readonly dmarc?: string;
};

interface MethodResult {
  readonly method: string;
  readonly result: string;
  /** `header.d`, `smtp.mailfrom`, ...: the domain alone, in lower case. */
  readonly domains: ReadonlyMap<string, string>;
}

const longestHeader = 8_192;
/** The properties that hold the domain checked by each method. */
const properties: Readonly<Record<"spf" | "dkim" | "dmarc", readonly string[]>> = {
  spf: ["smtp.mailfrom", "smtp.mail"],
  dkim: ["header.d", "header.i"],
  dmarc: ["header.from"],
};

/**
 * `header`: the value of the first such header. `trusted`: the server's name, or `*.` and a domain. `fromDomain`: the domain of the
 * only address in From; undefined if there are none or several. Returns undefined if another server wrote the header.
 */
export function readAuthResult(
  header: string,
  trusted: string,
  fromDomain: string | undefined,
): AuthResult | undefined {
  const [first = "", ...rest] = parts(withoutComments(header.slice(0, longestHeader)));
  const server = /^\s*"?([\w.-]+)"?(?:\s+\d+)?\s*$/.exec(first)?.[1]?.toLowerCase() ?? "";
  if (!isServer(server, trusted.toLowerCase())) return undefined;
  const results = rest.flatMap((part) => methodIn(part) ?? []);
  const found = (method: "spf" | "dkim" | "dmarc") => {
    const names = properties[method];
    const all = results.filter((one) => one.method === method);
    // SPF is also checked for the HELO name, which does not identify the sender.
    const ofSender = all.filter(({ domains }) => names.some((name) => domains.has(name)));
    const result = summary(ofSender.length > 0 ? ofSender : all, names, fromDomain);
    return result === undefined ? {} : { [method]: result };
  };
  return { server, ...found("spf"), ...found("dkim"), ...found("dmarc") };
}

function isServer(server: string, trusted: string): boolean {
  if (server === "") return false;
  return trusted.startsWith("*.") ? server.endsWith(trusted.slice(1)) : server === trusted;
}

function summary(
  results: readonly MethodResult[],
  names: readonly string[],
  fromDomain: string | undefined,
): string | undefined {
  const isAligned = ({ domains }: MethodResult) =>
    names.some((name) => covers(domains.get(name), fromDomain));
  const passed = results.filter(({ result }) => result === "pass");
  if (results[0]?.method === "dkim") {
    // One passing signature of several is enough.
    if (passed.some(isAligned)) return "pass";
    return passed.length > 0 ? "unaligned" : results[0].result;
  }
  // The other methods have a single result. A second one may have been injected through an address.
  const failed = results.find(({ result }) => result !== "pass");
  if (failed !== undefined || results.length === 0) return failed?.result;
  return results.every(isAligned) ? "pass" : "unaligned";
}

/** The domain of From, or one above it. */
function covers(domain: string | undefined, fromDomain: string | undefined): boolean {
  if (domain === undefined || fromDomain === undefined || !domain.includes(".")) return false;
  return fromDomain === domain || fromDomain.endsWith(`.${domain}`);
}

function methodIn(part: string): MethodResult | undefined {
  const found = /^\s*([a-z][a-z0-9-]{0,30})(?:\s*\/\s*\d+)?\s*=\s*([a-z]{1,20})(?=\s|$)(.*)$/is.exec(part);
  if (found === null) return undefined;
  const [, method = "", result = "", rest = ""] = found;
  const domains = new Map<string, string>();
  for (const [, name = "", quoted, plain = ""] of rest.matchAll(
    /(?:^|\s)([a-z]+\.[a-z-]+)=(?:"([^"]*)"|(\S*))/gi,
  )) {
    const value = (quoted ?? plain).toLowerCase();
    // The first one, because a second one may be part of a value that the sender chose.
    if (!domains.has(name.toLowerCase()))
      domains.set(name.toLowerCase(), value.slice(value.lastIndexOf("@") + 1));
  }
  return { method: method.toLowerCase(), result: result.toLowerCase(), domains };
}

/** Between semicolons outside of quotes. */
function parts(header: string): string[] {
  return header.match(/(?:"(?:[^"\\]|\\.)*"?|[^;"])+/gs) ?? [];
}

/** Comments may be nested, and contain what the sender chose: `(sender is a@b.example dmarc=pass)`. */
function withoutComments(header: string): string {
  let kept = "";
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < header.length; at++) {
    const letter = header[at] as string;
    if (letter === "\\" && (isQuoted || depth > 0)) {
      if (depth === 0) kept += header.slice(at, at + 2);
      at += 1;
    } else if (isQuoted) {
      isQuoted = letter !== '"';
      kept += letter;
    } else if (letter === "(") depth += 1;
    else if (letter === ")") depth = Math.max(0, depth - 1);
    else if (depth === 0) {
      isQuoted = letter === '"';
      kept += letter;
    }
  }
  return kept;
}
