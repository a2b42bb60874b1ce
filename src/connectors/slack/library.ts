// Slack's client libraries, which users install themselves: loaded only when a source starts.

import type { Host } from "../../contract/host.ts";
import { libraries } from "./packages.ts";

export type Library = Pick<typeof import("@slack/socket-mode"), "SocketModeClient"> &
  Pick<typeof import("@slack/web-api"), "WebClient">;
export type Web = InstanceType<Library["WebClient"]>;

export async function loadLibrary(host: Pick<Host, "load">): Promise<Library> {
  const [{ SocketModeClient }, { WebClient }] = (await host.load(libraries)) as [
    typeof import("@slack/socket-mode"),
    typeof import("@slack/web-api"),
  ];
  return { SocketModeClient, WebClient };
}

type Logger = NonNullable<NonNullable<ConstructorParameters<Library["WebClient"]>[1]>["logger"]>;

/** Theirs writes to stdout, which is reserved for the protocol. Important failures are reported as errors. */
export const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => "error" as ReturnType<Logger["getLevel"]>,
  setName: () => {},
};
