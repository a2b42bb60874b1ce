// A console that listens on a free port of this machine, over a host with nothing behind it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../src/clock.ts";
import type { ConsoleHost } from "../../src/console/host.ts";
import { ConsoleListener, type ListenerOptions } from "../../src/console/listener.ts";
import type { Clock, Json } from "../../src/contract.ts";
import { Observers } from "../../src/daemon/metrics/observers.ts";
import { createMask } from "../../src/host/secret-mask.ts";
import { createTraceRing } from "../../src/router/trace-ring.ts";
import { ConsoleBrowser } from "../support/console-browser.ts";

type Settings = NonNullable<ReturnType<ListenerOptions["settings"]>>;

export interface OpenedConsole {
  readonly listener: ConsoleListener;
  readonly host: ConsoleHost;
  readonly folder: string;
  readonly logged: string[];
  readonly commands: { command: string; args: Json }[];
  settings: Settings | undefined;
  address(): string;
  code(): Promise<string>;
  /** One that was let in. */
  browser(name?: string): Promise<ConsoleBrowser>;
}

interface OpenOptions {
  readonly settings?: Partial<Settings>;
  readonly folder?: string;
  readonly clock?: Clock;
  readonly secrets?: readonly string[];
  readonly isSuccessor?: boolean;
  answer?(command: string, args: Json): Promise<Json>;
}

const free = { host: "127.0.0.1", port: 0, loopback: true } as const;

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cr-console-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openConsole(options: OpenOptions = {}): Promise<OpenedConsole> {
  const { clock = systemClock, secrets = [], folder = newFolder(), answer } = options;
  const logged: string[] = [];
  const commands: { command: string; args: Json }[] = [];
  const note = (shown: string) => void logged.push(shown);
  const host: ConsoleHost = {
    log: { debug: note, info: note, warn: note, error: note } as unknown as ConsoleHost["log"],
    clock,
    folder,
    startedMs: clock.now(),
    file: () => join(folder, "channels.yaml"),
    async control(command, args) {
      commands.push({ command, args });
      return answer === undefined ? { command } : answer(command, args);
    },
    decisions: createTraceRing(1_000, clock),
    observers: new Observers(),
    mask: createMask(secrets),
    state: undefined,
  };
  const console: OpenedConsole = {
    host,
    folder,
    logged,
    commands,
    settings: {
      enabled: true,
      isRemote: false,
      readOnly: false,
      metrics: false,
      address: free,
      ...options.settings,
    },
    listener: new ConsoleListener({
      host,
      settings: () => console.settings,
      isSuccessor: options.isSuccessor ?? false,
      onListen: () => {},
    }),
    address: () => {
      const address = console.listener.address();
      if (address === undefined) throw new Error(`not served: ${console.listener.problem()}`);
      return address;
    },
    async code() {
      return (await console.listener.command({ do: "code" })).code ?? "";
    },
    async browser(name = "anna") {
      const browser = new ConsoleBrowser(name, console.address());
      const { status } = await browser.enter(await console.code());
      if (status !== 200) throw new Error(`not let in: ${status}`);
      return browser;
    },
  };
  onTestFinished(() => console.listener.close(AbortSignal.abort()));
  await console.listener.apply();
  return console;
}
