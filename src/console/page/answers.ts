// Answers of the router that pages show: asked once, again when the stream says that they have changed, and kept while the page is open.

import { effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { ConsoleAnswer, ConsoleCommand } from "../protocol.ts";
import { call } from "./api.ts";
import { connection, onStream } from "./connection.ts";
import { type Fault, faultOf } from "./keys/fault.ts";

export interface Answer<T> {
  readonly data?: T;
  readonly fault?: Fault;
  readonly isLoading: boolean;
}

/** `state` is filled at the first `open`; `refresh` asks again. */
export interface LiveAnswer<T> {
  readonly state: ReadonlySignal<Answer<T>>;
  /** For as long as a page shows it; returns the function that ends that. */
  open(): () => void;
  refresh(): Promise<void>;
}

/** Commands without arguments. */
type PlainCommand = "status" | "prompts" | "consent" | "browsers" | "config" | "overview" | "audit";

/** `changedBy`: parts of the stream that say so; `everyMs`: also asked this often. */
export function liveAnswer<C extends PlainCommand & ConsoleCommand>(
  command: C,
  changedBy: readonly ("status" | "config" | "prompt")[],
  everyMs?: number,
): LiveAnswer<ConsoleAnswer<C>> {
  return liveResult(() => call(command, {} as never), changedBy, everyMs);
}

export function liveResult<T>(
  load: () => Promise<T>,
  changedBy: readonly ("status" | "config" | "prompt")[],
  everyMs?: number,
): LiveAnswer<T> {
  const state = signal<Answer<T>>({ isLoading: true });
  let users = 0;
  let running: Promise<void> | undefined;
  let isStale = false;
  let ends: readonly (() => void)[] = [];

  async function loadOnce(): Promise<void> {
    try {
      state.value = { data: await load(), isLoading: false };
    } catch (error) {
      const { data } = state.peek();
      const fault = faultOf(error);
      state.value = { ...(data === undefined ? {} : { data }), fault, isLoading: false };
    }
  }

  /** One at a time; what is asked for meanwhile is asked once afterwards. */
  function refresh(): Promise<void> {
    if (running !== undefined) {
      isStale = true;
      return running;
    }
    running = loadOnce().finally(() => {
      running = undefined;
      if (!isStale) return;
      isStale = false;
      void refresh();
    });
    return running;
  }

  return {
    state,
    refresh,
    open() {
      users += 1;
      if (users === 1) {
        const all = changedBy.map((event) => onStream(event, () => void refresh()));
        all.push(effect(() => void (connection.value === "open" && untracked(refresh))));
        if (everyMs !== undefined) {
          const timer = setInterval(() => document.hidden || void refresh(), everyMs);
          all.push(() => clearInterval(timer));
        }
        ends = all;
      }
      return () => {
        users -= 1;
        if (users === 0) for (const end of ends) end();
      };
    },
  };
}
