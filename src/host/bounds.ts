// The gates of a component whose recipe declares its capabilities. Whatever the component computes while it
// runs (the URL of a template, a redirect, the target of a link), it is checked here before anything happens.

import { realpath } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { Bounds } from "../contract/capabilities.ts";
import type { HttpClient, HttpRequest, LentHost, Listener, SpawnOptions } from "../contract/host.ts";
import { ConnectorError } from "../errors.ts";
import { sensitivityOf } from "../files/secret-names.ts";
import { hostOfUrl } from "../host-name.ts";
import {
  allowsHost,
  allowsRoute,
  type FileRule,
  fileRule,
  lacksTls,
  namedProgram,
  type PlannedBound,
  slashed,
  steeringVariables,
} from "../plan/bound.ts";
import { isWithin } from "../within.ts";

type Folders = Pick<LentHost, "folder" | "home">;

/** The parts of a host that reach outside, limited to what the recipe names. */
export function boundedHost<H extends LentHost>(host: H, bound: PlannedBound): H {
  const bounds = createBounds(bound, host);
  const spawn: LentHost["spawn"] = async (program) => {
    checkProgram(program, bound, host);
    return host.spawn(program);
  };
  return { ...host, http: boundedHttp(host.http, bound, bounds), spawn, bounds };
}

export function boundedListener(listener: Listener, bound: PlannedBound): Listener {
  return {
    get loopback() {
      return listener.loopback;
    },
    get hosts() {
      return listener.hosts;
    },
    get publicUrl() {
      return listener.publicUrl;
    },
    bodies: listener.bodies,
    address: () => listener.address(),
    route: async (route) => {
      if (!allowsRoute(bound, route.path)) throw refusal(bound, "listen on this path", "listen", "the path");
      return listener.route(route);
    },
  } as Listener;
}

export function createBounds(bound: PlannedBound, { folder, home }: Folders): Bounds {
  const rules = bound.files.map(fileRule);
  return {
    host(url) {
      if (allowsHost(bound, url)) return;
      const host = hostOfUrl(url);
      if (host !== undefined && lacksTls(bound, url))
        throw new ConnectorError(
          "E_CAPABILITY",
          `the recipe ${bound.recipe} may not send a secret to ${host} without TLS`,
          {
            hint: `nothing was done; only an entry http://${host} under secrets of its capabilities allows it`,
          },
        );
      throw refusal(bound, `connect to ${host ?? "this address"}`, "hosts", host ?? "its host");
    },
    async file(real) {
      if (sensitivityOf(real, { home }) === "secret")
        return `leads to ${real}, a file of credentials, which the recipe ${bound.recipe} may not use`;
      for (const rule of rules) {
        const base = await realBase(rule, folder);
        if (isWithin(real, base) && rule.contains(slashed(relative(base, real)))) return undefined;
      }
      return `leads to ${real}, which capabilities.files of the recipe ${bound.recipe} does not name`;
    },
  };
}

/**
 * The base without links above it. A link at the base itself, or inside the config's folder, is not followed:
 * a recipe names where files are, and no link says otherwise.
 */
async function realBase({ base }: FileRule, folder: string): Promise<string> {
  if (isWithin(base, folder)) return join(await realpath(folder), relative(folder, base));
  for (let above = dirname(base); ; above = dirname(above)) {
    const real = await realpath(above).catch(() => undefined);
    if (real !== undefined) return join(real, relative(above, base));
    if (dirname(above) === above) return base;
  }
}

function boundedHttp(http: HttpClient, bound: PlannedBound, { host }: Bounds): HttpClient {
  const check = ({ url, headers = {} }: Pick<HttpRequest, "url" | "headers">) => {
    host(url);
    // Behind one address there may be many hosts, of which this header would choose another.
    if (Object.keys(headers).some((name) => name.toLowerCase() === "host"))
      throw refusal(bound, "name another host in a header", "hosts", "the host");
  };
  return {
    request: async (request) => {
      check(request);
      return http.request({ ...request, mayReach: host });
    },
    webSocket: async (request) => {
      check(request);
      return http.webSocket(request);
    },
  };
}

function checkProgram({ command, cwd, env = {} }: SpawnOptions, bound: PlannedBound, folders: Folders): void {
  const [name = ""] = command;
  if (namedProgram(bound, name, cwd ?? folders.folder, folders) === undefined)
    throw refusal(bound, `run ${name}`, "commands", name);
  const [steering] = steeringVariables({ env });
  if (steering !== undefined)
    throw new ConnectorError(
      "E_CAPABILITY",
      `the recipe ${bound.recipe} may not set ${steering}: programs take code or settings from this variable`,
      { hint: "nothing was done" },
    );
}

function refusal(
  { recipe }: PlannedBound,
  act: string,
  list: "hosts" | "listen" | "commands",
  what: string,
): ConnectorError {
  return new ConnectorError(
    "E_CAPABILITY",
    `the recipe ${recipe} may not ${act}: capabilities.${list} does not name it`,
    { hint: `nothing was done; if it should, ${what} has to be under ${list} of the recipe's capabilities` },
  );
}
