// Every option of every source and sink in a recipe, as the schemas have them: with capabilities that name
// exactly what the component reaches it is accepted; whatever else an option makes it reach is refused, and so is
// a secret input in it that the recipe does not declare.

import { beforeAll, describe, expect, test } from "vitest";
import type { Reach } from "../../../src/contract/power.ts";
import type { Json, JsonObject } from "../../../src/contract.ts";
import { hostOfUrl } from "../../../src/host-name.ts";
import type { PlannedSink, PlannedSource } from "../../../src/plan/plan.ts";
import { openProject, type Project } from "../../support/proven.ts";
import { allComponents, type Component, positionsOf, withValue } from "../../trust/option-positions.ts";
import { baseOf, samplesFor } from "../../trust/option-samples.ts";
import { attempt, told } from "./attack.ts";

const components = await allComponents();
const titleOf = ({ section, type }: Component) => (section === "sinks" ? `${type} sink` : type);
const cases = components.flatMap((component) =>
  positionsOf(component.schema, titleOf(component)).map((position) => ({
    name: position.name,
    component,
    position,
  })),
);

let project: Project;
beforeAll(() => {
  project = openProject();
});

type Capabilities = Record<string, unknown>;

function recipeOf({ section, type }: Component, options: JsonObject, capabilities?: Capabilities) {
  const common = section === "sinks" ? { type, description: "For a test." } : { type };
  return {
    ...(capabilities === undefined ? {} : { capabilities }),
    inputs: { x: { type: "secret", description: "A secret." } },
    [section]: { x: { ...common, ...options } },
  };
}

/** What the component reaches and claims, found by the plan of a recipe that is not bounded. */
async function reachedBy(component: Component, options: JsonObject): Promise<Capabilities> {
  const { plan, issues } = await attempt(project, {
    recipe: recipeOf(component, options),
    with: { x: "12345678" },
  });
  const planned = [...plan.sources, ...plan.sinks].find(({ name }) => name === "u_x");
  if (planned === undefined) throw new Error(told(issues).join("\n"));
  return capabilitiesOf(component, planned);
}

function capabilitiesOf({ section }: Component, planned: PlannedSource | PlannedSink): Capabilities {
  const folders = { folder: project.folder, home: project.home };
  const reaches = planned.type.reaches?.(planned.options as never, folders as never) ?? [];
  const routes =
    "claims" in planned ? planned.claims.flatMap((claim) => /^route:\S+ (.*)$/.exec(claim)?.[1] ?? []) : [];
  return {
    listen: unique(routes),
    hosts: unique(reaches.flatMap((reach) => (reach.to === "host" ? (hostOfUrl(reach.url) ?? []) : []))),
    files: unique(reaches.flatMap(filesOf)),
    commands: unique(reaches.flatMap((reach) => (reach.to === "program" ? (reach.command[0] ?? []) : []))),
    tools: section === "sinks" ? ["x"] : "chat" in planned.type ? ["chat"] : [],
  };
}

function filesOf(reach: Reach): readonly string[] {
  if (reach.to === "move") return [reach.path, reach.target];
  return reach.to === "read" || reach.to === "write" ? [reach.path] : [];
}

const unique = (texts: readonly string[]) => [...new Set(texts)];

async function excessOf(component: Component, options: JsonObject, capabilities: Capabilities) {
  const attack = { recipe: recipeOf(component, options, capabilities), with: { x: "12345678" } };
  const { issues } = await attempt(project, attack);
  return issues.filter(({ code }) => code === "E_CONFIG_CAPABILITY");
}

/** A number or true/false where the option takes only that. */
function typed(text: string): Json {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}

