// Where the console listens. Small, because every leader loads it: the console itself is loaded at the first request.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { join } from "node:path";
import type { CommandHandler } from "../cluster/calls.ts";
import { realPath } from "../config/paths.ts";
import type { ListenAddress, Log } from "../contract.ts";
import type { Args } from "../control/arguments.ts";
import { readText } from "../control/arguments.ts";
import type { ConsoleCommandAnswer } from "../control/protocol.ts";
import { answerProbe } from "../daemon/metrics/probes.ts";
import type { ConsoleServer, DaemonState } from "../daemon/state.ts";
import { ConnectorError, UsageError } from "../errors.ts";
import { readStateFile, writeStateFile } from "../files/state-file.ts";
import { printAddress } from "../http/bind.ts";
import { closeServer, createHttpServer } from "../http/bounded-server.ts";
import { createConnections } from "../http/connections.ts";
import { removesStrayWorker } from "../http/server.ts";
import type { PlannedConsole } from "../plan/console.ts";
import { line, stackOf, text } from "../text.ts";
import { pause } from "../waiting.ts";
import type { Console } from "./console.ts";
import type { ConsoleHost, ConsoleSettings } from "./host.ts";
import type { Pairing } from "./pairing.ts";
import { TokenHistory } from "./token-history.ts";

type TcpAddress = Extract<ListenAddress, { readonly host: string }>;
type Settings = Omit<PlannedConsole, "powers">;

interface Bound {
  readonly server: Server;
  readonly address: TcpAddress;
  /** As it was asked for; undefined for the usual one. */
  readonly asked: string | undefined;
}

const usualHost = "127.0.0.1";
const usualPort = 8_787;
/** Beyond the ports that http sources take by themselves. */
const nextPorts = [8_808, 8_809, 8_810, 0];
const maxConnections = 128;
const retryMs = 5_000;
/** The leader before may still be closing its own. */
const formerLeaderMs = 1_500;
const formerLeaderEveryMs = 100;

/** The console of a daemon. Binds nothing yet. */
export async function openConsole(state: DaemonState, control: CommandHandler): Promise<ConsoleServer> {
  const { log, folder, role } = state.options;
  const host: ConsoleHost = {
    log,
    clock: state.clock,
    folder,
    startedMs: state.startedMs,
    file: () => {
      const { file, tried } = state.found();
      return realPath(file ?? (tried[0] as string));
    },
    control,
    decisions: state.decisions,
    observers: state.observers,
    tokens: new TokenHistory(state.clock, state.observers),
    mask: state.mask,
    state,
  };
  return new ConsoleListener({
    host,
    settings: () => settingsOf(state),
    isSuccessor: role.term > 1,
    onListen: (address) => state.options.onLifecycle(line`console on ${address}`),
    probe: (request, response) => answerProbe(state, request, response),
  });
}

/** Undefined: none is to be served. What waits for consent is left out, and nothing else of the config decides then. */
function settingsOf(state: DaemonState): Settings | undefined {
  const last = state.config();
  const proven = state.running()?.config ?? (last?.issues.length === 0 ? last : undefined);
  if (proven === undefined) return undefined;
  const { powers, ...settings } = proven.plan.console;
  const consent = state.trust.consent();
  if (powers.every((power) => consent?.allows(power) === true)) return settings;
  const { enabled, readOnly } = settings;
  return { enabled, isRemote: false, readOnly, metrics: false };
}

export interface ListenerOptions {
  readonly host: ConsoleHost;
  settings(): Settings | undefined;
  /** Another process led before: its port may be free only in a moment. */
  readonly isSuccessor: boolean;
  onListen(address: string): void;
  /** Answers programs that watch this one; false for any other request. */
  probe?(request: IncomingMessage, response: ServerResponse): boolean;
}

