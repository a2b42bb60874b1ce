// A command that only the console has: its arguments are checked by its own function.

import type { Args } from "../../control/arguments.ts";
import type { ConsoleHost, ConsoleSettings } from "../host.ts";
import type { Pairing } from "../pairing.ts";
import type { ConsoleAnswer, ConsoleCommand, SharedCommand } from "../protocol.ts";

export interface CommandCall {
  readonly host: ConsoleHost;
  readonly settings: ConsoleSettings;
  readonly pairing: Pairing;
  /** The id of the browser that asks. */
  readonly browser: string;
  /** Fires when it is gone. */
  readonly signal: AbortSignal;
}

type OwnCommand = Exclude<ConsoleCommand, SharedCommand>;

export type OwnCommands = {
  readonly [C in OwnCommand]?: (args: Args, call: CommandCall) => Promise<ConsoleAnswer<C>>;
};
