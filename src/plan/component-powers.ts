// The powers of one source or sink: what it reaches, by its type, bound to everything that it sends there.

import { createHash } from "node:crypto";
import { isAbsolute, relative } from "node:path";
import type { Outward } from "../config/variables/outward.ts";
import type { AccessOptions } from "../contract/chat.ts";
import type { Launch, Power, PowerKind, Reach } from "../contract/power.ts";
import type { Json, JsonObject } from "../contract.ts";
import { describeReach, oneLine } from "./describe-reach.ts";
import { type Bind, powerOf } from "./powers.ts";

export interface PowerContext {
  /** `sources.ci` */
  readonly component: string;
  readonly bind: Bind;
  readonly outward: Outward;
  /** Its options, and the same with secrets hidden. */
  readonly reaches: (options: JsonObject) => readonly Reach[];
  readonly options: JsonObject;
  /** Of the program that it runs. */
  readonly launch: Launch | undefined;
  /** The folder of the config, where commands run by default. */
  readonly folder: string;
  /** Further values that decide what happens: the public address that a webhook is registered with. */
  readonly around: Json;
}

export function componentPowers(of: PowerContext): Power[] {
  const { component, bind, outward, launch } = of;
  const real = of.reaches(of.options);
  const hidden = of.reaches(outward.shown);
  const bound: Json = [outward.bound, launchOf(launch), of.around];
  const power = (kind: PowerKind, words: string, reach?: Reach): Power => ({
    ...powerOf(bind, {
      power: kind,
      value: `${words}${withNames(outward)}${reach?.to === "program" ? withLinks(launch, of.folder) : ""}`,
      component,
      bound,
    }),
    ...programOf(reach, launch),
  });

  const powers = real.flatMap((reach, index) => {
    const kind = kindOf(reach, outward.tainted);
    if (kind === undefined) return [];
    const same = hidden.length === real.length ? hidden[index] : undefined;
    return [
      power(
        kind,
        same === undefined ? "•••" : describeReach(named(same, reach, launch), reach, of.folder),
        reach,
      ),
    ];
  });
  // Independent of the type: no part of a variable is sent anywhere without consent.
  return outward.tainted && powers.length === 0 ? [power("secret", "wherever its options lead")] : powers;
}

/** Undefined where it needs no consent. */
function kindOf(reach: Reach, tainted: boolean): PowerKind | undefined {
  switch (reach.to) {
    case "host":
      return tainted ? "secret" : "connect";
    case "program":
      return "command";
    case "read":
      return reach.outside || tainted ? "read" : undefined;
    case "write":
      return reach.outside || reach.replaces || tainted ? "write" : undefined;
    case "move":
      return "move";
    case "people":
      return "people";
    case "callers":
      return tainted ? "secret" : undefined;
  }
}

/** A program name from a variable is shown as the file that was found: nobody can consent to `•••`. */
function named(shown: Reach, real: Reach, launch: Launch | undefined): Reach {
  if (shown.to !== "program" || real.to !== "program" || typeof launch?.program !== "string") return shown;
  if (shown.command[0] === real.command[0]) return shown;
  return { ...shown, command: [launch.program, ...shown.command.slice(1)] };
}

function withNames({ names, tainted }: Outward): string {
  if (!tainted) return "";
  return ` with ${oneLine(names.length === 0 ? "a secret" : names.join(" and "))}`;
}

/** Where the names of the command line do not show what would be read or written. */
function withLinks(launch: Launch | undefined, folder: string): string {
  const links = (launch?.links ?? []).map(({ path, target }) => {
    const name = path === folder ? path : relative(folder, path);
    return `, where ${oneLine(name)} is a link to ${oneLine(target)}`;
  });
  return links.join("");
}

/** The file that would run; an absolute path needs no addition. */
function programOf(reach: Reach | undefined, launch: Launch | undefined): Pick<Power, "program"> {
  if (reach?.to !== "program" || launch === undefined) return {};
  const found = [launch, ...(launch.others ?? [])].find(({ name }) => name === reach.command[0]);
  return found === undefined || isAbsolute(found.name) ? {} : { program: found.program };
}

function launchOf(launch: Launch | undefined): Json {
  if (launch === undefined) return null;
  const others = launch.others?.map(({ program }) => program) ?? [];
  const links = launch.links.map(({ path, target }) => [path, target]);
  const scripts = launch.scripts.map(({ path, sha256 }) => [path, sha256]);
  return [launch.program, ...others, scripts, ...(links.length === 0 ? [] : [links])];
}

/** The people that the `access` of a chat admits: independent of the type, so that none can forget it. */
export function peopleReaches({ allow, groups, bots }: AccessOptions): Reach[] {
  const ids = (list: readonly (string | number)[]) => list.map(String).sort().join(", ");
  return [
    ...(allow.length === 0 ? [] : [ids(allow)]),
    ...(bots.length === 0 ? [] : [`bots ${ids(bots)}`]),
    ...Object.entries(groups).flatMap(([chat, group]) =>
      group.allow.length === 0 ? [] : [`${ids(group.allow)} in group ${chat}`],
    ),
  ].map((who) => ({ to: "people", who }));
}

/** For options without a part from a variable or a file. */
export function plainOutward(options: JsonObject): Outward {
  return {
    bound: options,
    shown: options,
    names: [],
    tainted: false,
    isTainted: () => false,
    namesAt: () => [],
    cameIn: () => [],
    texts: [],
  };
}

// A short text that is equal for equal values. Of values that contain secrets it reveals only whether they
// changed.

/** The order of keys counts: that of `vars` and `meta` is significant. */
export function fingerprint(values: unknown): string {
  return createHash("sha256").update(JSON.stringify(values)).digest("base64url").slice(0, 22);
}
