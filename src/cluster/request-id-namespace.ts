// Our own requests to a client carry the leader's term in their id, so that the answer to a request of an
// earlier leader is not taken for the answer to one of ours. The session sees its own ids only.

import type { RequestId } from "./protocol.ts";

export interface RequestIdNamespace {
  /** A line to the client, marked when it is a request of ours or cancels one. */
  out(line: Buffer): Buffer;
  /**
   * A line of the client with our own id restored; an empty one for the answer to an earlier leader's
   * request.
   */
  in(line: Buffer): Buffer;
}

interface Message {
  readonly id?: RequestId;
  readonly method?: string;
  readonly params?: { readonly requestId?: RequestId };
}

const prefix = "channel-router/e";

export function createRequestIdNamespace(term: number): RequestIdNamespace {
  // When working alone, several processes share term 0.
  const own = `${prefix}${term}.${process.pid}/`;
  const mark = (id: RequestId): string => `${own}${JSON.stringify(id)}`;

  return {
    out(line) {
      const isRequest = line.includes('"method"') && line.includes('"id"');
      const isCancelling = line.includes('"notifications/cancelled"') && line.includes('"requestId"');
      if (!isRequest && !isCancelling) return line;
      const message = JSON.parse(line.toString("utf8")) as Message;
      if (message.method === undefined) return line;
      if (message.id !== undefined) return asLine({ ...message, id: mark(message.id) });
      const { requestId } = message.params ?? {};
      if (!isCancelling || requestId === undefined) return line;
      return asLine({ ...message, params: { ...message.params, requestId: mark(requestId) } });
    },
    in(line) {
      if (!line.includes(prefix)) return line;
      const message = parse(line);
      if (typeof message?.id !== "string" || message.method !== undefined) return line;
      if (message.id.startsWith(own)) {
        return asLine({ ...message, id: JSON.parse(message.id.slice(own.length)) as RequestId });
      }
      return message.id.startsWith(prefix) ? Buffer.alloc(0) : line;
    },
  };
}

function parse(line: Buffer): Message | undefined {
  try {
    return JSON.parse(line.toString("utf8")) as Message;
  } catch {
    return undefined; // Not validated here: the session rejects it.
  }
}

function asLine(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message));
}
