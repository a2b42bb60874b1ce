// Reads the events from which a recipe is written: from a running router, or from files with payloads or requests.

import { isUtf8 } from "node:buffer";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Json, RouterEvent } from "../../contract.ts";
import { UsageError } from "../../errors.ts";
import { asObject, isBounded, isObject, maxJsonDepth, readJson } from "../../json.ts";
import type { RecordedEvent } from "../../recipes/draft/draft-match.ts";
import { canDraft } from "../../recipes/draft/draft-source.ts";
import { readRegular } from "../../regular-file.ts";
import { recordedEvent } from "../commands/test.ts";
import type { CommandContext } from "../context.ts";
import { configFile } from "../find-router.ts";

export interface SourceEvent extends RecordedEvent {
  /** Its source in the config; undefined for an event from a file. */
  readonly source: string | undefined;
  /** The type of the source; `http` for a file. */
  readonly connector: string;
}

/** `written`: an event id, or a file. Rejects with a UsageError for anything else. */
export async function readRecording(
  written: string,
  { config }: { readonly config?: string },
  context: CommandContext,
): Promise<SourceEvent> {
  if (/^[a-z0-9]+$/.test(written) && !existsSync(resolve(context.cwd, written))) {
    const event = await recordedEvent(configFile(context, config), written, context);
    // A relay forwards webhooks: the recipe is for the webhook, however it arrived.
    const isRequest = event.connector === "http" || event.method !== undefined;
    if (!isRequest && !canDraft(event.connector))
      throw new UsageError("E_USAGE", `${written} is from a source of type ${event.connector}`, {
        hint: `the payloads do not say enough for such a recipe; start from a bundled one: channel-router recipes search ${event.connector}`,
      });
    return {
      ...payloadOf(event),
      headers: event.headers ?? {},
      source: event.source,
      connector: isRequest ? "http" : event.connector,
    };
  }
  return { ...(await readFilePayload(written, context)), source: undefined, connector: "http" };
}

/** JSON, a request with `headers` and `data`, a form, or any other text. */
async function readFilePayload(written: string, { cwd }: CommandContext): Promise<RecordedEvent> {
  const bytes = await readRegular(resolve(cwd, written)).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError("E_USAGE", `${written} is neither an event id nor a readable file: ${error.code}`);
  });
  if (!isUtf8(bytes)) throw new UsageError("E_USAGE", `${written} is not text in UTF-8`);
  const text = bytes.toString("utf8");
  let content: Json;
  try {
    content = readJson(text);
  } catch {
    return ofText(text.trimEnd(), written);
  }
  if (!isBounded(content))
    throw new UsageError("E_USAGE", `${written} is nested more than ${maxJsonDepth} levels deep`);
  // A request as a test sends it.
  const isRequest = isObject(content) && isObject(content.headers) && content.data !== undefined;
  const headers = isRequest ? textsOf(asObject((content as Record<string, Json>).headers)) : {};
  const data = isRequest ? ((content as Record<string, Json>).data as Json) : content;
  return { data, text: typeof data === "string" ? data : JSON.stringify(data), headers };
}

function ofText(text: string, file: string): RecordedEvent {
  if (/\.json$/.test(file) || text === "")
    throw new UsageError("E_USAGE", `${file} is ${text === "" ? "empty" : "not JSON"}`);
  // `a=1&b=two`, as a form is sent.
  if (/^[\w.[\]%-]+=[^\s&]*(?:&[\w.[\]%-]+=[^\s&]*)*$/.test(text)) {
    const data = Object.fromEntries(new URLSearchParams(text));
    return { data, text: JSON.stringify(data), headers: {} };
  }
  return { data: text, text, headers: { "content-type": "text/plain" } };
}

function payloadOf({ data, text }: RouterEvent): Pick<RecordedEvent, "data" | "text"> {
  return { data: isObject(data) || Array.isArray(data) ? data : text, text };
}

function textsOf(headers: Readonly<Record<string, Json>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}