export class ConsoleListener implements ConsoleServer {
  readonly #options: ListenerOptions;
  #bound: Bound | undefined;
  #settings: Settings | undefined;
  #problem: string | undefined;
  #turn: Promise<void> = Promise.resolve();
  #cancelRetry: () => void = () => {};
  #isClosed = false;
  #pairing: Promise<Pairing> | undefined;
  #console: Promise<Console> | undefined;
  #opened: Console | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  apply(): Promise<void> {
    this.#turn = this.#turn
      .then(() => this.#follow())
      .catch((error: unknown) => {
        this.#log.error(text`console: ${stackOf(error)}`);
      });
    return this.#turn;
  }

  address(): string | undefined {
    if (this.#bound === undefined) return undefined;
    return this.#settings?.origin ?? printAddress(this.#bound.address);
  }

  problem(): string | undefined {
    return this.#problem;
  }

  async command(args: Args): Promise<ConsoleCommandAnswer> {
    const action = readText(args, "do");
    const pairing = await this.#openPairing();
    const answer = async (said: string, more: Partial<ConsoleCommandAnswer> = {}) => {
      const address = this.address();
      return {
        said,
        ...(address === undefined ? {} : { address }),
        ...more,
        browsers: pairing.list().map(({ own: _, ...browser }) => browser),
      };
    };
    switch (action) {
      case "list":
        return answer("");
      case "revoke": {
        const id = readText(args, "id");
        await pairing.revoke(id);
        return answer(`${id} may no longer use the console`);
      }
      case "code": {
        const address = this.address();
        if (address === undefined) throw notServed(this.#problem);
        const code = pairing.createCode();
        return answer("valid once, for ten minutes", { code, url: `${address}/#enter=${code}` });
      }
      case "token": {
        const { id, token } = await pairing.createToken(
          args.name === undefined ? undefined : readText(args, "name"),
        );
        return answer(`${id}: this token is shown only now`, { token });
      }
    }
    throw new UsageError("E_USAGE", `the console does not know how to ${action.slice(0, 40)}`);
  }

  async close(deadline: AbortSignal): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry();
    this.#opened?.close();
    const bound = this.#bound;
    this.#bound = undefined;
    if (bound !== undefined) await closeServer(bound.server, deadline);
  }

  get #log(): Log {
    return this.#options.host.log;
  }

