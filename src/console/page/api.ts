// Commands of the console, typed by the protocol.

import type { ConsoleAnswer, ConsoleArgs, ConsoleCommand, EnterAnswer } from "../protocol.ts";
import { request } from "./keys/signed-request.ts";

/** Rejects with a Fault. */
export async function call<C extends ConsoleCommand>(
  command: C,
  args: ConsoleArgs<C>,
): Promise<ConsoleAnswer<C>> {
  const answer = await request("POST", `/api/${command}`, { body: args });
  return (await answer.json()) as ConsoleAnswer<C>;
}

/** With a one-time code, admits this browser; without, asks whether it is known. */
export async function enter(code?: string): Promise<EnterAnswer> {
  const answer = await request("POST", "/enter", { body: code === undefined ? {} : { code } });
  return (await answer.json()) as EnterAnswer;
}
