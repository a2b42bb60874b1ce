// Discord's client libraries, which users install themselves: loaded only when a source starts.

import type { RESTOptions } from "@discordjs/rest";
import { ConnectorError } from "../../errors.ts";

export interface Library
  extends Pick<typeof import("@discordjs/rest"), "REST">,
    Pick<typeof import("@discordjs/ws"), "WebSocketManager" | "WebSocketShardEvents"> {
  readonly core: typeof import("@discordjs/core");
  /**
   * As the library expects, but a form is sent as bytes. All copies of undici in a process share the
   * dispatcher that was loaded first, which may be another version than the library's and then cannot read a
   * form.
   */
  readonly send: RESTOptions["makeRequest"];
}

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

async function load(): Promise<Library> {
  const [core, { REST, DefaultRestOptions }, { WebSocketManager, WebSocketShardEvents }] = await Promise.all([
    import("@discordjs/core"),
    import("@discordjs/rest"),
    import("@discordjs/ws"),
  ]);
  const { makeRequest } = DefaultRestOptions;
  const send: Library["send"] = async (url, init) => {
    if (!(init.body instanceof FormData)) return makeRequest(url, init);
    const form = new Response(init.body);
    const headers = { ...init.headers, "content-type": form.headers.get("content-type") as string };
    return makeRequest(url, { ...init, headers, body: new Uint8Array(await form.arrayBuffer()) });
  };
  return { core, REST, send, WebSocketManager, WebSocketShardEvents };
}
