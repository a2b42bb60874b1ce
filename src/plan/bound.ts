// The walls around a component of a recipe that declares its capabilities: which hosts, routes, programs and
// files it may reach. Used when a config is checked, and again at each access while it runs.

import { relative, resolve, sep } from "node:path";
import type { Bound, Capabilities } from "../contract/capabilities.ts";
import type { Reach, ReachedProgram } from "../contract/power.ts";
import { compileGlob } from "../filters/glob.ts";
import { hostForms, hostOfUrl, isReadable, plainName, withoutTls } from "../host-name.ts";
import { isSteering } from "../interpreting-variables.ts";
import { absolute, type Folders, isWithin } from "../within.ts";

/** What one component may reach. Plain data: equal for two that may reach the same. */
export interface PlannedBound extends Pick<Capabilities, "recipe" | "listen" | "hosts" | "commands"> {
  /** Hosts, or with a dot at the beginning all names below it, that a platform itself names to its clients. */
  readonly platform: readonly string[];
  /** Absolute, with wildcards. */
  readonly files: readonly string[];
  /** It carries a secret: where others could read it on the way, only an entry with `http://` allows that. */
  readonly encrypted: boolean;
}

/** The destinations that a component reaches by its options decide where its secrets may go. */
export function planBound(
  bound: Bound,
  reaches: readonly Reach[],
  platform: readonly string[],
  folders: Folders,
): PlannedBound {
  const { recipe, listen, commands } = bound;
  // A webhook's secret checks callers, and is registered at the platform.
  const isSent = (path: readonly (string | number)[]) => !isVerify(path) || path[0] === "webhook";
  const inputs = new Set(bound.carried.flatMap(({ input, path }) => (isSent(path) ? [input] : [])));
  const encrypted = inputs.size > 0;
  // A host that may be reached, but not by a component that carries a secret for another one.
  const hosts = encrypted
    ? bound.hosts.flatMap((host) => {
        const name = plainName(host);
        const isAllowed = (one: string) => [...inputs].every((input) => mayReceive(bound, input, one));
        return isAllowed(withoutTls(name)) ? [withoutTls(name)] : isAllowed(name) ? [name] : [];
      })
    : bound.hosts;
  const isOnPlatform = reaches.some((reach) => reach.to === "host" && isPlatformRoot(reach.url, platform));
  return {
    recipe,
    listen,
    hosts: [...new Set(hosts)],
    commands,
    encrypted,
    platform: isOnPlatform ? platform : [],
    files: bound.files.map((file) => absolute(file, folders)),
  };
}

/** The API of the platform is at one of its own hosts, and not at a proxy. */
function isPlatformRoot(url: string, platform: readonly string[]): boolean {
  const host = hostOfUrl(url);
  return host !== undefined && platform.some((name) => isNamed(host, name));
}

function isNamed(host: string, name: string): boolean {
  return name.startsWith(".") ? host.endsWith(name) : host === name;
}

/** An option that checks callers: only who knows a path can call it. */
export function isVerify([first]: readonly (string | number)[]): boolean {
  return first === "verify" || first === "webhook" || first === "path";
}

export function secretDestinations({ secrets }: Pick<Bound, "secrets">, input: string): readonly string[] {
  return Object.hasOwn(secrets, input) ? (secrets[input] ?? []) : [];
}

/** Whether a secret may go to this host or program. What may be read on the way may also be encrypted. */
export function mayReceive(bound: Pick<Bound, "secrets">, input: string, destination: string): boolean {
  const allowed = secretDestinations(bound, input);
  return allowed.includes(destination) || allowed.includes(withoutTls(destination));
}

export function allowsHost(
  bound: Pick<Bound, "hosts"> & Partial<Pick<PlannedBound, "platform" | "encrypted">>,
  url: string,
): boolean {
  if (lacksTls(bound, url)) return false;
  const host = hostOfUrl(url);
  if (host === undefined) return false;
  const { platform = [] } = bound;
  return namedHost(bound, url) !== undefined || platform.some((name) => isNamed(host, name));
}

/** Whether a secret would be readable on its way to this URL, which no entry allows. */
export function lacksTls(
  { hosts, encrypted = false }: Pick<Bound, "hosts"> & Partial<Pick<PlannedBound, "encrypted">>,
  url: string,
): boolean {
  if (!encrypted || !isReadable(url)) return false;
  const forms = hostForms(url);
  return !hosts.some((one) => one !== plainName(one) && forms.includes(plainName(one)));
}

/** The host of this URL, as the entry names it that allows it. */
export function namedHost({ hosts }: Pick<Bound, "hosts">, url: string): string | undefined {
  const forms = hostForms(url);
  return hosts.map(plainName).find((host) => forms.includes(host));
}

/** A path covers those below it: a page has several routes. */
export function allowsRoute({ listen }: Pick<Bound, "listen">, path: string): boolean {
  const route = routeForm(path);
  return listen.map(routeForm).some((one) => route === one || (one !== "/" && route.startsWith(`${one}/`)));
}

/** Names of parameters and a slash at the end make no difference. */
function routeForm(path: string): string {
  return path.replace(/:[A-Za-z0-9_]+/g, ":").replace(/(.)\/$/, "$1");
}

/** The entry that names this program. A path is compared as what it leads to; any other name as it is. */
export function namedProgram(
  { commands }: Pick<Bound, "commands">,
  name: string,
  cwd: string,
  folders: Folders,
): string | undefined {
  const isPath = (text: string) => /[\\/]/.test(text);
  if (!isPath(name)) return commands.find((one) => one === name);
  const program = resolve(cwd, name);
  return commands.find((one) => isPath(one) && absolute(one, folders) === program);
}

/** Variables that decide which program a name is, what code it runs, or which settings it reads. */
export function steeringVariables({ env = {} }: Partial<Pick<ReachedProgram, "env">>): readonly string[] {
  return Object.keys(env).filter(isSteering);
}

export interface FileRule {
  /** No file that it covers is outside of it. Absolute. */
  readonly base: string;
  /** Whether the pattern covers everything that another pattern, absolute, can match. */
  covers(pattern: string): boolean;
  /** Whether it covers a file at this path below the base, with slashes; the base itself is "". */
  contains(below: string): boolean;
}

const wildcard = /[*?[{\\]/;

/** `pattern`: absolute, with wildcards. */
export function fileRule(pattern: string): FileRule {
  const base = baseOf(pattern);
  if (base === pattern)
    return {
      base,
      covers: (other) => isWithin(baseOf(other), base),
      contains: () => true,
    };
  const rest = pattern.slice(base.length).replace(/^[\\/]/, "");
  const glob = compiled(rest);
  const isWhole = rest === "**" || rest === "**/*";
  return {
    base,
    covers(other) {
      if (other === pattern) return true;
      const otherBase = baseOf(other);
      if (!isWithin(otherBase, base)) return false;
      return isWhole || (otherBase === other && glob(slashed(relative(base, other))));
    },
    contains: glob,
  };
}

/** All parts before the first one with a wildcard. */
function baseOf(pattern: string): string {
  const at = wildcard.exec(pattern)?.index;
  if (at === undefined) return pattern;
  const end = pattern.lastIndexOf("/", at);
  return end <= 0 ? sep : pattern.slice(0, end);
}

/** A malformed pattern matches nothing. */
function compiled(glob: string): (text: string) => boolean {
  try {
    return compileGlob(glob);
  } catch {
    return () => false;
  }
}

export function slashed(path: string): string {
  return path.replaceAll(sep, "/");
}