  /** Binds what the settings ask for now; the old address is closed when the new one is bound. */
  async #follow(): Promise<void> {
    this.#cancelRetry();
    if (this.#isClosed) return;
    const next = this.#options.settings();
    const old = this.#bound;
    this.#settings = next;
    this.#problem = undefined;
    if (next?.enabled !== true) {
      this.#bound = undefined;
      this.#opened?.close();
      if (old !== undefined) await closeServer(old.server, AbortSignal.timeout(200));
      return;
    }
    const asked = next.address === undefined ? undefined : printAddress(next.address);
    if (old !== undefined && old.asked === asked) return;
    const bound = await this.#bind(next.address, asked).catch((error: Error) => {
      this.#problem = error.message;
      this.#log.warn(line`the console is not served: ${error.message}`);
      this.#cancelRetry = this.#options.host.clock.after(retryMs, () => void this.apply());
      return undefined;
    });
    if (bound === undefined) return;
    // It was closed meanwhile.
    if (this.#isClosed) return closeServer(bound.server, AbortSignal.abort());
    this.#bound = bound;
    this.#options.onListen(this.address() ?? "");
    if (old !== undefined) {
      // Open pages come again at the new address.
      this.#opened?.close();
      await closeServer(old.server, AbortSignal.timeout(200));
    }
  }

  async #bind(address: TcpAddress | undefined, asked: string | undefined): Promise<Bound> {
    if (address !== undefined) {
      const bound = await this.#tryFor(address, this.#options.isSuccessor ? formerLeaderMs : 0);
      if (bound === undefined)
        throw new ConnectorError("E_LISTEN_IN_USE", `${printAddress(address)} is taken, or may not be used`);
      return { ...bound, asked };
    }
    const file = join(this.#options.host.folder, "console.json");
    const kept = portIn(await readStateFile(file));
    if (kept !== undefined) {
      const at = { host: usualHost, port: kept, loopback: true as const };
      const bound = await this.#tryFor(at, this.#options.isSuccessor ? formerLeaderMs : 0);
      if (bound !== undefined) return { ...bound, asked };
    }
    for (const port of [usualPort, ...nextPorts]) {
      if (port === kept) continue;
      const bound = await this.#tryFor({ host: usualHost, port, loopback: true }, 0);
      if (bound === undefined) continue;
      // Browsers keep their keys by address: where it is taken once, another one is used for this start only.
      if (kept === undefined)
        await writeStateFile(file, `${JSON.stringify({ port: bound.address.port })}\n`).catch(
          (error: Error) =>
            this.#log.warn(line`the port of the console could not be stored: ${error.message}`),
        );
      return { ...bound, asked };
    }
    throw new ConnectorError("E_LISTEN_IN_USE", "no port of this machine is free");
  }

  /** Undefined when it is taken, or may not be used. */
  async #tryFor(address: TcpAddress, forMs: number): Promise<Omit<Bound, "asked"> | undefined> {
    for (let passedMs = 0; ; passedMs += formerLeaderEveryMs) {
      const server = createHttpServer(
        (request, response) => void this.#serve(request, response),
        createConnections(maxConnections),
      );
      const port = await listen(server, address);
      if (port !== undefined) {
        server.on("error", (error: Error) => this.#log.error(line`console: ${error.message}`));
        return { server, address: { ...address, port } };
      }
      if (passedMs >= forMs || this.#isClosed) return undefined;
      await pause(this.#options.host.clock, formerLeaderEveryMs);
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (removesStrayWorker(request, response)) return;
    if (this.#options.probe?.(request, response)) return;
    try {
      const console = await this.#load();
      await console.handle(request, response);
    } catch (error) {
      this.#log.error(text`console: ${stackOf(error)}`);
      response.destroy();
    }
  }

  #load(): Promise<Console> {
    this.#console ??= Promise.all([import("./console.ts"), this.#openPairing()]).then(
      ([{ Console }, pairing]) => {
        this.#opened = new Console({
          host: this.#options.host,
          pairing,
          settings: () => this.#served(),
        });
        return this.#opened;
      },
    );
    this.#console.catch(() => {
      this.#console = undefined;
    });
    return this.#console;
  }

  #openPairing(): Promise<Pairing> {
    this.#pairing ??= import("./pairing.ts").then(({ Pairing }) =>
      Pairing.open({
        folder: this.#options.host.folder,
        clock: this.#options.host.clock,
        revoked: (id) => this.#opened?.revoke(id),
      }),
    );
    this.#pairing.catch(() => {
      this.#pairing = undefined;
    });
    return this.#pairing;
  }

  #served(): ConsoleSettings | undefined {
    if (this.#bound === undefined || this.#settings === undefined) return undefined;
    const { origin, readOnly } = this.#settings;
    return { address: printAddress(this.#bound.address), origin, readOnly };
  }
}

/** The port; undefined when the address cannot be bound. */
function listen(server: Server, { host, port }: TcpAddress): Promise<number | undefined> {
  return new Promise((resolve) => {
    const onError = () => resolve(undefined);
    server.once("error", onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", onError);
      const bound = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : port);
    });
  });
}

function portIn(state: unknown): number | undefined {
  const port = typeof state === "object" && state !== null && "port" in state ? state.port : undefined;
  return typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function notServed(problem: string | undefined): ConnectorError {
  return new ConnectorError(
    "E_CONTROL",
    `the console is not served${problem === undefined ? "" : `: ${problem}`}`,
    {
      hint: "see  console:  in the config; channel-router status says where it is served",
    },
  );
}
