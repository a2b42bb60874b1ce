// Nothing here has a service worker. One that a browser has for this address was left by another program that
// used the port before: it would intercept every page here, forever. The browser checks for a newer version
// of it from time to time, and gets one that removes itself.

import type { IncomingMessage, ServerResponse } from "node:http";

const script = `self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.registration.unregister()));
`;

/** True when the request was answered. Only browsers set this header, and only for such a script. */
export function removesStrayWorker({ headers }: IncomingMessage, response: ServerResponse): boolean {
  if (headers["service-worker"] !== "script") return false;
  response.writeHead(200, {
    "content-type": "text/javascript",
    // Whatever scope the old one had.
    "service-worker-allowed": "/",
    "content-length": Buffer.byteLength(script),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(script);
  return true;
}
