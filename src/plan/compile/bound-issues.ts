// Compares what a component of a recipe would reach with what the recipe declares. Everything is compared with
// its real value, after inputs and overrides, and shown with its secrets hidden.

import type { BoundOptions, IssueDraft } from "../../config/values.ts";
import type { Reach } from "../../contract/power.ts";
import type { Claim, Json } from "../../contract.ts";
import { hostOfUrl, isReadable, plainName, withoutTls } from "../../host-name.ts";
import { absolute } from "../../within.ts";
import {
  allowsHost,
  allowsRoute,
  fileRule,
  isVerify,
  mayReceive,
  namedHost,
  namedProgram,
  secretDestinations,
  steeringVariables,
} from "../bound.ts";
import { oneLine } from "../describe-reach.ts";

interface BoundComponent {
  /** `["sources", "ci_github"]` */
  readonly at: readonly string[];
  readonly bound: BoundOptions;
  readonly reaches: readonly Reach[];
  /** The same with secrets hidden. */
  readonly shown: readonly Reach[];
  readonly claims: readonly Claim[];
  readonly folder: string;
  readonly home: string;
}

type Path = readonly (string | number)[];

export function boundIssues(component: BoundComponent): IssueDraft[] {
  const { at, bound, reaches, shown, claims } = component;
  const issue = (path: Path, message: string, hint: string): IssueDraft => ({
    path: [...at, ...path],
    ...(path.length === 0 ? { on: "key" as const } : {}),
    code: "E_CONFIG_CAPABILITY",
    message: `the recipe ${bound.recipe} ${message}`,
    hint,
  });
  const ofReaches = reaches.flatMap((reach, index) => {
    const same = shown.length === reaches.length ? shown[index] : undefined;
    return beyond(reach, same?.to === reach.to ? same : undefined, component).map(
      ({ path, act, list, what, where }) =>
        issue(
          path,
          `may not ${act} ${where ?? what}: capabilities.${list} does not name it`,
          howToAdd(bound, what, list),
        ),
    );
  });
  const ofRoutes = claims.flatMap((claim) => {
    const path = /^route:\S+ (.*)$/s.exec(claim)?.[1];
    if (path === undefined || allowsRoute(bound, path)) return [];
    const found = leafOf(bound.written, (text) => text.replace(/(.)\/$/, "$1") === path) ?? ["path"];
    return [found];
  });
  const [route] = ofRoutes;
  const ofCredentials = reaches.flatMap((reach) =>
    reach.to === "read" && reach.isSecret === true
      ? [leafOf(bound.written, (text) => absolute(text, component) === reach.path) ?? []]
      : [],
  );
  const steered = reaches.flatMap((reach) => (reach.to === "program" ? steeringVariables(reach) : []));
  return [
    ...ofReaches,
    ...(route === undefined
      ? []
      : [
          issue(
            route,
            "may not listen on this path: capabilities.listen does not name it",
            howToAdd(bound, "the path", "listen"),
          ),
        ]),
    ...ofCredentials.map((path) =>
      issue(path, "may not read a file of credentials", "a source of your own, without the recipe, may"),
    ),
    ...steered.map((name) =>
      issue(
        ["env", name],
        `may not set ${oneLine(name)}: programs take code or settings from this variable`,
        "remove it: a declared program runs with the variables of the user",
      ),
    ),
    ...secretIssues(component).map(({ path, message, hint }) => issue(path, message, hint)),
  ];
}

function howToAdd({ isOwn }: BoundOptions, what: string, list: string): string {
  return isOwn
    ? `add ${what} to ${list} under capabilities in the recipe, if it should; override cannot widen them`
    : `only its author can add ${what} to ${list} under capabilities; for more, write one of your own beside it`;
}

interface Excess {
  readonly path: Path;
  /** What it would do: `connect to`. */
  readonly act: string;
  readonly list: "hosts" | "files" | "commands";
  /** As it would be declared. */
  readonly what: string;
  /** As it is shown, where that is more. */
  readonly where?: string;
}

