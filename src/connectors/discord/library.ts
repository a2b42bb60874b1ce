// Discord's client libraries, which users install themselves: loaded when a source starts, and only then.

import { ConnectorError } from "../../errors.ts";

export type Library = Awaited<ReturnType<typeof load>>;

export async function loadLibrary(): Promise<Library> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new ConnectorError("E_LIBRARY", "the Discord client is not installed", {
      hint: "npm install -g @discordjs/core@2 @discordjs/rest@2 @discordjs/ws@2, beside channel-router",
      cause: error,
    });
  }
}

async function load() {
  const [core, { REST }, { WebSocketManager, WebSocketShardEvents }] = await Promise.all([
    import("@discordjs/core"),
    import("@discordjs/rest"),
    import("@discordjs/ws"),
  ]);
  return { core, REST, WebSocketManager, WebSocketShardEvents };
}
