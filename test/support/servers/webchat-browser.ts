// A browser with the page of a webchat source open, without the browser: the page's protocol as docs/connectors/webchat.md has it, on
// Node's WebCrypto, and what the page would show.

import { generateKeyPairSync, webcrypto } from "node:crypto";
import { get, type OutgoingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import type { PageScope } from "../../../src/browser/identity.ts";
import { browserOf } from "../../../src/browser/signed.ts";

export interface PageMessage {
  readonly id: string;
  readonly room: string;
  readonly from: "you" | "claude" | "router";
  readonly text: string;
  readonly html?: string;
  readonly reply_to?: string;
  readonly edited?: boolean;
  readonly files?: readonly { readonly id: string; readonly name: string; readonly bytes: number }[];
  readonly reactions?: readonly string[];
  readonly prompt?: {
    readonly id: string;
    readonly buttons: readonly { readonly button: string; readonly label: string }[];
  };
}

export interface Answered {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly body: any;
}

export interface Page {
  readonly id: string;
  readonly messages: ReadonlyMap<string, PageMessage>;
  readonly typing: readonly string[];
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answered>;
  upload(
    fields: Readonly<Record<string, string>>,
    files: Readonly<Record<string, string>>,
  ): Promise<Answered>;
  /** As fetched by this browser. */
  file(id: string): Promise<Response>;
  /** Presses a button under the prompt that is shown. */
  press(prompt: string, button: string): Promise<Answered>;
  close(): void;
}

const { subtle } = webcrypto;
const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const encode = (bytes: ArrayBuffer | Uint8Array) => Buffer.from(bytes as Uint8Array).toString("base64url");
const sha256 = async (bytes: Uint8Array) =>
  encode(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));

/** One key for each name, for as long as the tests run: it can be read out here, for those who try to use it elsewhere. */
const keys = new Map<string, { readonly pkcs8: Uint8Array; readonly spki: string }>();

export function keyOf(name: string) {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const made = {
    pkcs8: privateKey.export({ format: "der", type: "pkcs8" }),
    spki: publicKey.export({ format: "der", type: "spki" }).toString("base64url"),
  };
  keys.set(name, made);
  return made;
}

/** How access calls this browser, on the page at this address. */
export const idOf = (name: string, address: string) =>
  browserOf("webchat", keyOf(name).spki, new URL(address).origin);

const opened = {
  "sec-fetch-dest": "document",
  "sec-fetch-mode": "navigate",
  "sec-fetch-site": "none",
  "sec-fetch-user": "?1",
};

/** What a page was given when it was opened; not with `fetch`, which says of itself that it is a script. */
export async function markOf(address: string, headers: OutgoingHttpHeaders = opened): Promise<string> {
  const html = await new Promise<string>((resolve, reject) => {
    get(address, { headers }, (answer) => text(answer).then(resolve, reject)).on("error", reject);
  });
  const mark = /<meta name="page-mark" content="([^"]*)">/.exec(html)?.[1];
  if (mark === undefined) throw new Error(`no page is served at ${address}`);
  return mark;
}

export interface Session {
  readonly session: string;
  /** The router's fingerprint. */
  readonly server: string;
}

/** Asks who is there, and believes it only with a proof. */
export async function hello(address: string, scope: PageScope = "webchat"): Promise<Session> {
  const nonce = encode(webcrypto.getRandomValues(new Uint8Array(32)));
  const answer = await fetch(`${address}/hello`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ nonce }),
  });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { server, session, proof } = (await answer.json()) as Record<string, string>;
  const written = Buffer.from(server ?? "", "base64url");
  const known = await subtle.importKey("spki", written, ecdsa, false, ["verify"]);
  const proven = [`channel-router ${scope} server`, new URL(address).origin, nonce, session].join("\n");
  if (!(await subtle.verify(ecdsa, known, Buffer.from(proof ?? "", "base64url"), Buffer.from(proven))))
    throw new Error("the router did not prove itself");
  return { session: session ?? "", server: await sha256(written) };
}

export interface Signing extends Session {
  readonly name: string;
  readonly mark: string;
  readonly count: number;
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
  readonly origin: string;
  readonly scope?: PageScope;
}

