// The access lists of all chats, and the changes to them.

import type { AccessRequest, ConsoleAnswer } from "../../protocol.ts";
import { announce } from "../announce.ts";
import { liveResult } from "../answers.ts";
import { call } from "../api.ts";
import { faultOf } from "../keys/fault.ts";

export const access = liveResult(list, ["prompt", "status"]);

/** A config without chats has no lists, and the router says that as a fault. */
async function list(): Promise<ConsoleAnswer<"access">> {
  try {
    return await call("access", { request: { do: "list" } });
  } catch (error) {
    if (faultOf(error).code === "E_USAGE") return { said: "", sources: [] };
    throw error;
  }
}

export async function changeAccess(request: AccessRequest): Promise<void> {
  const { said } = await call("access", { request });
  announce(said === "" ? "Done." : said);
  await access.refresh();
}
