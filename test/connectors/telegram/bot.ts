// A telegram source over the emulated Bot API, with everything that it is lent at hand.

import { onTestFinished } from "vitest";
import { telegram } from "../../../src/connectors/telegram/index.ts";
import type { TelegramOptions } from "../../../src/connectors/telegram/options.ts";
import type { AnsweredEvent, People } from "../../../src/contract/chat.ts";
import type { Arrival, Emit, Log, Source } from "../../../src/contract.ts";
import { type Cursors, createMemoryCursors } from "../../../src/host/store.ts";
import { createListener, type OpenListener } from "../../../src/http/server.ts";
import { hostOf, quiet } from "../../support/host.ts";
import { type ManualClock, manualClock } from "../../support/manual-clock.ts";
import { startTelegram, type TelegramServer, telegramToken } from "../../support/servers/telegram.ts";
import { accept } from "../conformance.ts";

export const ann = { id: 42, first_name: "Ann" };
export const bob = { id: 77, first_name: "Bob" };
export const team = { id: -1001, type: "supergroup", title: "Team" };

export interface BotTest {
  readonly server: TelegramServer;
  readonly source: Source & Required<Pick<Source, "reply" | "chat">>;
  readonly arrivals: Arrival[];
  readonly clock: ManualClock;
  readonly listener: OpenListener;
  readonly lines: readonly string[];
  readonly announced: readonly string[];
}

export interface BotTestOptions {
  readonly options?: Partial<TelegramOptions>;
  readonly server?: TelegramServer;
  readonly people?: People;
  readonly cursors?: Cursors;
  readonly publicUrl?: string;
  emit?(arrivals: Arrival[]): Emit;
}

export function cleanUp(step: () => Promise<unknown>): void {
  onTestFinished(async () => void (await step()));
}

export async function openTelegram(): Promise<TelegramServer> {
  const server = await startTelegram();
  cleanUp(() => server.close());
  return server;
}

export const defaults: Omit<TelegramOptions, "apiRoot"> = {
  token: telegramToken,
  access: { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] },
  edits: true,
  quote: "first",
  partLength: 4096,
};

export async function startBot(test: BotTestOptions = {}): Promise<BotTest> {
  const server = test.server ?? (await openTelegram());
  const clock = manualClock();
  const lines: string[] = [];
  const announced: string[] = [];
  const log: Log = { ...quiet, info: (line) => lines.push(line), warn: (line) => lines.push(line) };
  const listener = createListener({
    addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
    hosts: [],
    trusted: () => true,
    log: quiet,
    ...(test.publicUrl === undefined ? {} : { publicUrl: test.publicUrl }),
  });
  const host = hostOf({
    clock,
    listener,
    log,
    cursors: test.cursors ?? createMemoryCursors(),
    announce: (content) => announced.push(content),
    ...(test.people === undefined ? {} : { people: test.people }),
  });
  const source = telegram.create("phone", { ...defaults, apiRoot: server.root, ...test.options }, host);
  const arrivals: Arrival[] = [];
  cleanUp(async () => {
    await source.stop(AbortSignal.abort());
    await listener.close(AbortSignal.abort());
  });
  await source.start((test.emit ?? accept)(arrivals));
  return { server, source: source as BotTest["source"], arrivals, clock, listener, lines, announced };
}

export function eventOf(arrival: Arrival | undefined, id = "e1"): AnsweredEvent {
  if (arrival === undefined) throw new Error("nothing has arrived");
  return { id, ...arrival };
}
