// The page's connection to the router: signing in, the stream, and connecting again after it was lost.

import { computed, signal } from "@preact/signals";
import type { ConsoleStream, StreamHello } from "../protocol.ts";
import { enter } from "./api.ts";
import { type Fault, faultOf } from "./keys/fault.ts";
import { request } from "./keys/signed-request.ts";
import { readStream, type StreamPart } from "./stream.ts";

/**
 * `unknown`: the router does not know this browser. `unusable`: this page cannot work, and does not try again.
 * `lost`: it tries again by itself.
 */
export type ConnectionState = "connecting" | "open" | "lost" | "unknown" | "unusable";

export const connection = signal<ConnectionState>("connecting");
export const fault = signal<Fault | undefined>(undefined);
export const hello = signal<StreamHello | undefined>(undefined);
/** When it tries again, in milliseconds of the epoch. */
export const nextTryMs = signal(0);
export const isReadOnly = computed(() => hello.value?.read_only === true);
/** True once the stream was open: what the pages show is worth keeping while the connection is lost. */
export const wasOpen = computed(() => hello.value !== undefined);

type Listener<E extends keyof ConsoleStream> = (data: ConsoleStream[E]) => void;
const listeners = new Map<string, Set<Listener<never>>>();

/** Returns the function that ends it. */
export function onStream<E extends keyof ConsoleStream>(event: E, listener: Listener<E>): () => void {
  const all = listeners.get(event) ?? new Set();
  listeners.set(event, all.add(listener as Listener<never>));
  return () => all.delete(listener as Listener<never>);
}

const unusableCodes = ["unusable", "page", "foreign"];
const firstDelayMs = 400;
const maxDelayMs = 8_000;

let lastId = "";
let delayMs = firstDelayMs;
let wake = () => {};
let abort = new AbortController();
/** The next wait ends at once. */
let isHurried = false;

/** Runs as long as the page is open. */
export async function connect(): Promise<never> {
  addEventListener("online", () => wake());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && wake());
  for (;;) {
    try {
      await follow();
      connection.value = "lost";
    } catch (error) {
      fault.value = faultOf(error);
      connection.value = stateOf(fault.value);
    }
    await waitForTry();
  }
}

/** Admits this browser. Rejects with a Fault when the code is not valid. */
export async function signIn(code: string): Promise<void> {
  await enter(code);
  tryNow();
}

export function tryNow(): void {
  delayMs = firstDelayMs;
  isHurried = true;
  abort.abort();
  wake();
}

function stateOf({ code }: Fault): ConnectionState {
  if (code === "unknown_browser") return "unknown";
  return unusableCodes.includes(code) ? "unusable" : "lost";
}

async function follow(): Promise<void> {
  abort = new AbortController();
  const path = lastId === "" ? "/stream" : `/stream?after=${encodeURIComponent(lastId)}`;
  const answer = await request("GET", path, { signal: abort.signal });
  for await (const part of readStream(answer, abort)) take(part);
}

function take({ event, id, data }: StreamPart): void {
  if (event === "hello") {
    hello.value = data as StreamHello;
    fault.value = undefined;
    connection.value = "open";
    delayMs = firstDelayMs;
  }
  if (id !== undefined) lastId = id;
  for (const listener of listeners.get(event) ?? []) (listener as (data: unknown) => void)(data);
}

async function waitForTry(): Promise<void> {
  if (!isHurried) await sleep();
  isHurried = false;
}

function sleep(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, connection.value === "unusable" ? 2 ** 30 : delayMs);
    nextTryMs.value = Date.now() + delayMs;
    delayMs = Math.min(maxDelayMs, delayMs * 2);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
