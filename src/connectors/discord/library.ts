// Discord's client libraries, which users install themselves: loaded only when a source starts.

import type { RESTOptions } from "@discordjs/rest";
import type { Host } from "../../contract/host.ts";
import { libraries } from "./packages.ts";

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

export async function loadLibrary(host: Pick<Host, "load" | "bounds">): Promise<Library> {
  const [core, { REST, DefaultRestOptions }, { WebSocketManager, WebSocketShardEvents }] = (await host.load(
    libraries,
  )) as [typeof import("@discordjs/core"), typeof import("@discordjs/rest"), typeof import("@discordjs/ws")];
  const { makeRequest } = DefaultRestOptions;
  const send: Library["send"] = async (url, init) => {
    host.bounds?.host(url);
    if (!(init.body instanceof FormData)) return makeRequest(url, init);
    const form = new Response(init.body);
    const headers = { ...init.headers, "content-type": form.headers.get("content-type") as string };
    return makeRequest(url, { ...init, headers, body: new Uint8Array(await form.arrayBuffer()) });
  };
  return { core, REST, send, WebSocketManager, WebSocketShardEvents };
}
