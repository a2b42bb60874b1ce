// What programs may read with a token, which `channel-router console token` makes.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConsoleHost } from "./host.ts";
import type { Pairing } from "./pairing.ts";

interface ProgramVisit {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

type ProgramRoute = (visit: ProgramVisit, host: ConsoleHost) => Promise<void>;

/** By path. */
const routes: Readonly<Record<string, ProgramRoute>> = {};

/** True when it was answered. */
export async function answerProgram(
  path: string,
  visit: ProgramVisit,
  host: ConsoleHost,
  pairing: Pick<Pairing, "tokenOf">,
): Promise<boolean> {
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return false;
  const { ConsoleFailure } = await import("./failure.ts");
  if (pairing.tokenOf(visit.request.headers.authorization) === undefined)
    throw new ConsoleFailure(
      401,
      "unknown_browser",
      "this needs a token",
      "channel-router console token  makes one",
    );
  await route(visit, host);
  return true;
}
