// Requests that this browser signs: each is valid once, in one process of the router, for one method, path and body. Before the first
// one, the router proves that it has the key that this page knows it by.

import { bytesOf, decode, ecdsa, encode, hashOf, keyFor } from "./browser-key.ts";
import { Fault, faultOfAnswer } from "./fault.ts";

export interface RequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent in place of `body`, for files. */
  readonly form?: FormData;
  readonly signal?: AbortSignal;
}

interface RouterSession {
  readonly server: string;
  readonly session: string;
  count: number;
}

/** Proves that the router served this page; removed from the document, where other scripts could read it. */
const mark = takeMark();
let current: RouterSession | undefined;
let meeting: Promise<RouterSession> | undefined;

function takeMark(): string {
  const element = document.querySelector<HTMLMetaElement>("meta[name=page-mark]");
  element?.remove();
  return element?.content ?? "";
}

/** As fetch. Resolves with a successful answer, and rejects with a Fault. */
export async function request(
  method: "GET" | "POST",
  path: string,
  options: RequestOptions = {},
): Promise<Response> {
  await checkBrowser();
  const { type, body } = await bodyOf(options);
  const bodyHash = await hashOf(body);
  for (let isFirst = true; ; isFirst = false) {
    const session = await meet();
    const answer = await fetchOnce(path, {
      method,
      cache: "no-store",
      headers: {
        authorization: await sign(session, method, path, bodyHash),
        ...(method === "POST" ? { "content-type": type } : {}),
      },
      ...(method === "POST" ? { body } : {}),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    if (answer.ok) return answer;
    const fault = await faultOfAnswer(answer);
    if (fault.code !== "hello" || !isFirst) throw fault;
    if (current === session) current = undefined;
  }
}

/** Its bytes are known before it is sent: they are signed. */
async function bodyOf({
  body,
  form,
}: RequestOptions): Promise<{ type: string; body: Uint8Array<ArrayBuffer> }> {
  if (form === undefined)
    return {
      type: "application/json",
      body: body === undefined ? new Uint8Array() : bytesOf(JSON.stringify(body)),
    };
  const encoded = new Response(form);
  return {
    type: encoded.headers.get("content-type") ?? "multipart/form-data",
    body: new Uint8Array(await encoded.arrayBuffer()),
  };
}

async function fetchOnce(path: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    current = undefined;
    throw new Fault("offline", "The router does not answer.");
  }
}

async function sign(session: RouterSession, method: string, path: string, bodyHash: string): Promise<string> {
  const { server, session: id } = session;
  const key = await keyFor(server);
  // Its own, whatever other requests do while this one is being signed.
  session.count += 1;
  const { count } = session;
  const parts = ["channel-router console request", location.origin, server, id, mark, count];
  const text = [...parts, method, path, bodyHash].join("\n");
  const signature = await crypto.subtle.sign(ecdsa, key.pair.privateKey, bytesOf(text));
  return `Browser k=${key.written},s=${id},p=${mark},n=${count},b=${bodyHash},x=${encode(signature)}`;
}

/** One hello for all requests that wait for it. */
function meet(): Promise<RouterSession> {
  if (current !== undefined) return Promise.resolve(current);
  meeting ??= hello().finally(() => {
    meeting = undefined;
  });
  return meeting;
}

async function hello(): Promise<RouterSession> {
  const nonce = encode(crypto.getRandomValues(new Uint8Array(32)));
  const answer = await fetchOnce("/hello", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ nonce }),
  });
  if (!answer.ok) throw await faultOfAnswer(answer);
  const { server: written, session, proof } = (await answer.json()) as Record<string, string>;
  const bytes = decode(written ?? "");
  const known = await crypto.subtle.importKey("spki", bytes, ecdsa, false, ["verify"]);
  const text = ["channel-router console server", location.origin, nonce, session].join("\n");
  if (!(await crypto.subtle.verify(ecdsa, known, decode(proof ?? ""), bytesOf(text))))
    throw new Fault("unusable", "The program at this address did not prove that it is the router.");
  current = { server: await hashOf(bytes), session: session ?? "", count: 0 };
  return current;
}

let checked: Promise<void> | undefined;

function checkBrowser(): Promise<void> {
  checked ??= findProblem();
  return checked;
}

async function findProblem(): Promise<void> {
  if (!window.isSecureContext || crypto.subtle === undefined)
    throw new Fault(
      "unusable",
      "This browser makes no keys for this address.",
      "Open the address that channel-router console prints.",
    );
  await removeWorkers();
  if (mark === "")
    throw new Fault(
      "page",
      "This page was not opened by its address.",
      "Put the cursor into the address bar and press Enter.",
    );
}

/** A program that served this address before may have left a service worker, which would see all requests. */
async function removeWorkers(): Promise<void> {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return;
  const all = await serviceWorker.getRegistrations();
  if (all.length === 0 && serviceWorker.controller === null) return;
  for (const one of all) await one.unregister();
  throw new Fault(
    "unusable",
    "Another program has served this address and left a script behind. It has been removed.",
    "Reload the page.",
  );
}
