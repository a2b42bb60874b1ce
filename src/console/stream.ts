// `GET /stream`: the open pages, each with its place in the ring of live events. At most one batch in 100 ms, equal for
// all pages that are at the same place; a page that does not read gets nothing more, and is disconnected after a while.

import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { listEvents } from "../daemon/commands/event-list.ts";
import { statusReport } from "../daemon/status.ts";
import { maskAll } from "../host/secret-mask.ts";
import { eventStreamHeaders, eventText } from "../http/server-sent-events.ts";
import { version } from "../version.ts";
import { openPrompts } from "./commands/prompts.ts";
import type { ConsoleHost, ConsoleSettings } from "./host.ts";
import { followEvents } from "./live-feed.ts";
import { LiveRing } from "./live-ring.ts";
import type { LiveChange, LiveEvent, LiveState, StreamBatch, StreamHello } from "./protocol.ts";

interface OpenPage {
  readonly response: ServerResponse;
  readonly browser: string;
  /** The number of the next item of the ring; undefined until it has received what was before. */
  next: number | undefined;
  /** What was counted when it got its last batch. */
  events: number;
  counts: ReadonlyMap<string, number>;
  /** Events that it has already. */
  readonly known: Set<string>;
  lastEvent: string;
  /** Since when it has not read. */
  stuckSinceMs: number | undefined;
}

interface Batch {
  readonly text: string;
  readonly next: number;
  readonly lastEvent: string;
}

const batchEveryMs = 100;
const lookEveryMs = 1_000;
const aliveEveryMs = 25_000;
/** After the last page has gone: it may come back. */
const lingerMs = 60_000;
const stuckMs = 15_000;
const maxUnreadBytes = 256 * 1024;
const maxPages = 32;
const maxOfOneBrowser = 8;
const maxEvents = 200;
const maxChanges = 1_000;
/** After a change of the leader. */
const maxResumed = 1_000;

