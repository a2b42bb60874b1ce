// A router for the page alone: serves dist/console with the console's headers, proves itself, and answers what a test gives it.

import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PageFiles, pageHeaders } from "../../../src/console/assets.ts";
import type {
  ConsoleAnswer,
  ConsoleArgs,
  ConsoleCommand,
  ConsoleStream,
} from "../../../src/console/protocol.ts";
import { sampleAnswers, sampleChat } from "./sample-answers.ts";

const files = new PageFiles();
export type MockAnswers = {
  [C in ConsoleCommand]: (args: ConsoleArgs<C>) => ConsoleAnswer<C> | Promise<ConsoleAnswer<C>>;
};

/** Thrown by an answer of a test: the page gets this error. */
export class MockFault extends Error {
  readonly status: number;
  readonly body: object;

  constructor(status: number, code: string, message: string, hint?: string) {
    super(message);
    this.status = status;
    this.body = { error: { code, message, ...(hint === undefined ? {} : { hint }) } };
  }
}

export class MockRouter {
  answers: MockAnswers = sampleAnswers();
  /** A browser that is not known has to enter this code. */
  code = "KX7Q-2M4P";
  isKnown = true;
  hello: ConsoleStream["hello"] = {
    version: "0.1.0",
    config_file: "/home/ada/shop/channels.yaml",
    read_only: false,
    origin: "",
    started: new Date().toISOString(),
    resumed: false,
  };
  readonly calls: { readonly command: string; readonly args: unknown }[] = [];
  /** Of `GET /stream`, in order. */
  readonly streamPaths: string[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #server: Server;
  #batches = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        const fault = error instanceof MockFault ? error : new MockFault(500, "internal", String(error));
        sendJson(response, fault.status, fault.body);
      });
    });
  }

  static async start(port = 0): Promise<MockRouter> {
    const router = new MockRouter();
    await new Promise<void>((resolve) => router.#server.listen(port, "127.0.0.1", resolve));
    return router;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** To every open page. */
  send<E extends keyof ConsoleStream>(event: E, data: ConsoleStream[E]): void {
    if (event === "batch") this.#batches += 1;
    const id = event === "batch" ? `id: ${this.#batches}\n` : "";
    for (const response of this.#streams)
      response.write(`event: ${event}\n${id}data: ${JSON.stringify(data)}\n\n`);
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  dropStreams(): void {
    for (const response of this.#streams) response.destroy();
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    if (path === "/") {
      const mark = createHash("sha256").update("page").digest("base64url");
      const page = await files.page(mark);
      response.writeHead(200, { ...pageHeaders, "content-type": "text/html; charset=utf-8" }).end(page);
      return;
    }
    if (path.startsWith("/assets/")) {
      await files.answer(path.slice("/assets/".length), request, response);
      return;
    }
    const body = await read(request);
    if (path === "/hello") return sendJson(response, 200, this.#hello(body as { nonce: string }));
    if (
      !/^Browser k=[\w-]+,s=[\w.-]+,p=[\w.-]+,n=\d+,b=[\w-]{43},x=[\w-]{86}$/.test(
        request.headers.authorization ?? "",
      )
    )
      throw new MockFault(401, "signature", "the request is not signed");
    if (path === "/enter") return sendJson(response, 200, this.#enter(body as { code?: string }));
    if (!this.isKnown)
      throw new MockFault(401, "unknown_browser", "this browser is not known", "channel-router console");
    if (path.startsWith("/stream")) return this.#open(response, path);
    if (/^\/chat\/\w+\/stream$/.test(path)) return this.#openChat(response);
    const command = /^\/api\/(\w+)$/.exec(path)?.[1] as ConsoleCommand;
    if (!Object.hasOwn(this.answers, command)) throw new MockFault(404, "unknown_command", `no ${path}`);
    this.calls.push({ command, args: body });
    const answer = this.answers[command] as (args: unknown) => unknown;
    sendJson(response, 200, (await answer(body)) as object);
  }

  #hello({ nonce }: { nonce: string }): object {
    const session = ["0", nonce.slice(0, 40), nonce.slice(0, 20)].join(".");
    const text = ["channel-router console server", this.url, nonce, session].join("\n");
    return {
      server: spkiOf(this.#keys.publicKey).toString("base64url"),
      session,
      proof: sign("sha256", Buffer.from(text), {
        key: this.#keys.privateKey,
        dsaEncoding: "ieee-p1363",
      }).toString("base64url"),
    };
  }

  #enter({ code }: { code?: string }): object {
    if (code === undefined && !this.isKnown) throw new MockFault(401, "unknown_browser", "not known");
    if (code !== undefined && code !== this.code)
      throw new MockFault(
        401,
        "code",
        "This code is wrong, used or expired.",
        "channel-router console makes a new one.",
      );
    this.isKnown = true;
    return { browser: "0000-1111-2222-3333-4444", read_only: this.hello.read_only };
  }

  #openChat(response: ServerResponse): void {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    const history = { browser: "0000-1111-2222-3333-4444", known: true, sessions: 1, messages: sampleChat };
    response.write(`event: history\ndata: ${JSON.stringify(history)}\n\n`);
  }

  #open(response: ServerResponse, path: string): void {
    this.streamPaths.push(path);
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
    const hello = { ...this.hello, origin: this.url, resumed: path.includes("after=") };
    response.write(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`);
  }
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ format: "der", type: "spki" });
}

async function read(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === "" ? {} : JSON.parse(text);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
