// The access lists of all chats, and the changes to them.

import type { AccessRequest } from "../../protocol.ts";
import { announce } from "../announce.ts";
import { liveResult } from "../answers.ts";
import { call } from "../api.ts";

export const access = liveResult(() => call("access", { request: { do: "list" } }), ["prompt", "status"]);

export async function changeAccess(request: AccessRequest): Promise<void> {
  const { said } = await call("access", { request });
  announce(said === "" ? "Done." : said);
  await access.refresh();
}