function beyond(reach: Reach, shown: Reach | undefined, component: BoundComponent): Excess[] {
  const { bound } = component;
  const { written } = bound;
  switch (reach.to) {
    case "host": {
      if (allowsHost(bound, reach.url)) return [];
      const url = shown?.to === "host" ? shown.url : "";
      const what = url.includes("•") || url.includes("{{") ? "its host" : (hostOfUrl(url) ?? "its host");
      const path = leafOf(written, (text) => text === reach.url) ?? [];
      return [{ path, act: "connect to", list: "hosts", what: oneLine(what) }];
    }
    case "program": {
      const [name = ""] = reach.command;
      if (namedProgram(bound, name, reach.cwd, component) !== undefined) return [];
      const shownName = shown?.to === "program" ? (shown.command[0] ?? "") : "this program";
      const path = "command" in written ? ["command", 0] : [];
      return [{ path, act: "run", list: "commands", what: oneLine(shownName) }];
    }
    case "read":
    case "write":
    case "move": {
      const targets = reach.to === "move" ? [reach.path, reach.target] : [reach.path];
      const shownTargets =
        shown?.to === "move" ? [shown.path, shown.target] : shown?.to === reach.to ? [shown.path] : [];
      return targets.flatMap((target, index) => {
        if (bound.files.some((file) => fileRule(absolute(file, component)).covers(target))) return [];
        const path = leafOf(written, (text) => absolute(text, component) === target) ?? [];
        const act = reach.to === "move" && index === 1 ? "move files to" : reach.to;
        return [{ path, act, list: "files", what: oneLine(shownTargets[index] ?? "its files") }];
      });
    }
    default:
      return [];
  }
}

/** The first option whose text fits. */
function leafOf(value: Json, fits: (text: string) => boolean, path: Path = []): Path | undefined {
  if (typeof value === "string") return fits(value) ? path : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = leafOf(inner as Json, fits, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const literal =
  "if it is not secret, write the value itself under with; if it is, the recipe has to name the input under secrets";

function secretIssues(component: BoundComponent) {
  const { bound, reaches } = component;
  // Undefined where it may not go at all: that is reported already, and a secret may be a part of its name.
  const reached = reaches.flatMap((reach) => {
    if (reach.to === "host") {
      const host = namedHost(bound, reach.url);
      return [host !== undefined && isReadable(reach.url) ? withoutTls(host) : host];
    }
    if (reach.to !== "program") return [];
    return [namedProgram(bound, reach.command[0] ?? "", reach.cwd, component)];
  });
  const declared = reached.filter((one) => one !== undefined);
  return bound.carried.flatMap(({ input, path, isVariable = false }) => {
    const isListening = component.claims.some((claim) => claim.startsWith("route:"));
    // A webhook's secret is registered at the platform too.
    const checks = isListening && isVerify(path);
    const checked = isVariable ? [] : ["verify"];
    const all = checks ? [...checked, ...(path[0] === "webhook" ? declared : [])] : declared;
    const needed = [...new Set(all)];
    // A value from a variable may choose a file; it may not be an answer to callers.
    if (isVariable && !isListening && reached.length === 0) return [];
    const what = isVariable
      ? `the value of the input ${input}, which is from a variable or a file,`
      : undefined;
    if (!checks && reached.length === 0)
      return [
        {
          path,
          message: `may not use ${what ?? `the secret input ${input}`} here: it can only check callers, or go to a host or a program`,
          hint: isVariable ? literal : "remove it, or use an input that is not secret",
        },
      ];
    const allowed = secretDestinations(bound, input);
    return needed
      .filter((one) => !mayReceive(bound, input, one))
      .map((one) => {
        const name = plainName(one);
        const isOnlyPlain = one !== name && mayReceive(bound, input, name);
        const why = isOnlyPlain
          ? "without TLS: others could read it on its way"
          : ": capabilities.secrets does not say so";
        const others = isOnlyPlain ? allowed.filter((other) => other !== name) : allowed;
        return {
          path,
          message: `may not give ${what ?? `the secret input ${input}`} to ${oneLine(name)}${isOnlyPlain ? " " : ""}${why}`,
          hint: `${isOnlyPlain ? "use https:// or wss://; or " : ""}${
            isVariable && !isOnlyPlain
              ? literal
              : `write  ${input}: [${oneLine([...others, one].join(", "))}]  under secrets of the capabilities, if it should`
          }`,
        };
      });
  });
}
