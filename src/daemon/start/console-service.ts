// The console of a daemon: opened once, by the function that the caller who started the daemon passed.

import type { CommandHandler } from "../../cluster/calls.ts";
import { stackOf, text } from "../../text.ts";
import type { ConsoleServer, DaemonOptions, DaemonState } from "../state.ts";

export class ConsoleService {
  readonly #options: Pick<DaemonOptions, "openConsole" | "log">;
  readonly #commands: CommandHandler;
  #opening: Promise<ConsoleServer> | undefined;
  #opened: ConsoleServer | undefined;

  constructor(options: Pick<DaemonOptions, "openConsole" | "log">, commands: CommandHandler) {
    this.#options = options;
    this.#commands = commands;
  }

  opened(): ConsoleServer | undefined {
    return this.#opened;
  }

  /** Once it listens, or cannot. */
  async ready(): Promise<ConsoleServer | undefined> {
    return this.#opening;
  }

  /** Opens it, or lets it follow another config. */
  serve(state: DaemonState): void {
    const { openConsole, log } = this.#options;
    if (openConsole === undefined) return;
    const opening = (this.#opening ?? openConsole(state, this.#commands)).then(async (opened) => {
      this.#opened = opened;
      await opened.apply();
      return opened;
    });
    this.#opening = opening;
    opening.catch((error: unknown) => log.error(text`the console cannot be opened: ${stackOf(error)}`));
  }

  async close(deadline: AbortSignal): Promise<void> {
    // One that could not be opened was reported.
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.close(deadline);
  }
}
