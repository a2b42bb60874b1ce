// The Link header of an answer (RFC 8288 section 3).

/** The target of the first link with this relation, as it is written, perhaps relative; undefined when there is none. */
export function linkTarget(header: string | undefined, relation: string): string | undefined {
  // What is malformed can be looked through once for each of its characters.
  return parseLinks((header ?? "").slice(0, maxLength)).find(({ relations }) => relations.includes(relation))
    ?.target;
}

/** Of the header, in characters; links of pages take some hundred. */
const maxLength = 8_192;

interface Link {
  readonly target: string;
  /** In lower case. */
  readonly relations: readonly string[];
}

const start = /[\s,]*<([^<>]*)>/y;
/** A quoted string may hold any delimiter; a backslash in it escapes the next character. */
const parameter = /\s*;\s*(?:([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?)?/y;
const garbage = /[^,"<]*(?:"(?:[^"\\]|\\.)*"[^,"<]*)*/y;

/** What is malformed is skipped up to the next link. */
function parseLinks(header: string): Link[] {
  const links: Link[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at += found[0].length;
    return found;
  };
  while (at < header.length) {
    const target = match(start)?.[1];
    if (target === undefined) {
      match(garbage);
      at += 1;
      continue;
    }
    const parameters = new Map<string, string>();
    for (let found = match(parameter); found !== null; found = match(parameter)) {
      const [, name, quoted, plain = ""] = found;
      const key = name?.toLowerCase();
      // Section 3.3: of several `rel` parameters only the first counts.
      if (key !== undefined && !parameters.has(key))
        parameters.set(key, quoted?.replace(/\\(.)/g, "$1") ?? plain);
    }
    // A link with an anchor is about another resource than the answer.
    if (parameters.has("anchor")) continue;
    links.push({ target, relations: (parameters.get("rel") ?? "").toLowerCase().trim().split(/\s+/) });
  }
  return links;
}
