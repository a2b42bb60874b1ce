// Servers that do what Dovecot never does: messages that break the connection, no UIDNEXT, IDLE that is offered and does not work. The
// client library is replaced by one that behaves like it with such a server.

import { EventEmitter } from "node:events";
import { afterEach, expect, test } from "vitest";
import { imap } from "../../../src/connectors/imap/index.ts";
import type {
  FetchedMessage,
  FetchQuery,
  ImapClient,
  OpenedMailboxState,
  SearchQuery,
} from "../../../src/connectors/imap/library.ts";
import type { ImapOptions } from "../../../src/connectors/imap/options.ts";
import type { Arrival, JsonObject, Source } from "../../../src/contract.ts";
import { createMemoryCursors } from "../../../src/host/store.ts";
import { createListener } from "../../../src/http/server.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";

interface OddServer {
  readonly state: { uidNext?: number; exists: number; readOnly?: boolean };
  readonly uids: number[];
  /** What a request for these messages does; the usual answer without it. */
  onFetch?: (uids: readonly number[], query: FetchQuery, client: OddClient) => void;
  onIdle?: (client: OddClient) => Promise<unknown>;
  onNoop?: () => Promise<void>;
  readonly capabilities: string[];
  /** Of all connections. */
  readonly asked: string[];
  current?: OddClient;
}

class OddClient extends EventEmitter implements ImapClient {
  static server: OddServer;
  readonly #server = OddClient.server;
  readonly capabilities = new Map(this.#server.capabilities.map((name) => [name, true] as const));
  #isClosed = false;

  async connect() {
    this.#server.asked.push("connect");
    this.#server.current = this;
  }
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.emit("close");
  }
  async noop() {
    this.#server.asked.push("noop");
    await this.#server.onNoop?.();
  }
  idle() {
    this.#server.asked.push("idle");
    return this.#server.onIdle?.(this) ?? new Promise(() => undefined);
  }
  async list() {
    return [];
  }
  async mailboxOpen(): Promise<OpenedMailboxState> {
    return { uidValidity: 5n, ...this.#server.state };
  }
  async search({ uid }: SearchQuery) {
    // As servers do, `n:*` is never empty.
    const from = Number(uid.split(":")[0]);
    const found = this.#server.uids.filter((one) => one >= from);
    return found.length > 0 ? found : this.#server.uids.slice(-1);
  }
  async fetchAll(range: string, query: FetchQuery, { uid }: { uid: boolean }): Promise<FetchedMessage[]> {
    const { uids } = this.#server;
    const wanted = uid ? range.split(",").map(Number) : uids.slice(Number(range.split(":")[0]) - 1);
    this.#server.onFetch?.(wanted, query, this);
    if (this.#isClosed) throw Object.assign(new Error("Connection closed"), { code: "EConnectionClosed" });
    return wanted
      .filter((one) => uids.includes(one))
      .map((one) => ({
        uid: one,
        size: 40,
        internalDate: new Date(0),
        ...(query.source === undefined ? {} : { source: Buffer.from(`Subject: message ${one}\r\n\r\nbody`) }),
      }));
  }
  async messageFlagsAdd() {
    return true;
  }
}

const sources: Source[] = [];
afterEach(async () => {
  for (const source of sources.splice(0)) await source.stop(AbortSignal.abort());
});

async function run(server: OddServer, options: Partial<ImapOptions> = {}) {
  OddClient.server = server;
  const clock = manualClock();
  const told: string[] = [];
  const log = (said: string) => void told.push(said);
  const listener = createListener({ addresses: [], hosts: [], trusted: () => true, log: quiet });
  const host = {
    ...hostOf({
      clock,
      listener,
      cursors: createMemoryCursors(),
      log: { info: log, warn: log, error: log },
      announce: log,
    }),
    load: async () => [
      { ImapFlow: OddClient },
      {
        default: {
          parse: async (bytes: Uint8Array) => ({
            headers: [],
            subject: /Subject: (.*)\r/.exec(Buffer.from(bytes).toString())?.[1],
          }),
        },
      },
    ],
  };
  const source = imap.create(
    "tested",
    {
      host: "imap.example.com",
      tls: "implicit",
      user: "u",
      password: "p",
      mailbox: "INBOX",
      seen: "keep",
      everyMs: 60_000,
      idleMs: 300_000,
      timeoutMs: 30_000,
      maxMessageBytes: 65_536,
      ...options,
    },
    host,
  );
  sources.push(source);
  const arrivals: Arrival[] = [];
  await source.start(async (arrival) => {
    arrivals.push(arrival);
    return { eventId: "e", outcome: "accepted" };
  });
  /** In steps of a second; all else is settled in between. */
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      await clock.advance(1_000);
    }
  };
  await pass(1);
  return { source, arrivals, told, pass, host };
}

