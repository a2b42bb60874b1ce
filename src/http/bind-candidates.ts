// The addresses to try when `listen` is not set: the one this config had last time, the default port, the
// next free one.

import { join } from "node:path";
import type { ListenAddress, Log } from "../contract.ts";
import { readStateFile, writeStateFile } from "../files/state-file.ts";
import { line } from "../text.ts";

const host = "127.0.0.1";
const defaultPort = 8_788;
const nextPorts = 20;

export interface ListenChoice {
  readonly addresses: readonly ListenAddress[];
  /**
   * Remembers the active address, once: senders were configured with it. When it is taken at one start,
   * another is used for that start only.
   */
  onBound(address: ListenAddress): void;
}

export async function chooseListen(
  listen: ListenAddress | undefined,
  stateFolder: string,
  log: Log,
): Promise<ListenChoice> {
  if (listen !== undefined) return { addresses: [listen], onBound: () => {} };
  const file = join(stateFolder, "listen.json");
  const last = portIn(await readStateFile(file));
  const ports = new Set([...(last === undefined ? [] : [last]), ...range(defaultPort, nextPorts), 0]);
  return {
    addresses: [...ports].map((port) => ({ host, port, loopback: true })),
    onBound(address) {
      if (!("port" in address) || last !== undefined) return;
      writeStateFile(file, `${JSON.stringify({ port: address.port })}\n`).catch((error: Error) => {
        log.warn(line`the port could not be stored: ${error.message}`);
      });
    },
  };
}

function portIn(state: unknown): number | undefined {
  const port = typeof state === "object" && state !== null && "port" in state ? state.port : undefined;
  return typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

function range(start: number, length: number): number[] {
  return Array.from({ length }, (_, index) => start + index);
}
