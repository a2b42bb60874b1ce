// The structure of a message as described by the server: the attachments, which are not loaded, and the location of the text.

import type { BodyPart, ParsedMessage } from "./library.ts";
import { readableLine } from "./readable-line.ts";

export type Attachment = {
  name?: string;
  type: string;
  /** The approximate size in bytes, without encoding. */
  size?: number;
};

/** The limit; further attachments are ignored. */
const maxParts = 500;
const maxAttachments = 50;
const longest = { name: 200, type: 100 };

/** Depth first, without the parts of attached messages. */
function* leavesOf(structure: BodyPart): Generator<BodyPart> {
  const open = [structure];
  let count = 0;
  for (let part = open.pop(); part !== undefined && ++count <= maxParts; part = open.pop()) {
    const isMultipart = part.type?.startsWith("multipart/") ?? false;
    if (isMultipart) open.push(...[...(part.childNodes ?? [])].reverse());
    else yield part;
  }
}

function isText(part: BodyPart): boolean {
  return (part.type === "text/plain" || part.type === "text/html") && part.disposition !== "attachment";
}

export function attachmentsOf(structure: BodyPart): Attachment[] {
  const found: Attachment[] = [];
  for (const part of leavesOf(structure)) {
    if (isText(part) && nameOf(part) === undefined) continue;
    if (found.length >= maxAttachments) break;
    const { type, encoding, size } = part;
    found.push(
      attachment(
        nameOf(part),
        type,
        encoding === "base64" && size !== undefined ? Math.floor((size / 78) * 57) : size,
      ),
    );
  }
  return found;
}

/** For servers that could not describe the structure. Attachments beyond the part that was read are missing. */
export function attachmentsParsed({ attachments = [] }: ParsedMessage): Attachment[] {
  return attachments
    .slice(0, maxAttachments)
    .map(({ filename, mimeType }) => attachment(readableLine(filename, longest.name), mimeType, undefined));
}

function attachment(
  name: string | undefined,
  type: string | undefined,
  size: number | undefined,
): Attachment {
  return {
    ...(name === undefined ? {} : { name }),
    type: readableLine(type, longest.type) ?? "application/octet-stream",
    ...(size === undefined ? {} : { size }),
  };
}

function nameOf({ dispositionParameters, parameters }: BodyPart): string | undefined {
  return readableLine(dispositionParameters?.filename ?? parameters?.name, longest.name);
}

/** The part to read as text: the first plain one, else the first HTML one. */
export function textPart(structure: BodyPart): BodyPart | undefined {
  const texts = [...leavesOf(structure)].filter((part) => isText(part) && (part.size ?? 0) > 0);
  return texts.find(({ type }) => type === "text/plain") ?? texts[0];
}

const encodings: ReadonlySet<string> = new Set(["7bit", "8bit", "binary", "quoted-printable", "base64"]);

/** The header of a message with only this part. It contains only known words, and no text of the sender. */
export function headerFor({ type, encoding = "", parameters = {} }: BodyPart): string {
  const charset = /^[\w.:-]{1,40}$/.exec(parameters.charset ?? "")?.[0] ?? "utf-8";
  const flowed = parameters.format?.toLowerCase() === "flowed" ? "; format=flowed" : "";
  const delsp = parameters.delsp?.toLowerCase() === "yes" ? "; delsp=yes" : "";
  const kind = type === "text/html" ? "text/html" : "text/plain";
  const transfer = encodings.has(encoding) ? encoding : "8bit";
  return `Content-Type: ${kind}; charset=${charset}${flowed}${delsp}\r\nContent-Transfer-Encoding: ${transfer}\r\n\r\n`;
}
