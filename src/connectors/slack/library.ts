// Slack's client libraries, which users install themselves: loaded only when a source starts.

import { ConnectorError } from "../../errors.ts";

export type Library = Awaited<ReturnType<typeof load>>;
export type Web = InstanceType<Library["WebClient"]>;

export async function loadLibrary(): Promise<Library> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ConnectorError("E_LIBRARY", "the Slack client is not installed", {
      hint: "npm install -g @slack/socket-mode@3 @slack/web-api@8, beside channel-router",
      cause: error,
    });
  }
}

async function load() {
  const [{ SocketModeClient }, { WebClient }] = await Promise.all([
    import("@slack/socket-mode"),
    import("@slack/web-api"),
  ]);
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
