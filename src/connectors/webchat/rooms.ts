// The messages of each browser: kept in the source's store, so that a reopened page shows them, and sent to
// every open page. A changed message is sent again under its id.

import type { PermissionPrompt } from "../../contract/chat.ts";
import type { Store } from "../../contract/host.ts";
import type { Json } from "../../contract.ts";

export interface RoomMessage {
  readonly id: string;
  readonly room: string;
  /** `router`: replies of the access check, and permission prompts. */
  readonly from: "you" | "claude" | "router";
  /** Without markup. */
  readonly text: string;
  /** The same with Claude's markup: a few tags, all text escaped. */
  readonly html?: string;
  readonly timeMs: number;
  /** Of a message of the user that became an event. */
  readonly eventId?: string;
  readonly replyTo?: string;
  readonly edited?: true;
  readonly files?: readonly RoomFile[];
  readonly reactions?: readonly string[];
  /** While it can be answered. */
  readonly prompt?: Pick<PermissionPrompt, "id" | "buttons">;
}

export interface RoomFile {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  /** In the state folder. */
  readonly path: string;
}

export interface Rooms {
  /** The stored messages, oldest first: none of a browser that was not approved. */
  of(browser: string): readonly RoomMessage[];
  /** With the messages that were shown to it since the start and are not stored. */
  seenBy(browser: string): readonly RoomMessage[];
  /** These, and open prompts: for a browser that was never approved, or no longer is. */
  passingBy(browser: string): readonly RoomMessage[];
  /** Includes an expected one. */
  find(browser: string, id: string): RoomMessage | undefined;
  /** A reaction may come before the message is stored: its event is delivered as soon as it is durable. */
  expect(browser: string, message: RoomMessage): ExpectedMessage;
  /** Settles when it is stored and shown. Rejects as the store does, and is not shown then. */
  put(browser: string, message: RoomMessage): Promise<void>;
  /**
   * The same for an existing or expected message: updates its current version. False when it does not exist.
   */
  change(browser: string, id: string, to: (before: RoomMessage) => RoomMessage): Promise<boolean>;
  /** Shown, and not kept beyond this process. */
  show(browser: string, message: RoomMessage): void;
}

export interface ExpectedMessage {
  /** As `put`, with the updates that were made in the meantime. */
  keep(): Promise<void>;
  forget(): void;
}

/** Number of browsers whose messages are kept; beyond that the longest inactive ones are removed. */
const maxBrowsers = 20;
const maxPassing = 10;
const maxPassingLength = 1_000;
/** Everything that Claude writes fits; of a long paste, the event has the rest. */
const maxKeptLength = 8_000;

interface RoomsOptions {
  readonly store: Store;
  /** Messages of one browser. */
  readonly limit: number;
  shown(browser: string, message: RoomMessage): void;
}

type Kept = { readonly n: number; readonly message: RoomMessage };

export function openRooms({ store, limit, shown }: RoomsOptions): Rooms {
  const browsers = new Map<string, Map<string, Kept>>();
  const passing = new Map<string, readonly RoomMessage[]>();
  const expected = new Map<string, RoomMessage>();
  let last = 0;
  let turn: Promise<unknown> = Promise.resolve();

  for (const [key, value] of store.entries()) {
    const [kind, browser = "", id = ""] = key.split("/");
    if (kind !== "said") continue;
    const kept = value as unknown as Kept;
    last = Math.max(last, kept.n);
    browserOf(browser).set(id, kept);
  }
  for (const [browser, messages] of browsers) {
    const sorted = [...messages].sort(([, a], [, b]) => a.n - b.n);
    browsers.set(browser, new Map(sorted));
  }

  function browserOf(browser: string): Map<string, Kept> {
    const messages = browsers.get(browser) ?? new Map<string, Kept>();
    browsers.set(browser, messages);
    return messages;
  }

  async function forgetOldest(browser: string): Promise<void> {
    const messages = browserOf(browser);
    for (const id of [...messages.keys()].slice(0, Math.max(0, messages.size - limit))) {
      messages.delete(id);
      await store.set(`said/${browser}/${id}`, null);
    }
    while (browsers.size > maxBrowsers) {
      const [silent] = [...browsers].sort(([, a], [, b]) => newest(a) - newest(b))[0] as [string, unknown];
      for (const id of browsers.get(silent)?.keys() ?? []) await store.set(`said/${silent}/${id}`, null);
      browsers.delete(silent);
    }
  }

  function find(browser: string, id: string): RoomMessage | undefined {
    return browsers.get(browser)?.get(id)?.message ?? expected.get(`${browser}/${id}`);
  }

  async function keep(browser: string, message: RoomMessage): Promise<void> {
    last += 1;
    const n = browsers.get(browser)?.get(message.id)?.n ?? last;
    const kept: Kept = { n, message: cut(message, maxKeptLength) };
    await store.set(`said/${browser}/${message.id}`, kept as unknown as Json);
    browserOf(browser).set(message.id, kept);
    shown(browser, message);
    await forgetOldest(browser);
  }

  /** Of two concurrent changes the second sees the first. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work, work);
    turn = done.catch(() => undefined);
    return done;
  }

  return {
    of: (browser) => [...(browsers.get(browser)?.values() ?? [])].map(({ message }) => message),
    seenBy: (browser) => [
      ...(passing.get(browser) ?? []),
      ...[...(browsers.get(browser)?.values() ?? [])].map(({ message }) => message),
    ],
    passingBy: (browser) => [
      ...(passing.get(browser) ?? []),
      ...[...(browsers.get(browser)?.values() ?? [])]
        .map(({ message }) => message)
        .filter(({ prompt }) => prompt !== undefined),
    ],
    find,
    expect(browser, message) {
      const key = `${browser}/${message.id}`;
      expected.set(key, message);
      return {
        keep: () =>
          inTurn(async () => {
            const isKept = browsers.get(browser)?.has(message.id) === true;
            if (!isKept) await keep(browser, expected.get(key) ?? message);
          }),
        forget: () => expected.delete(key),
      };
    },
    put: (browser, message) => inTurn(() => keep(browser, message)),
    change: (browser, id, to) =>
      inTurn(async () => {
        const before = find(browser, id);
        if (before === undefined) return false;
        const after = to(before);
        const key = `${browser}/${id}`;
        if (browsers.get(browser)?.has(id) === true) await keep(browser, after);
        else expected.set(key, after);
        return true;
      }),
    show(browser, message) {
      const before = passing.get(browser) ?? [];
      passing.delete(browser);
      passing.set(browser, [...before, cut(message, maxPassingLength)].slice(-maxPassing));
      for (const silent of [...passing.keys()].slice(0, -maxBrowsers)) passing.delete(silent);
      shown(browser, message);
    },
  };
}

function cut(message: RoomMessage, max: number): RoomMessage {
  if (message.text.length <= max) return message;
  return { ...message, text: `${message.text.slice(0, max).toWellFormed()}…` };
}

function newest(messages: ReadonlyMap<string, Kept>): number {
  return Math.max(0, ...[...messages.values()].map(({ n }) => n));
}
