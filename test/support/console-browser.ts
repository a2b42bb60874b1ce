// A browser with the console open, without the browser: the protocol of its page on Node's WebCrypto.

import type { OutgoingHttpHeaders } from "node:http";
import type { ConsoleStream, StreamBatch, StreamHello } from "../../src/console/protocol.ts";
import { hello, keyOf, markOf, type Session, sign } from "./servers/webchat-browser.ts";

export { keyOf };

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly body: any;
}

export interface Followed {
  readonly hello: StreamHello[];
  readonly batches: (StreamBatch & { readonly id: string })[];
  readonly others: (keyof ConsoleStream)[];
  readonly lastId: string;
  readonly ended: Promise<void>;
  until(check: (followed: Followed) => boolean): Promise<void>;
  close(): void;
}

/** Overrides of a signed request, for those who try others. */
interface SignedAs {
  readonly name?: string;
  readonly method?: string;
  readonly path?: string;
  readonly body?: Uint8Array;
  readonly origin?: string;
  readonly scope?: "webchat" | "console";
  readonly session?: Session;
  readonly mark?: string;
  readonly count?: number;
}

const hangMs = 10_000;

/** `address`: of the console; `origin`: under which the browser sees it, where that is another one. */
export class ConsoleBrowser {
  readonly name: string;
  readonly address: string;
  readonly origin: string;
  readonly headers: OutgoingHttpHeaders;
  #mark: string | undefined;
  #session: Session | undefined;
  #count = 0;

  constructor(name: string, address: string, origin = address, headers: OutgoingHttpHeaders = {}) {
    this.name = name;
    this.address = address;
    this.origin = origin;
    this.headers = headers;
  }

  async mark(): Promise<string> {
    this.#mark ??= await markOf(`${this.address}/`);
    return this.#mark;
  }

  async session(): Promise<Session> {
    this.#session ??= await hello(this.address, "console");
    return this.#session;
  }

  forgetSession(): void {
    this.#session = undefined;
  }

  /** The header of one request. */
  async authorize(method: string, path: string, body: Uint8Array, as: SignedAs = {}): Promise<string> {
    this.#count += 1;
    const count = as.count ?? this.#count;
    return sign({
      ...(as.session ?? (await this.session())),
      name: as.name ?? this.name,
      origin: as.origin ?? this.origin,
      mark: as.mark ?? (await this.mark()),
      count,
      method: as.method ?? method,
      path: as.path ?? path,
      body: as.body ?? body,
      scope: as.scope ?? "console",
    });
  }

  async post(
    path: string,
    value: unknown,
    as: SignedAs = {},
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const body = Buffer.from(JSON.stringify(value));
    const authorization = await this.authorize("POST", path, body, as);
    return replyOf(
      await fetch(`${this.address}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization, ...headers },
        body,
      }),
    );
  }

  call(command: string, args: unknown = {}): Promise<Reply> {
    return this.post(`/api/${command}`, args);
  }

  enter(code: string): Promise<Reply> {
    return this.post("/enter", { code });
  }

  async follow(after?: string): Promise<Followed> {
    const path = after === undefined ? "/stream" : `/stream?after=${encodeURIComponent(after)}`;
    const closing = new AbortController();
    const authorization = await this.authorize("GET", path, new Uint8Array());
    const answer = await fetch(`${this.address}${path}`, {
      headers: { authorization },
      signal: closing.signal,
    });
    if (answer.status !== 200) throw new Error(`status ${answer.status}: ${await answer.text()}`);
    const waiting = new Set<() => void>();
    const followed = {
      hello: [] as StreamHello[],
      batches: [] as (StreamBatch & { readonly id: string })[],
      others: [] as (keyof ConsoleStream)[],
      lastId: "",
      ended: Promise.resolve(),
      close: () => closing.abort(),
      async until(check: (followed: Followed) => boolean) {
        const endMs = Date.now() + hangMs;
        while (!check(followed)) {
          if (Date.now() > endMs) throw new Error(`never so: ${JSON.stringify(followed.batches.slice(-3))}`);
          await new Promise<void>((resolve) => {
            waiting.add(resolve);
            setTimeout(resolve, 500).unref();
          });
        }
      },
    };
    followed.ended = (async () => {
      let text = "";
      for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += part;
        const events = text.split("\n\n");
        text = events.pop() ?? "";
        for (const event of events) take(event);
        for (const wake of waiting) wake();
        waiting.clear();
      }
    })().catch(() => undefined);

    function take(text: string): void {
      const [, , id, event, data] = /^(id: (\S+)\n)?event: (\w+)\ndata: (.*)$/.exec(text) ?? [];
      if (event === undefined || data === undefined) return;
      if (id !== undefined) followed.lastId = id;
      if (event === "hello") followed.hello.push(JSON.parse(data));
      else if (event === "batch") followed.batches.push({ id: id ?? "", ...JSON.parse(data) });
      else followed.others.push(event as keyof ConsoleStream);
    }
    return followed;
  }
}

export async function replyOf(answer: Response): Promise<Reply> {
  const text = await answer.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON.
  }
  return { status: answer.status, headers: answer.headers, body };
}
