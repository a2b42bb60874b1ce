// Whether the HTTP server can have its port. Checks whether it is free by binding it for a moment.

import { createServer } from "node:net";
import { join } from "node:path";
import { stateFolder } from "../../config/paths.ts";
import type { ListenAddress } from "../../contract.ts";
import { printAddress } from "../../http/bind.ts";
import { chooseListen } from "../../http/bind-candidates.ts";
import { portHolder } from "../../http/port-holder.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";

const silentLog = { info: () => {}, warn: () => {}, error: () => {} };

export async function checkPort(
  patient: Pick<CheckInput, "env" | "config" | "status"> & { readonly router?: CheckInput["router"] },
): Promise<Finding | undefined> {
  const { proven } = patient.config;
  if (proven === undefined) return undefined;
  const status = answered(patient.status);
  if (status?.address !== undefined)
    return { name: "port", state: "ok", detail: `ours: ${status.address}, pid ${status.pid}` };

  const { listenAddress } = proven.loaded.values;
  const { addresses } = await chooseListen(
    listenAddress,
    stateFolder(patient.env, proven.loaded.file),
    silentLog,
  );
  const [wanted] = addresses as [ListenAddress];
  if ("unix" in wanted) return checkSocket(wanted.unix);
  if (wanted.port === 0)
    return { name: "port", state: "ok", detail: `listen asks for any free port of ${wanted.host}` };
  const where = printAddress(wanted);
  const failure = await tryBinding(wanted.host, wanted.port);
  if (failure === undefined) return { name: "port", state: "ok", detail: `${where} is free` };
  if (failure === "EADDRINUSE") {
    const holder = (await portHolder(wanted.port)) ?? "a process that cannot be named";
    if (patient.router !== undefined && holder.endsWith(`(pid ${patient.router.pid})`))
      return { name: "port", state: "ok", detail: `ours: ${where}, pid ${patient.router.pid}` };
    const isFixed = listenAddress !== undefined;
    return {
      name: "port",
      state: isFixed ? "fail" : "warn",
      detail: `${where} is held by ${holder}${isFixed ? "" : "; the next free port will be taken"}`,
      todo: isFixed
        ? 'stop that process, or choose another port: listen: "127.0.0.1:0" picks a free one'
        : "send to the address that channel-router status shows, or fix one with listen:",
    };
  }
  return {
    name: "port",
    state: "fail",
    detail: `${where} cannot be bound: ${failure}`,
    todo: "choose a port from 1024 up, and an address of this machine, in listen:",
  };
}

function checkSocket(path: string): Finding {
  const isLong = Buffer.byteLength(path) > 103;
  return isLong
    ? {
        name: "port",
        state: "fail",
        detail: `unix:${path} is longer than the system allows`,
        todo: `choose a shorter path, such as ${join("/tmp", "router.sock")}`,
      }
    : { name: "port", state: "ok", detail: `unix:${path}` };
}

/** The error's code, or undefined when it could be bound. */
function tryBinding(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