describe.each(cases)("$name", ({ component, position }) => {
  const base = baseOf(position, titleOf(component));
  const isCode = position.schemas.some((schema) => schema["x-cel"] !== undefined);
  const [one, other] = isCode ? ["data.a", "data.b"] : samplesFor(position);
  const withOption = (text: string) => withValue(base, position.path, typed(text)) as JsonObject;

  test("declared reach is accepted, and each undeclared part is refused", async () => {
    const exact = await reachedBy(component, withOption(one));
    expect(told(await excessOf(component, withOption(one), exact))).toEqual([]);
    for (const list of ["listen", "hosts", "files", "commands", "tools"]) {
      if ((exact[list] as string[]).length === 0) continue;
      const refused = await excessOf(component, withOption(one), { ...exact, [list]: [] });
      expect(refused.length).toBeGreaterThan(0);
      for (const { message, hint } of refused) {
        expect(message).toMatch(new RegExp(`the recipe evil .*capabilities\\.${list} does not name`, "s"));
        expect(hint).toContain(list);
      }
    }
  });

  test("a value that reaches more is refused", async () => {
    const [before, after] = [
      await reachedBy(component, withOption(one)),
      await reachedBy(component, withOption(other)),
    ];
    const isMore = JSON.stringify(before) !== JSON.stringify(after);
    expect((await excessOf(component, withOption(other), before)).length > 0).toBe(isMore);
  });

  test("a secret input goes only where the recipe declares", async () => {
    if (isCode) return;
    const options = withValue(base, position.path, "${inputs.x}") as JsonObject;
    const { plan, issues: unbounded } = await attempt(project, {
      recipe: recipeOf(component, options),
      with: { x: one },
    });
    const planned = [...plan.sources, ...plan.sinks].find(({ name }) => name === "u_x");
    if (planned === undefined) throw new Error(told(unbounded).join("\n"));
    const everything = capabilitiesOf(component, planned);
    const recipe = recipeOf(component, options, everything);
    const { issues } = await attempt(project, { recipe, with: { x: one } });
    const found = issues.filter(
      ({ code, message }) => code === "E_CONFIG_CAPABILITY" && /secret input x/.test(message),
    );
    expect(found.length > 0).toBe(position.marked !== "inert" || /^(http|webchat) path$/.test(position.name));
    for (const { message } of found)
      if (one.length > 7 && !/^\w+:/.test(one)) expect(message).not.toContain(one);
  });

  test("a secret goes to a host without TLS only where the recipe says http://", async () => {
    if (isCode) return;
    const options = withValue(base, position.path, "${inputs.x}") as JsonObject;
    const run = async (scheme: "plain" | "tls", host: string, entry: string) => {
      const at = (value: Json): Json => JSON.parse(withHost(JSON.stringify(value), scheme, host)) as Json;
      const everything = { hosts: [entry], listen: ["/a", "/hook", "/telegram"], commands: ["true"] };
      const attack = {
        recipe: recipeOf(component, at(options) as JsonObject, {
          ...everything,
          tools: component.section === "sinks" ? ["x"] : ["chat"],
          files: ["/srv/notes"],
          secrets: { x: [entry, "verify", "true"] },
        }),
        with: { x: at(one) },
      };
      const { issues } = await attempt(project, attack);
      return issues.filter(({ message }) => /without TLS/.test(message));
    };
    // What it reaches does not change with these; whether the secret is sent there does.
    const isSent =
      position.marked !== "inert" &&
      /^(feed|poll|sse|websocket|slack|discord|telegram|http sink)\b/.test(position.name) &&
      /(?:http|ws):\/\//.test(withHost(JSON.stringify(options) + one, "plain", "other.example"));
    const found = await run("plain", "other.example", "other.example");
    expect(found.length > 0).toBe(isSent);
    for (const { hint } of found) expect(hint).toContain("http://other.example");
    expect(told(await run("plain", "other.example", "http://other.example"))).toEqual([]);
    expect(told(await run("tls", "other.example", "other.example"))).toEqual([]);
    for (const here of ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"])
      expect(told(await run("plain", here, here))).toEqual([]);
  });
});

/** Every URL in a text with this host. */
function withHost(text: string, scheme: "plain" | "tls", host: string): string {
  return text.replace(/(https?|wss?):\/\/[\w.-]+(:\d+)?/g, (_, written: string) => {
    const name = written.startsWith("ws") ? "ws" : "http";
    return `${name}${scheme === "tls" ? "s" : ""}://${host}`;
  });
}
