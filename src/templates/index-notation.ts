// Rewrites `items[0]`, `items.0` and `x.true` to Handlebars' `items.[0]`. Only inside `{{...}}`, never inside
// its strings and comments. Every insertion is recorded, so that an error is reported at its original offset.

export interface RewrittenTemplate {
  readonly text: string;
  /** Maps an offset in `text` to the original text. */
  originalOffset(offset: number): number;
}

const worthALook = /\[|\.(?:\d|true|false|null|undefined)/;
const shortComment = /\{\{~?![\s\S]*?\}\}/y;
const longComment = /\{\{~?!--[\s\S]*?--~?\}\}/y;
const token =
  /"(?:\\"|[^"])*"|'(?:\\'|[^'])*'|-?\d+(?:\.\d+)?(?=[~}\s)])|(?:\[(?:\\\]|[^\]])*\]|[^\s()=|~"'{}[\]])+|[\s\S]/y;
/** Where no bracket is closed any more. */
const tokenWithoutBrackets =
  /"(?:\\"|[^"])*"|'(?:\\'|[^'])*'|-?\d+(?:\.\d+)?(?=[~}\s)])|[^\s()=|~"'{}[\]]+|[\s\S]/y;
const pathPart = /\[(?:\\\]|[^\]])*\]|\.(?:\d+|true|false|null|undefined)(?=[./[]|$)/g;

export function rewriteIndexes(original: string): RewrittenTemplate {
  if (!worthALook.test(original)) return { text: original, originalOffset: (offset) => offset };

  // What is never closed would be searched to the end of the text from each of its beginnings.
  const lastBracket = original.lastIndexOf("]");
  const lastLongComment = Math.max(original.lastIndexOf("--}}"), original.lastIndexOf("--~}}"));
  const commentAt = (open: number): string | undefined => {
    const found = open < lastLongComment ? matchAt(longComment, original, open) : undefined;
    return found ?? matchAt(shortComment, original, open);
  };
  const insertions: number[] = [];
  let text = "";
  let from = 0;
  const copy = (piece: string, insertedAt?: number) => {
    if (insertedAt !== undefined) insertions.push(text.length + insertedAt);
    text += piece;
  };

  while (from < original.length) {
    const open = original.indexOf("{{", from);
    if (open === -1) break;
    text += original.slice(from, open);
    from = open;
    const escaped = original[open - 1] === "\\" && original[open - 2] !== "\\";
    const skipped = escaped ? "{{" : commentAt(open);
    if (skipped !== undefined) {
      text += skipped;
      from += skipped.length;
      continue;
    }
    while (from < original.length && !original.startsWith("}}", from)) {
      const pattern = from < lastBracket ? token : tokenWithoutBrackets;
      const piece = matchAt(pattern, original, from) as string;
      from += piece.length;
      if (/^["'\s]|^-?\d/.test(piece)) text += piece;
      else rewritePath(piece, copy);
    }
  }
  text += original.slice(from);

  return {
    text,
    originalOffset: (offset) => offset - insertions.filter((insertion) => insertion < offset).length,
  };
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function rewritePath(path: string, copy: (piece: string, insertedAt?: number) => void): void {
  let from = 0;
  for (const found of path.matchAll(pathPart)) {
    const at = found.index;
    copy(path.slice(from, at));
    const part = found[0];
    if (part.startsWith(".")) {
      copy(".[", 1);
      copy(`${part.slice(1)}]`, part.length - 1);
    } else if (at > 0 && path[at - 1] !== "." && path[at - 1] !== "/" && path[at - 1] !== "@") {
      copy(`.${part}`, 0);
    } else {
      copy(part);
    }
    from = at + part.length;
  }
  copy(path.slice(from));
}
