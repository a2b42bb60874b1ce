// A browser with the page of a webchat source open, without the browser: the same requests, and what it would show.

import { browserOf } from "../../../src/connectors/webchat/source.ts";

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
  /** As fetched with the key of this browser. */
  file(id: string): Promise<Response>;
  close(): void;
}

export const keyOf = (name: string) => `${name}-`.padEnd(40, "0123456789");
export const idOf = (name: string) => browserOf(keyOf(name));

/** Comes back by itself when the connection ends, as the page does. `address`: of the page. */
export function openPage(name: string, address: string): Page {
  const authorization = `Bearer ${keyOf(name)}`;
  const messages = new Map<string, PageMessage>();
  const typing: string[] = [];
  const closing = new AbortController();

  function hear(text: string): void {
    const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text) ?? [];
    if (event === undefined || data === undefined) return;
    const value = JSON.parse(data);
    if (event === "typing") typing.push(value.room);
    if (event === "message") messages.set(value.id, value);
    if (event === "history") for (const message of value.messages) messages.set(message.id, message);
  }

  async function listen(): Promise<void> {
    const answer = await fetch(`${address}/stream`, { headers: { authorization }, signal: closing.signal });
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

  return {
    id: idOf(name),
    messages,
    typing,
    post: async (path, body, headers = {}) =>
      answered(
        await fetch(`${address}${path}`, {
          method: "POST",
          headers: { authorization, "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
        }),
      ),
    async upload(fields, files) {
      const form = new FormData();
      for (const [key, value] of Object.entries(fields)) form.set(key, value);
      for (const [file, content] of Object.entries(files)) form.append("file", new File([content], file));
      return answered(
        await fetch(`${address}/upload`, { method: "POST", headers: { authorization }, body: form }),
      );
    },
    file: (id) => fetch(`${address}/files/${id}`, { headers: { authorization } }),
    close: () => closing.abort(),
  };
}
