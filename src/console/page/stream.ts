// Reads server-sent events from an answer (WHATWG HTML, section 9.2). Not EventSource: that cannot sign its request.

import { createParser } from "eventsource-parser";

export interface StreamPart {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

/** More than the router sends in one part. */
const maxBufferLength = 8 * 1024 * 1024;
/** The router sends something at least every 25 seconds. */
const silentMs = 60_000;

/** `abort` is that of the request: it fires when nothing has arrived for a minute, not even a comment. */
export async function* readStream(answer: Response, abort: AbortController): AsyncGenerator<StreamPart> {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const parts: StreamPart[] = [];
  const parser = createParser({
    maxBufferSize: maxBufferLength,
    onEvent({ event = "message", id, data }) {
      parts.push({ event, data: JSON.parse(data), ...(id === undefined ? {} : { id }) });
    },
    onError(error) {
      throw error;
    },
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    for (;;) {
      clearTimeout(timer);
      timer = setTimeout(() => abort.abort(), silentMs);
      const { value, done } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* parts.splice(0);
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
}
