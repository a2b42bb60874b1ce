// The page of a source that has one, for a page that shows it as a part of itself: the console verifies who asks, and the source
// answers.

import type { IncomingMessage, ServerResponse } from "node:http";

/** A verified author of a request. */
export interface PageVisitor {
  /** The id of the browser, as access lists contain it. */
  readonly browser: string;
  /** Of the body that was signed: SHA-256 in base64url. It must be compared after reading. */
  readonly bodyHash: string;
}

export interface SourcePage {
  /**
   * `path`: without that of the page, such as `/messages`. Settles when the request was answered; what cannot be
   * accepted is answered as well: 404 for an unknown path, 503 for a source that has stopped.
   */
  serve(
    path: string,
    visitor: PageVisitor,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void>;
}
