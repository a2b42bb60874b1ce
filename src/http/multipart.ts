// A form as browsers send it (RFC 7578), from a whole body. A body could hold a hundred thousand parts, each
// with its own objects, so the number is limited here: a page sends a handful.

export interface FormPart {
  readonly name: string;
  /** Present for a file. */
  readonly filename?: string;
  readonly type: string;
  /** A view of the body. */
  readonly content: Buffer;
}

const fewParts = 32;
const maxHeadBytes = 4_096;

/** Undefined for a body that is not a form, is truncated, or has too many parts. */
export function parseMultipart(
  body: Buffer,
  contentType: string,
  maxParts = fewParts,
): readonly FormPart[] | undefined {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  const begin = startOf(body, delimiter);
  if (begin === undefined) return undefined;

  const parts: FormPart[] = [];
  let at = begin;
  for (;;) {
    const after = body.toString("latin1", at, at + 2);
    if (after === "--") return parts;
    if (after !== "\r\n" || parts.length === maxParts) return undefined;
    const headEnd = body.subarray(at, at + maxHeadBytes).indexOf("\r\n\r\n");
    const end = body.indexOf(delimiter, at);
    if (headEnd === -1 || end === -1 || at + headEnd > end) return undefined;
    const part = partOf(body.toString("utf8", at + 2, at + headEnd), body.subarray(at + headEnd + 4, end));
    if (part === undefined) return undefined;
    parts.push(part);
    at = end + delimiter.length;
  }
}

/** Just after the first delimiter, before which there may be an empty line or a remark (RFC 2046 section 5.1.1). */
function startOf(body: Buffer, delimiter: Buffer): number | undefined {
  const first = delimiter.subarray(2);
  if (body.subarray(0, first.length).equals(first)) return first.length;
  const at = body.subarray(0, maxHeadBytes).indexOf(delimiter);
  return at === -1 ? undefined : at + delimiter.length;
}

/** RFC 2046 section 5.1.1. */
function boundaryOf(contentType: string): string | undefined {
  const found = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType.slice(0, 512),
  );
  return found?.[1] ?? found?.[2];
}

function partOf(head: string, content: Buffer): FormPart | undefined {
  const lines = head.split("\r\n");
  const fieldOf = (name: string) =>
    lines.find((line) => line.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1);
  const disposition = fieldOf("content-disposition") ?? "";
  const name = parameterOf(disposition, "name");
  if (name === undefined || !/^\s*form-data\s*;/i.test(disposition)) return undefined;
  const filename = encodedName(disposition) ?? parameterOf(disposition, "filename");
  return {
    name,
    ...(filename === undefined ? {} : { filename }),
    type: fieldOf("content-type")?.trim() ?? "",
    content,
  };
}

/** In quotes, as browsers write it, or a plain word. */
function parameterOf(disposition: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, "i").exec(disposition);
  const [, quoted, word] = found ?? [];
  // curl before 7.81 escapes a quote with a backslash; a browser's own backslashes are parts of paths.
  return quoted === undefined ? word : unescaped(quoted.replaceAll('\\"', '"'));
}

/** `filename*=UTF-8''na%C3%AFve.txt` (RFC 5987), which RFC 7578 forbids and Python's libraries send. */
function encodedName(disposition: string): string | undefined {
  const text = /;\s*filename\*=utf-8'[\w-]*'([^\s;"]+)/i.exec(disposition)?.[1];
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return text; // Not encoded, whatever it says.
  }
}

/** WHATWG HTML, "multipart/form-data encoding algorithm": only these three are escaped. */
function unescaped(text: string): string {
  return text.replaceAll("%0A", "\n").replaceAll("%0D", "\r").replaceAll("%22", '"');
}
