// The Link header of an answer (RFC 8288 section 3).

/** The target of the first link with this relation, as written, possibly relative; undefined without one. */
export function linkTarget(header: string | undefined, relation: string): string | undefined {
  // A malformed header can cost one scan per character.
  return parseLinks((header ?? "").slice(0, maxLength)).find(({ relations }) => relations.includes(relation))
    ?.target;
}

/** Maximum of the header, in characters; pagination links take some hundred. */
const maxLength = 8_192;

interface Link {
  readonly target: string;
  /** In lower case. */
  readonly relations: readonly string[];
}

const start = /[\s,]*<([^<>]*)>/y;
/** A quoted string may contain any delimiter; a backslash in it escapes the next character. */
const parameter = /\s*;\s*(?:([!#$%&'*+.^_`|~\w-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?)?/y;
const garbage = /[^,"<]*(?:"(?:[^"\\]|\\.)*"[^,"<]*)*/y;

/** A malformed part is skipped up to the next link. */
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
    // A link with an anchor describes another resource than the answer.
    if (parameters.has("anchor")) continue;
    links.push({ target, relations: (parameters.get("rel") ?? "").toLowerCase().trim().split(/\s+/) });
  }
  return links;
}
