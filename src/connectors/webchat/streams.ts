// The open pages: each receives the messages of its rooms as server-sent events (WHATWG HTML, section 9.2). A
// page that does not read is disconnected; it reconnects by itself and gets the stored messages.

import type { ServerResponse } from "node:http";
import type { Clock, Json } from "../../contract.ts";
import { eventStreamHeaders, eventText } from "../../http/server-sent-events.ts";

export interface Streams {
  /** False when there are too many; unapproved browsers have a lower limit. `first` is sent immediately. */
  open(browser: string, response: ServerResponse, first: Json, isLetIn: boolean): boolean;
  send(browser: string, event: string, data: Json): void;
  /** To every page. */
  sendAll(event: string, data: Json): void;
  /** How many pages of this browser are open, or of all. */
  count(browser?: string): number;
  close(): void;
}

const maxStreams = 64;
/** Reserved for unapproved browsers: opening very many pages blocks no approved one. */
const maxStrangers = 16;
const maxOfOneBrowser = 8;
const aliveEveryMs = 25_000;
const maxUnreadBytes = 4 * 1024 * 1024;

export function createStreams(clock: Clock): Streams {
  const open = new Map<ServerResponse, string>();
  const strangers = new Set<ServerResponse>();
  let cancel = () => {};

  function write(response: ServerResponse, text: string): void {
    if (response.writableLength > maxUnreadBytes) response.destroy();
    else response.write(text);
  }

  function keepAlive(): void {
    cancel();
    cancel = clock.after(aliveEveryMs, () => {
      for (const response of open.keys()) write(response, ":\n\n");
      if (open.size > 0) keepAlive();
    });
  }

  const count = (browser?: string) =>
    browser === undefined ? open.size : [...open.values()].filter((one) => one === browser).length;

  return {
    count,
    open(browser, response, first, isLetIn) {
      // Closed before it was registered: its "close" has been emitted, and would never free its place.
      if (response.destroyed) return true;
      if (open.size >= maxStreams || count(browser) >= maxOfOneBrowser) return false;
      if (!isLetIn && strangers.size >= maxStrangers) return false;
      response.writeHead(200, eventStreamHeaders);
      open.set(response, browser);
      if (!isLetIn) strangers.add(response);
      response.on("close", () => {
        open.delete(response);
        strangers.delete(response);
      });
      write(response, eventText("history", first));
      keepAlive();
      return true;
    },
    send(browser, event, data) {
      const text = eventText(event, data);
      for (const [response, one] of open) if (one === browser) write(response, text);
    },
    sendAll(event, data) {
      const text = eventText(event, data);
      for (const response of open.keys()) write(response, text);
    },
    close() {
      cancel();
      for (const response of open.keys()) response.end();
      open.clear();
      strangers.clear();
    },
  };
}
