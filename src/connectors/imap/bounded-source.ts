// Bounds the input of the MIME parser, which handles lines and addresses synchronously: a message with only line breaks, or with
// thousands of addresses in a header, would block the event loop.

/** A usual message has this many lines in 200 KiB. */
const maxLines = 2_500;
/** The limit for lines that may begin a part, which are the most expensive. */
const maxDashes = 300;
const dash = 0x2d;
/** The limit for a header with its continuation lines. */
const maxHeaderBytes = 4_096;
/** The limit for all headers. */
const maxHeaders = 400;

const lineFeed = 0x0a;

export interface BoundedSource {
  readonly bytes: Uint8Array;
  /** True if the body was cut. */
  readonly isCut: boolean;
}

/** The beginning of a message, with long headers cut and a limited number of lines. */
export function boundedSource(source: Uint8Array): BoundedSource {
  const kept: Uint8Array[] = [];
  let isHeader = true;
  let headers = 0;
  let headerBytes = 0;
  let lines = 0;
  let dashes = 0;
  for (let at = 0; at < source.length; ) {
    if (!isHeader && lines >= maxLines) return { bytes: Buffer.concat(kept), isCut: true };
    const end = source.indexOf(lineFeed, at);
    const next = end === -1 ? source.length : end + 1;
    const line = source.subarray(at, next);
    at = next;
    if (!isHeader) {
      lines += 1;
      if (line[0] === dash && line[1] === dash && ++dashes > maxDashes)
        return { bytes: Buffer.concat(kept), isCut: true };
      kept.push(line);
    } else if (isBlank(line)) {
      isHeader = false;
      kept.push(line);
    } else {
      const isContinued = line[0] === 0x20 || line[0] === 0x09;
      if (!isContinued) {
        headers += 1;
        headerBytes = 0;
      }
      headerBytes += line.length;
      if (headers > maxHeaders) continue;
      if (headerBytes <= maxHeaderBytes) kept.push(line);
      else if (!isContinued) kept.push(line.subarray(0, maxHeaderBytes), Buffer.from("\r\n"));
    }
  }
  return { bytes: Buffer.concat(kept), isCut: false };
}

function isBlank(line: Uint8Array): boolean {
  return line.length <= 2 && (line[0] === lineFeed || (line[0] === 0x0d && line[1] === lineFeed));
}
