// What Claude Code does with `notifications/claude/channel`: loses, ignores, rejects or shows it. The server is told nothing
// in any of these cases. Source of the rules: Claude Code's channels reference and users' reports on it.

import type { Params } from "./claude-wire.ts";

export interface ChannelEvent {
  readonly content: string;
  /** Without the keys that the client drops. */
  readonly meta: Readonly<Record<string, string>>;
  /** The block as the model sees it. */
  readonly text: string;
  /** `performance.now()` when the line was read. */
  readonly atMs: number;
}

export interface NotShown {
  readonly reason: string;
  readonly params: Params;
}

export interface Inbox {
  /** Shown to the model, in order. */
  readonly events: readonly ChannelEvent[];
  /** Came before the client's handler was registered. */
  readonly lost: readonly NotShown[];
  /** Came although the session does not listen to this server. */
  readonly ignored: readonly NotShown[];
  /** Malformed: the client drops the whole notification. */
  readonly rejected: readonly NotShown[];
  receive(params: Params): void;
  /** The handler is registered from now on. */
  open(): void;
  /** Settles with the first event that no earlier call has returned. */
  next(timeoutMs: number): Promise<ChannelEvent>;
  /** Settles with all events once there are `count` of them. */
  waitFor(count: number, timeoutMs: number): Promise<readonly ChannelEvent[]>;
}

/** @param deaf why this session ignores channel events, or undefined when it listens. */
export function createInbox(serverName: string, deaf: () => string | undefined): Inbox {
  const events: ChannelEvent[] = [];
  const lost: NotShown[] = [];
  const ignored: NotShown[] = [];
  const rejected: NotShown[] = [];
  const waiters = new Set<() => void>();
  let isOpen = false;
  let taken = 0;

  function waitFor(count: number, timeoutMs: number): Promise<readonly ChannelEvent[]> {
    if (events.length >= count) return Promise.resolve(events);
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (events.length < count) return;
        clearTimeout(timer);
        waiters.delete(check);
        resolve(events);
      };
      const timer = setTimeout(() => {
        waiters.delete(check);
        const others = `${lost.length} lost, ${ignored.length} ignored, ${rejected.length} rejected`;
        reject(new Error(`${events.length} of ${count} events after ${timeoutMs} ms (${others})`));
      }, timeoutMs);
      waiters.add(check);
    });
  }

  return {
    events,
    lost,
    ignored,
    rejected,
    waitFor,
    open() {
      isOpen = true;
    },
    receive(params) {
      const reason = deaf();
      if (reason !== undefined) {
        ignored.push({ reason, params });
        return;
      }
      if (!isOpen) {
        lost.push({ reason: "no handler was registered yet", params });
        return;
      }
      const problem = paramsProblem(params);
      if (problem !== undefined) {
        rejected.push({ reason: problem, params });
        return;
      }
      const content = params.content as string;
      const meta = Object.fromEntries(
        Object.entries((params.meta ?? {}) as Record<string, string>).filter(([key]) => isMetaKey(key)),
      );
      events.push({ content, meta, text: renderBlock(serverName, content, meta), atMs: performance.now() });
      for (const check of waiters) check();
    },
    async next(timeoutMs) {
      taken += 1;
      const index = taken - 1;
      return (await waitFor(taken, timeoutMs))[index]!;
    },
  };
}

/** The client puts neither content nor values through an escape: a server that lets tags through is seen to do so. */
export function renderBlock(source: string, content: string, meta: Readonly<Record<string, string>>): string {
  const attributes = Object.entries({ source, ...meta }).map(([key, value]) => ` ${key}="${value}"`);
  return `<channel${attributes.join("")}>\n${content}\n</channel>`;
}

function paramsProblem(params: Params): string | undefined {
  if (typeof params.content !== "string") return "content is not a text";
  const { meta } = params;
  if (meta === undefined) return undefined;
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) return "meta is not an object";
  const wrong = Object.entries(meta).find(([, value]) => typeof value !== "string");
  return wrong && `meta.${wrong[0]} is not a text`;
}

function isMetaKey(key: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key);
}