export class LiveStream {
  readonly #host: ConsoleHost;
  readonly #settings: () => ConsoleSettings;
  readonly #pages = new Map<ServerResponse, OpenPage>();
  readonly #ring = new LiveRing();
  /** Of this process: numbers of another one mean nothing here. */
  readonly #run = randomBytes(6).toString("hex");
  #unfollow: (() => void) | undefined;
  #cancelBatch: (() => void) | undefined;
  readonly #timers: Record<"look" | "alive" | "linger", () => void> = {
    look: () => {},
    alive: () => {},
    linger: () => {},
  };
  #last: Readonly<Record<string, string>> = {};

  constructor(host: ConsoleHost, settings: () => ConsoleSettings) {
    this.#host = host;
    this.#settings = settings;
  }

  /** False when too many pages are open. `after`: the id of the last batch that the page got. */
  async open(response: ServerResponse, browser: string, after: string | undefined): Promise<boolean> {
    if (response.destroyed) return true;
    const own = [...this.#pages.values()].filter((page) => page.browser === browser).length;
    if (this.#pages.size >= maxPages || own >= maxOfOneBrowser) return false;
    const page: OpenPage = {
      response,
      browser,
      next: undefined,
      events: 0,
      counts: new Map(),
      known: new Set(),
      lastEvent: "",
      stuckSinceMs: undefined,
    };
    this.#pages.set(response, page);
    response.on("close", () => this.#leave(response));
    this.#start();
    response.writeHead(200, eventStreamHeaders);
    await this.#begin(page, after);
    return true;
  }

  /** How many pages are open. */
  get count(): number {
    return this.#pages.size;
  }

  /** Of a browser that may no longer come in. */
  revoke(browser: string): void {
    for (const page of this.#pages.values()) if (page.browser === browser) page.response.destroy();
  }

  close(): void {
    for (const { response } of this.#pages.values()) response.end();
    this.#pages.clear();
    this.#stop();
  }

  #start(): void {
    this.#timers.linger();
    this.#unfollow ??= followEvents(this.#host, this.#ring, () => this.#wake());
    if (this.#pages.size > 1) return;
    this.#last = this.#signatures();
    this.#look();
    this.#keepAlive();
  }

  #leave(response: ServerResponse): void {
    if (!this.#pages.delete(response) || this.#pages.size > 0) return;
    this.#timers.look();
    this.#timers.alive();
    this.#timers.linger();
    this.#timers.linger = this.#host.clock.after(lingerMs, () => this.#stop());
  }

  #stop(): void {
    for (const cancel of Object.values(this.#timers)) cancel();
    this.#cancelBatch?.();
    this.#cancelBatch = undefined;
    this.#unfollow?.();
    this.#unfollow = undefined;
  }

  /** What the page missed, or the latest; from then on it follows the ring. */
  async #begin(page: OpenPage, after: string | undefined): Promise<void> {
    const [run = "", written = "", lastEvent = ""] = (after ?? "").split(".");
    const number = Number(written);
    page.lastEvent = /^[a-z0-9]{1,64}$/.test(lastEvent) ? lastEvent : "";
    const isHere = run === this.#run && Number.isSafeInteger(number) && number <= this.#ring.end;
    if (isHere && number >= this.#ring.start) {
      this.#hello(page, true);
      this.#follow(page, number);
      return;
    }
    // Watched before the list is read, so that no event is missed between the two.
    const from = this.#ring.end;
    const listed = await listEvents(
      { running: () => this.#host.state?.running(), decisions: this.#host.decisions },
      page.lastEvent === "" ? maxEvents : maxResumed,
    ).catch(() => []);
    const events = maskAll(listed, this.#host.mask) as unknown as LiveEvent[];
    const missed = events.filter(({ event_id }) => event_id > page.lastEvent);
    const resumed = page.lastEvent !== "" && (missed.length < events.length || events.length < maxResumed);
    this.#hello(page, resumed);
    const shown = resumed ? missed : events.slice(-maxEvents);
    // What has become meanwhile of those that the page has.
    const changes = resumed
      ? events.filter(({ event_id }) => event_id <= page.lastEvent).flatMap(stateOf)
      : [];
    for (let at = 0; at === 0 || at < shown.length; at += maxEvents) {
      const part = shown.slice(at, at + maxEvents);
      page.lastEvent = part.at(-1)?.event_id ?? page.lastEvent;
      const batch: StreamBatch = {
        events: part,
        changes: at === 0 ? changes.slice(-maxChanges) : [],
        counts: {},
        left_out: 0,
      };
      this.#write(page, eventText("batch", batch, this.#idOf(from, page.lastEvent)));
    }
    for (const { event_id } of events) page.known.add(event_id);
    this.#follow(page, from);
  }

  #follow(page: OpenPage, next: number): void {
    page.next = next;
    page.events = this.#ring.events - this.#eventsSince(next);
    page.counts = new Map(this.#ring.counts());
    if (next < this.#ring.end) this.#wake();
  }

  #eventsSince(next: number): number {
    let count = 0;
    for (let number = next; number < this.#ring.end; number += 1)
      if (this.#ring.at(number)?.kind === "event") count += 1;
    return count;
  }

  #hello(page: OpenPage, resumed: boolean): void {
    const { origin, address, readOnly } = this.#settings();
    const { host } = this.#host.state === undefined ? { host: "dev" } : { host: "daemon" };
    const hello: StreamHello = {
      version,
      config_file: this.#host.file(),
      read_only: readOnly,
      origin: origin ?? address,
      started: new Date(this.#host.startedMs).toISOString(),
      ...(host === "dev" ? { limited: true as const } : {}),
      resumed,
    };
    this.#write(page, eventText("hello", hello));
  }

  /** One batch, a moment from now. */
  #wake(): void {
    if (this.#pages.size === 0) return;
    this.#cancelBatch ??= this.#host.clock.after(batchEveryMs, () => {
      this.#cancelBatch = undefined;
      this.#send();
    });
  }

  #send(): void {
    const made = new Map<string, Batch>();
    let isMore = false;
    for (const page of this.#pages.values()) {
      if (page.next === undefined || page.next >= this.#ring.end) continue;
      if (!this.#reads(page)) {
        isMore = true;
        continue;
      }
      const key = page.known.size > 0 ? "" : `${page.next} ${page.events} ${page.lastEvent}`;
      const batch = (key === "" ? undefined : made.get(key)) ?? this.#batchFor(page, page.next);
      if (key !== "") made.set(key, batch);
      page.next = batch.next;
      page.lastEvent = batch.lastEvent;
      page.events = this.#ring.events;
      page.counts = new Map(this.#ring.counts());
      page.known.clear();
      this.#write(page, batch.text);
    }
    if (isMore) this.#wake();
  }

  /** Everything up to the end of the ring: what does not fit is counted. */
  #batchFor(page: OpenPage, from: number): Batch {
    const events: LiveEvent[] = [];
    const changes: LiveChange[] = [];
    let lastEvent = page.lastEvent;
    for (let number = Math.max(from, this.#ring.start); number < this.#ring.end; number += 1) {
      const item = this.#ring.at(number);
      if (item?.kind === "change") changes.push(item.change);
      else if (item?.kind === "event" && !page.known.has(item.event.event_id)) events.push(item.event);
    }
    for (const { event_id } of events) if (event_id > lastEvent) lastEvent = event_id;
    const shown = events.slice(-maxEvents);
    const total = this.#ring.events - page.events;
    const counts = Object.fromEntries(
      [...this.#ring.counts()].flatMap(([source, count]) => {
        const more = count - (page.counts.get(source) ?? 0);
        return more > 0 ? [[source, more] as const] : [];
      }),
    );
    const batch: StreamBatch = {
      events: shown,
      changes: changes.slice(-maxChanges),
      counts,
      left_out: Math.max(0, total - shown.length - page.known.size),
    };
    const next = this.#ring.end;
    return { text: eventText("batch", batch, this.#idOf(next, lastEvent)), next, lastEvent };
  }

  #idOf(next: number, lastEvent: string): string {
    return `${this.#run}.${next}.${lastEvent}`;
  }

  /** False while what was written before is unread. */
  #reads(page: OpenPage): boolean {
    const nowMs = this.#host.clock.now();
    if (page.response.writableLength <= maxUnreadBytes) {
      page.stuckSinceMs = undefined;
      return true;
    }
    page.stuckSinceMs ??= nowMs;
    if (nowMs - page.stuckSinceMs > stuckMs) page.response.destroy();
    return false;
  }

  #write({ response }: OpenPage, text: string): void {
    if (!response.destroyed && !response.writableEnded) response.write(text);
  }

  #keepAlive(): void {
    this.#timers.alive = this.#host.clock.after(aliveEveryMs, () => {
      for (const page of this.#pages.values()) if (this.#reads(page)) this.#write(page, ":\n\n");
      if (this.#pages.size > 0) this.#keepAlive();
    });
  }

  /** Says what has to be asked for again. */
  #look(): void {
    this.#timers.look = this.#host.clock.after(lookEveryMs, () => {
      if (this.#pages.size === 0) return;
      const now = this.#signatures();
      for (const name of ["status", "config", "prompt"] as const)
        if (now[name] !== this.#last[name])
          for (const page of this.#pages.values())
            if (this.#reads(page)) this.#write(page, eventText(name, {}));
      this.#last = now;
      this.#look();
    });
  }

  #signatures(): Readonly<Record<string, string>> {
    const { state } = this.#host;
    if (state === undefined) return {};
    const consent = state.trust.consent()?.digest() ?? "";
    return {
      status: JSON.stringify(statusReport(state)),
      config: `${state.verdict()?.timeMs ?? ""} ${state.config()?.issues.length ?? ""}`,
      prompt: `${consent} ${JSON.stringify(openPrompts(state).map(({ shown, session }) => [shown, session]))}`,
    };
  }
}

/** How far each of its deliveries is. */
function stateOf({ event_id, time, channels }: LiveEvent): LiveChange[] {
  return channels.flatMap(({ name, state, mark }): LiveChange[] => {
    const known = mark === undefined || mark === "accepted" ? state : mark;
    if (known === undefined || known === "done" || known === "accepted") return [];
    return [{ event_id, channel: name, time, state: known as LiveState }];
  });
}
