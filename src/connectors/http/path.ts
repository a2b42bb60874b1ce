// The `path` of a source: its syntax, when two paths are the same, and an example path to post to.

import type { OptionIssue } from "../../contract.ts";

const literal = /^[A-Za-z0-9._~!$&'+,;=@-]*$/;
const named = /^:[A-Za-z_][A-Za-z0-9_]*$/;

/** The first fault of a path. Quotes nothing: a variable may have brought it in. */
export function pathIssue(path: string): OptionIssue | undefined {
  const issue = (message: string, hint: string): OptionIssue => ({ path: ["path"], message, hint });
  if (!path.startsWith("/")) {
    return issue('must begin with "/"', "for example  path: /github");
  }
  if (/[?#]/.test(path)) {
    return issue("takes no query and no fragment", "match on query.<name> in a channel instead");
  }
  const segments = path.slice(1).split("/");
  const names = new Set<string>();
  for (const [index, segment] of segments.entries()) {
    const last = index === segments.length - 1;
    const part = `part ${index + 1}`;
    if (segment === "" && !last) return issue("has an empty part between two slashes", "write one slash");
    if (segment === "." || segment === "..")
      return issue(`may not have "${segment}" as a part`, "write the path in full");
    if (segment === "*" && last) continue;
    if (segment.includes("*")) return issue('may have "*" only as its whole last part', "end the path in /*");
    if (segment.startsWith(":")) {
      if (!named.test(segment))
        return issue(
          `${part} begins with a colon but is not a valid :name`,
          "use letters, digits and _ after the colon",
        );
      if (names.has(segment))
        return issue(`${part} has the name of an earlier part`, "give each part its own name");
      names.add(segment);
    } else if (!literal.test(segment)) {
      return issue(`${part} has characters that a path here cannot have`, "use letters, digits, - _ . and ~");
    }
  }
  return undefined;
}

/**
 * Two paths that match the same requests have the same form: parameter names and a trailing slash make no
 * difference.
 */
export function canonicalPath(path: string): string {
  return path.replace(/:[A-Za-z0-9_]+/g, ":").replace(/(.)\/$/, "$1");
}

/** A path to post to: `/deploy/:env/*` becomes `/deploy/env/any`. */
export function samplePath(path: string): string {
  return path.replace(/:([A-Za-z0-9_]+)/g, "$1").replace(/\*$/, "any");
}

/**
 * The displayed path: without values from variables or files. A secret in a path is a credential, and neither
 * Claude nor the journal may see it.
 */
export function hiddenPath(path: string, cameIn: readonly string[]): string {
  // A text that contains a slash is hidden part by part, so that the parts of the path keep their positions.
  const texts = cameIn.flatMap((text) => text.split("/")).filter((text) => text !== "");
  const longestFirst = texts.toSorted((one, other) => other.length - one.length);
  return path
    .split("/")
    .map((segment) => longestFirst.reduce((shown, text) => shown.replaceAll(text, "•••"), segment))
    .join("/");
}

/** The path of a request to `path`, with its literal parts as in `shown`. */
export function requestPath(received: string, path: string, shown: string): string {
  if (path === shown) return received;
  const [literal, hidden] = [path.split("/"), shown.split("/")];
  return received
    .split("/")
    .map((segment, index) => (literal[index] === hidden[index] ? segment : (hidden[index] ?? segment)))
    .join("/");
}

/** The keys of `params`. */
export function paramNames(path: string): string[] {
  return path
    .split("/")
    .filter((segment) => segment === "*" || segment.startsWith(":"))
    .map((segment) => (segment === "*" ? "*" : segment.slice(1)));
}