/** The header of a signed request. */
export async function sign({
  name,
  origin,
  server,
  session,
  mark,
  count,
  method,
  path,
  body,
  scope = "webchat",
}: Signing): Promise<string> {
  const { pkcs8, spki } = keyOf(name);
  const key = await subtle.importKey("pkcs8", pkcs8 as Uint8Array<ArrayBuffer>, ecdsa, false, ["sign"]);
  const hash = await sha256(body);
  const signed = [
    `channel-router ${scope} request`,
    origin,
    server,
    session,
    mark,
    count,
    method,
    path,
    hash,
  ].join("\n");
  const signature = encode(await subtle.sign(ecdsa, key, Buffer.from(signed)));
  return `Browser k=${spki},s=${session},p=${mark},n=${count},b=${hash},x=${signature}`;
}

/** Comes back by itself when the connection ends, as the page does. `address`: of the page. */
export function openPage(name: string, address: string): Page {
  const messages = new Map<string, PageMessage>();
  const typing: string[] = [];
  const closing = new AbortController();
  const { origin, pathname } = new URL(address);
  let mark: string | undefined;
  let session: Session | undefined;
  let count = 0;

  function hear(text: string): void {
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text) ?? [];
    if (event === undefined || data === undefined) return;
    const value = JSON.parse(data);
    if (event === "typing") typing.push(value.room);
    if (event === "message") messages.set(value.id, value);
    if (event === "history") for (const message of value.messages) messages.set(message.id, message);
  }

  async function ask(
    method: "GET" | "POST",
    path: string,
    body: Uint8Array = new Uint8Array(),
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    for (let isFirst = true; ; isFirst = false) {
      mark ??= await markOf(address);
      session ??= await hello(address);
      const now = session;
      count += 1;
      const authorization = await sign({
        ...now,
        name,
        origin,
        mark,
        count,
        method,
        path: `${pathname}${path}`,
        body,
      });
      const answer = await fetch(`${address}${path}`, {
        method,
        headers: { authorization, ...headers },
        ...(method === "POST" ? { body: body as Uint8Array<ArrayBuffer> } : {}),
        ...(signal === undefined ? {} : { signal }),
      });
      if (answer.status !== 401 || !isFirst) return answer;
      const { error } = (await answer.clone().json()) as { error?: string };
      if (error !== "say hello first") return answer;
      if (session === now) session = undefined;
    }
  }

  async function listen(): Promise<void> {
    const answer = await ask("GET", "/stream", undefined, {}, closing.signal);
    let text = "";
    for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      const events = text.split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) hear(event);
    }
  }

  void (async () => {
    while (!closing.signal.aborted) {
      await listen().catch(() => undefined); // Nobody serves it now.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();

  const answered = async (answer: Response): Promise<Answered> => ({
    status: answer.status,
    body: await answer.json().catch(() => undefined),
  });

  async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    const bytes = Buffer.from(JSON.stringify(body));
    return answered(await ask("POST", path, bytes, { "content-type": "application/json", ...headers }));
  }

  /** What is shown of a prompt. */
  async function shownOf(prompt: string): Promise<string> {
    const parts = [...messages.values()].filter((message) => message.prompt?.id === prompt);
    return sha256(Buffer.from(parts.map(({ id, text, html = text }) => `${id}\n${html}`).join("\n\n")));
  }

  return {
    id: idOf(name, address),
    messages,
    typing,
    async post(path, body, headers) {
      const { text } = (body ?? {}) as { readonly text?: unknown };
      const code =
        typeof text === "string"
          ? /^\s*y(?:es)?\s+([a-z]{5})\s*$/i.exec(text)?.[1]?.toLowerCase()
          : undefined;
      const allowed = [...messages.values()].find(
        ({ prompt }) => code && prompt?.id.startsWith(code),
      )?.prompt;
      const more = allowed === undefined ? {} : { shown: await shownOf(allowed.id) };
      return post(path, Array.isArray(body) ? body : { ...(body as object), ...more }, headers);
    },
    async upload(fields, files) {
      const form = new FormData();
      for (const [key, value] of Object.entries(fields)) form.set(key, value);
      for (const [file, content] of Object.entries(files)) form.append("file", new File([content], file));
      const made = new Response(form);
      const headers = { "content-type": made.headers.get("content-type") ?? "" };
      return answered(await ask("POST", "/upload", new Uint8Array(await made.arrayBuffer()), headers));
    },
    file: (id) => ask("GET", `/files/${id}`),
    press: async (prompt, button) => post("/press", { prompt, button, shown: await shownOf(prompt) }),
    close: () => closing.abort(),
  };
}
