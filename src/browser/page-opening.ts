// Whether a page was opened by its user, or put into the browser by a script.

import type { IncomingMessage } from "node:http";

/**
 * Whether the user opened the page: typed its address, or used a bookmark or a link in another program.
 * Browsers report this in headers that no script can set; a script, or a service worker, that a previous
 * server of this address left in the browser cannot load the page undetected. Browsers that are too old to
 * send these headers have no such protection.
 */
export function isOpenedByPerson({ headers }: Pick<IncomingMessage, "headers">): boolean {
  const { "sec-fetch-dest": dest, "sec-fetch-mode": mode, "sec-fetch-site": site } = headers;
  if (headers["service-worker-navigation-preload"] !== undefined) return false;
  return (
    (dest === undefined || dest === "document") &&
    (mode === undefined || mode === "navigate") &&
    (site === undefined || site === "none")
  );
}
