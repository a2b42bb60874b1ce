// What a page sends, read within bounds: a message as JSON, or with files as a form.

import type { IncomingMessage } from "node:http";
import type { Clock, Json, JsonObject } from "../../contract.ts";
import { Refusal } from "../../requests/answer.ts";
import { readBody } from "../../requests/body.ts";

/** What somebody wrote. */
export interface Written {
  /** The page's own id for it: the same twice is one message. */
  readonly id: string;
  readonly room: string;
  readonly text: string;
  readonly replyTo: string | undefined;
  /** What whoever writes wants to be called. */
  readonly name: string | undefined;
  readonly files: readonly File[];
}

export const mainRoom = "main";
const maxTextBytes = 256 * 1024;
const maxFiles = 10;
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;
const roomPattern = /^[a-z0-9][a-z0-9_-]{0,39}$/;

/** Undefined when the page is gone. */
export async function readJson(
  request: IncomingMessage,
  clock: Pick<Clock, "after">,
): Promise<JsonObject | Refusal | undefined> {
  if (!/^application\/json\b/.test(request.headers["content-type"] ?? ""))
    return new Refusal(415, "send JSON, as application/json");
  const body = await readBody(request, maxTextBytes, clock);
  if (body === undefined || body instanceof Refusal) return body;
  try {
    const value = JSON.parse(body.content.toString()) as Json;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // The same as JSON of something else.
  }
  return new Refusal(400, "the body is no JSON object");
}

export async function readForm(
  request: IncomingMessage,
  maxBytes: number,
  clock: Pick<Clock, "after">,
): Promise<Written | Refusal | undefined> {
  const type = request.headers["content-type"] ?? "";
  if (!/^multipart\/form-data\b/.test(type)) return new Refusal(415, "send a form, as multipart/form-data");
  const body = await readBody(request, maxBytes, clock);
  if (body === undefined || body instanceof Refusal) return body;
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(body.content), { headers: { "content-type": type } }).formData();
  } catch {
    return new Refusal(400, "the form cannot be read");
  }
  const files = form.getAll("file").filter((file) => file instanceof File);
  if (files.length === 0) return new Refusal(400, "missing file");
  if (files.length > maxFiles) return new Refusal(400, `at most ${maxFiles} files go with one message`);
  const fields = Object.fromEntries([...form].filter(([, value]) => typeof value === "string"));
  return writtenOf(fields as JsonObject, files);
}

export function writtenOf(fields: JsonObject, files: readonly File[] = []): Written | Refusal {
  const { id, text = "", room = mainRoom, reply_to: replyTo, name } = fields;
  if (id === undefined || id === "") return new Refusal(400, "missing id");
  if (typeof id !== "string" || !idPattern.test(id))
    return new Refusal(400, "id takes 1 to 64 letters, digits, - and _");
  if (typeof text !== "string" || (text.trim() === "" && files.length === 0))
    return new Refusal(400, "missing text");
  if (typeof room !== "string" || !roomPattern.test(room))
    return new Refusal(400, "room takes 1 to 40 small letters, digits, - and _");
  if (replyTo !== undefined && (typeof replyTo !== "string" || !idPattern.test(replyTo)))
    return new Refusal(400, "reply_to is no id of a message");
  const called =
    typeof name === "string"
      ? name
          .replaceAll(/[\p{C}\s]+/gu, " ")
          .trim()
          .slice(0, 40)
      : "";
  return { id, room, text: text.trim(), replyTo, name: called === "" ? undefined : called, files };
}
