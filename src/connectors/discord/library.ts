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
  const [core, { REST, DefaultRestOptions }, { WebSocketManager, WebSocketShardEvents }] = await Promise.all([
    import("@discordjs/core"),
    import("@discordjs/rest"),
    import("@discordjs/ws"),
  ]);
  const { makeRequest } = DefaultRestOptions;
  /**
   * As the library asks, but a form goes as its bytes. All copies of undici in a process send through the one that was
   * loaded first, which may be another version than the library's and then cannot read a form.
   */
  const send: typeof makeRequest = async (url, init) => {
    if (!(init.body instanceof FormData)) return makeRequest(url, init);
    const form = new Response(init.body);
    const headers = { ...init.headers, "content-type": form.headers.get("content-type") as string };
    return makeRequest(url, { ...init, headers, body: new Uint8Array(await form.arrayBuffer()) });
  };
  return { core, REST, send, WebSocketManager, WebSocketShardEvents };
}
