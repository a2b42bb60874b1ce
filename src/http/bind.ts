// Binds a server to an address, with a clear message for every way in which that fails.

import { chmod, lstat, unlink } from "node:fs/promises";
import { connect, type Server } from "node:net";
import type { ListenAddress } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { portHolder } from "./port-holder.ts";

/** Settles with the active address (port 0 is replaced by the assigned one). */
export async function bind(server: Server, address: ListenAddress): Promise<ListenAddress> {
  if ("unix" in address) await removeStaleSocket(address.unix);
  try {
    await listen(server, address);
  } catch (error) {
    throw await explain(error as NodeJS.ErrnoException, address);
  }
  if ("unix" in address) {
    await chmod(address.unix, 0o600);
    return address;
  }
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? { ...address, port: bound.port } : address;
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const bound = () => {
      server.off("error", reject);
      resolve();
    };
    if ("unix" in address) server.listen(address.unix, bound);
    else server.listen({ host: address.host, port: address.port, exclusive: true }, bound);
  });
}

/**
 * A socket file without a server is left over from a process that was killed. Only sockets are ever removed.
 */
async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (!found?.isSocket()) return;
  const refused = await new Promise<boolean>((resolve) => {
    const probe = connect(path, () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
  if (refused) await unlink(path);
}

async function explain(error: NodeJS.ErrnoException, address: ListenAddress): Promise<ConnectorError> {
  const where = printAddress(address);
  if (error.code === "EADDRINUSE" && "unix" in address) return pathTaken(error, address.unix);
  if (error.code === "EADDRINUSE") {
    const holder = "port" in address ? await portHolder(address.port) : undefined;
    return new ConnectorError(
      "E_LISTEN_IN_USE",
      `${where} is taken${holder === undefined ? "" : ` by ${holder}`}`,
      {
        hint: 'stop that process, or choose another port: listen: "127.0.0.1:0" picks a free one',
        retryable: true,
        cause: error,
      },
    );
  }
  if (error.code === "EACCES" || error.code === "EPERM") {
    return new ConnectorError("E_LISTEN_DENIED", `no permission to listen on ${where}`, {
      hint: "choose a port from 1024 up, or a folder that you own",
      cause: error,
    });
  }
  return new ConnectorError("E_LISTEN_DENIED", `cannot listen on ${where}: ${error.code ?? error.message}`, {
    hint: "check the address in listen:",
    cause: error,
  });
}

async function pathTaken(cause: Error, path: string): Promise<ConnectorError> {
  const found = await lstat(path).catch(() => undefined);
  const another = 'name another path: listen: "unix:/path/to/socket"';
  // Sockets without a process behind them were removed before.
  return found === undefined || found.isSocket()
    ? new ConnectorError("E_LISTEN_IN_USE", `another process serves the socket ${path}`, {
        hint: `stop that process, or ${another}`,
        retryable: true,
        cause,
      })
    : new ConnectorError("E_LISTEN_IN_USE", `${path} exists and is not a socket`, {
        hint: `remove it when it is not needed, or ${another}`,
        retryable: true,
        cause,
      });
}

/** `http://127.0.0.1:8788`, `http://[::1]:80`, `unix:/path`. */
export function printAddress(address: ListenAddress): string {
  if ("unix" in address) return `unix:${address.unix}`;
  return `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
