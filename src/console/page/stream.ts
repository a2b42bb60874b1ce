// Reads server-sent events from an answer (WHATWG HTML, section 9.2). Not EventSource: that cannot sign its request.

export interface StreamPart {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

/** More than the router sends in one part. */
const maxBufferLength = 8 * 1024 * 1024;

/** `onBytes` is called for everything that arrives, comments that keep the connection alive included. */
export async function* readStream(answer: Response, onBytes: () => void): AsyncGenerator<StreamPart> {
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let buffer = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      onBytes();
      buffer += decoder.decode(value, { stream: true });
      if (buffer.length > maxBufferLength) throw new Error("a part of the stream is too long");
      const blocks = buffer.split("\n\n");
      buffer = blocks.pop() as string;
      for (const block of blocks) {
        const part = readBlock(block);
        if (part !== undefined) yield part;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function readBlock(block: string): StreamPart | undefined {
  let event = "message";
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const value = line.slice(colon + 1).replace(/^ /, "");
    const field = line.slice(0, colon);
    if (field === "event") event = value;
    else if (field === "id") id = value;
    else if (field === "data") data.push(value);
  }
  if (data.length === 0) return undefined;
  return { event, data: JSON.parse(data.join("\n")), ...(id === undefined ? {} : { id }) };
}
