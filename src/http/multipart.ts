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
  const first = delimiter.subarray(2);
  if (!body.subarray(0, first.length).equals(first)) return undefined;

  const parts: FormPart[] = [];
  let at = first.length;
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
  const name = /;\s*name="([^"]*)"/i.exec(disposition)?.[1];
  if (name === undefined || !/^\s*form-data\s*;/i.test(disposition)) return undefined;
  const filename = /;\s*filename="([^"]*)"/i.exec(disposition)?.[1];
  return {
    name: unescaped(name),
    ...(filename === undefined ? {} : { filename: unescaped(filename) }),
    type: fieldOf("content-type")?.trim() ?? "",
    content,
  };
}

/** WHATWG HTML, "multipart/form-data encoding algorithm": only these three are escaped. */
function unescaped(text: string): string {
  return text.replaceAll("%0A", "\n").replaceAll("%0D", "\r").replaceAll("%22", '"');
}
