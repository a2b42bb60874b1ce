// Parses requests of a page within bounds: a message as JSON, or with files as a form.

import type { IncomingMessage } from "node:http";
import { hashOf } from "../../browser/signed.ts";
import type { Json, JsonObject } from "../../contract.ts";
import { Refusal } from "../../http/answer.ts";
import { type BodyOptions, readBody } from "../../http/body.ts";
import { parseMultipart } from "../../http/multipart.ts";
import { isObject } from "../../json.ts";

/** A message of the user. */
export interface WrittenMessage {
  /** The page's own id for it: a repeated id is the same message. */
  readonly id: string;
  readonly room: string;
  readonly text: string;
  readonly replyTo: string | undefined;
  /** The display name of the author. */
  readonly name: string | undefined;
  readonly files: readonly File[];
  /** With a text that allows something: the hash of what the page showed of it. See `shownHash`. */
  readonly shown: string | undefined;
}

type Reading = Pick<BodyOptions, "clock" | "pool">;

export const mainRoom = "main";
const maxTextBytes = 256 * 1024;
const maxFiles = 10;
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
const roomPattern = /^[a-z0-9][a-z0-9_-]{0,39}$/;

const otherBody = new Refusal(401, "this is not the body that was signed");

/** Undefined when the page is gone. `signedHash`: of a signed request. */
export async function readJson(
  request: IncomingMessage,
  reading: Reading,
  signedHash?: string,
): Promise<JsonObject | Refusal | undefined> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    return new Refusal(415, "send JSON, as application/json");
  const body = await readBody(request, { maxBytes: maxTextBytes, ...reading });
  if (body === undefined || body instanceof Refusal) return body;
  const isSigned = signedHash === undefined || hashOf(body.wire) === signedHash;
  body.lease.release();
  if (!isSigned) return otherBody;
  try {
    const value = JSON.parse(body.content.toString()) as Json;
    if (isObject(value)) return value;
  } catch {
    // Handled like JSON of another kind.
  }
  return new Refusal(400, "the body is not a JSON object");
}

export async function readForm(
  request: IncomingMessage,
  maxBytes: number,
  reading: Reading,
  signedHash: string,
): Promise<WrittenMessage | Refusal | undefined> {
  const type = request.headers["content-type"] ?? "";
  if (!/^multipart\/form-data\b/.test(type)) return new Refusal(415, "send a form, as multipart/form-data");
  // Read only for approved browsers.
  const body = await readBody(request, { maxBytes, isProven: true, ...reading });
  if (body === undefined || body instanceof Refusal) return body;
  const isSigned = hashOf(body.wire) === signedHash;
  const parts = isSigned ? parseMultipart(body.content, type) : undefined;
  const files = (parts ?? [])
    .filter(({ name, filename }) => name === "file" && filename !== undefined)
    // A copy of its own.
    .map(({ content, filename = "", type }) => new File([new Uint8Array(content)], filename, { type }));
  body.lease.release();
  if (!isSigned) return otherBody;
  if (parts === undefined) return new Refusal(400, "the form cannot be read");
  if (files.length === 0) return new Refusal(400, "missing file");
  if (files.length > maxFiles) return new Refusal(400, `at most ${maxFiles} files go with one message`);
  const fields = Object.fromEntries(
    parts
      .filter(({ filename }) => filename === undefined)
      .map(({ name, content }) => [name, content.toString()]),
  );
  return writtenOf(fields, files);
}

export function writtenOf(fields: JsonObject, files: readonly File[] = []): WrittenMessage | Refusal {
  const { id, text = "", room = mainRoom, reply_to: replyTo, name, shown } = fields;
  if (id === undefined || id === "") return new Refusal(400, "missing id");
  if (typeof id !== "string" || !idPattern.test(id))
    return new Refusal(400, "id must have 1 to 64 letters, digits, - and _");
  if (typeof text !== "string" || (text.trim() === "" && files.length === 0))
    return new Refusal(400, "missing text");
  if (typeof room !== "string" || !roomPattern.test(room))
    return new Refusal(400, "room must have 1 to 40 lower-case letters, digits, - and _");
  if (replyTo !== undefined && (typeof replyTo !== "string" || !idPattern.test(replyTo)))
    return new Refusal(400, "reply_to is not the id of a message");
  const called =
    typeof name === "string"
      ? name
          .replaceAll(/[\p{C}\s]+/gu, " ")
          .trim()
          .slice(0, 40)
      : "";
  return {
    id,
    room,
    text: text.trim(),
    replyTo,
    name: called === "" ? undefined : called,
    files,
    shown: typeof shown === "string" ? shown : undefined,
  };
}