const serverWith = (uids: number[], more: Partial<OddServer> = {}): OddServer => ({
  state: { uidNext: (uids.at(-1) ?? 0) + 1, exists: uids.length },
  uids,
  capabilities: ["IDLE"],
  asked: [],
  ...more,
});
const arrive = (server: OddServer, ...uids: number[]) => {
  server.uids.push(...uids);
  server.state.exists = server.uids.length;
  server.state.uidNext = (uids.at(-1) ?? 0) + 1;
  server.current?.emit("exists");
};
const subjects = (arrivals: readonly Arrival[]) =>
  arrivals.map(({ data }) => (data as JsonObject).subject ?? (data as JsonObject).problem);

test("a message whose structure breaks the connection is read without it; one that always does is reported", async () => {
  const server = serverWith([1]);
  server.onFetch = (uids, query, client) => {
    if (query.source === undefined) return;
    if (uids.includes(4) && query.bodyStructure === true) client.close();
    if (uids.includes(6)) client.close();
  };
  const { arrivals, told, pass } = await run(server);
  arrive(server, 2, 3, 4, 5, 6, 7);
  await pass(300);
  expect(subjects(arrivals)).toEqual([
    ...["message 2", "message 3", "message 4", "message 5"],
    "the connection broke each time it was read",
    "message 7",
  ]);
  expect(told.filter((line) => line.includes("could not be read"))).toEqual([
    "source tested: message 6 in INBOX could not be read: the connection broke each time it was read",
  ]);
  arrive(server, 8);
  await pass(2);
  expect(subjects(arrivals).at(-1)).toBe("message 8");
});

test("a server without UIDNEXT works, also if nothing is new", async () => {
  const server = serverWith([3, 9]);
  delete server.state.uidNext;
  const { arrivals, pass } = await run(server);
  server.current?.emit("exists");
  await pass(2);
  expect(arrivals).toEqual([]);
  server.uids.push(12);
  server.current?.emit("exists");
  await pass(2);
  expect(subjects(arrivals)).toEqual(["message 12"]);
});

test("UIDs that restart under the same UIDVALIDITY are detected", async () => {
  const server = serverWith([100]);
  const { arrivals, told, pass, source } = await run(server);
  arrive(server, 101);
  await pass(15);
  server.uids.splice(0, server.uids.length, 1, 2);
  server.state.uidNext = 3;
  server.current?.close();
  await pass(5);
  expect(subjects(arrivals)).toEqual(["message 101", "message 1", "message 2"]);
  expect(told.at(-1)).toContain("new UIDs");
  expect(source.health?.().state).toBe("running");
});

test("if the server rejects IDLE or ends it immediately, it is polled", async () => {
  for (const result of [false, undefined]) {
    const server = serverWith([1], { onIdle: async () => result });
    const { source, arrivals, pass } = await run(server);
    await pass(30);
    expect(source.health?.().detail).toContain("(without IDLE)");
    const before = server.asked.length;
    await pass(120);
    expect(server.asked.length - before).toBeLessThanOrEqual(3);
    server.uids.push(2);
    await pass(61);
    expect(subjects(arrivals)).toEqual(["message 2"]);
  }
});

test("IDLE is renewed if the server ends it occasionally", async () => {
  const ends: (() => void)[] = [];
  const server = serverWith([1], {
    onIdle: () => new Promise((resolve) => ends.push(() => resolve(undefined))),
  });
  const { source, pass } = await run(server);
  for (let turn = 0; turn < 6; turn++) {
    await pass(20);
    ends.pop()?.();
    await pass(2);
  }
  expect(ends).toHaveLength(1);
  expect(source.health?.().detail).not.toContain("without IDLE");
});

test("seen: mark fails for a read-only mailbox", async () => {
  const server = serverWith([1]);
  server.state.readOnly = true;
  const { source } = await run(server, { seen: "mark" });
  expect(source.health?.()).toMatchObject({
    state: "waiting",
    detail: expect.stringContaining("read-only (use seen: keep)"),
  });
});

test("no request is sent after stop", async () => {
  const server = serverWith([1]);
  const { source, arrivals, pass } = await run(server);
  await source.stop(new AbortController().signal);
  const before = server.asked.length;
  arrive(server, 2);
  await pass(600);
  expect(arrivals).toEqual([]);
  expect(server.asked).toHaveLength(before);
});
