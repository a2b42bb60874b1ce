// Compiles one source of the config: its options, its code, what it reaches outside, and the channels that
// read it.

import type { BoundOptions, IssueDraft, SourceValues } from "../../config/values.ts";
import { chatTools } from "../../contract/capabilities.ts";
import type { AccessOptions } from "../../contract/chat.ts";
import type { Launch } from "../../contract/power.ts";
import type { JsonObject, SourceType, Surroundings } from "../../contract.ts";
import { type ChannelIndex, indexChannels } from "../../filters/channel-index.ts";
import type { CompiledMatch } from "../../filters/match.ts";
import { createAdmit } from "../admission.ts";
import { type PlannedBound, planBound } from "../bound.ts";
import { isRoute } from "../claims.ts";
import { componentPowers, fingerprint, peopleReaches, plainOutward } from "../component-powers.ts";
import { checkAccessIds } from "../person-ids.ts";
import type { PlannedListen, PlannedSource } from "../plan.ts";
import { type Bind, outsidePowers, powersFor } from "../powers.ts";
import { createUnwanted } from "../unwanted.ts";
import { boundIssues } from "./bound-issues.ts";
import type { CompiledChannel, Engine } from "./channel.ts";
import { compileOptions } from "./code-options.ts";

interface Context {
  readonly engine: Engine;
  readonly surroundings: Omit<Surroundings, "isTainted">;
  readonly listen: Omit<PlannedListen, "address">;
  readonly bind: Bind;
  readonly launches: ReadonlyMap<string, Launch>;
  /** The channels that read it. */
  readonly fed: readonly CompiledChannel[];
  readonly mask: (text: string) => string;
  /** Receives every mistake. */
  readonly issues: IssueDraft[];
}

export function compileSource(
  name: string,
  source: SourceValues,
  type: SourceType<JsonObject>,
  context: Context,
): PlannedSource {
  const { engine, listen, fed, mask, issues } = context;
  const { options } = source;
  const at = ["sources", name];
  const outward = source.outward ?? plainOutward(options);
  const surroundings: Surroundings = { ...context.surroundings, isTainted: outward.isTainted };
  for (const { path, ...issue } of type.check?.(options, surroundings) ?? [])
    issues.push({ code: "E_CONFIG_VALUE", ...issue, path: [...at, ...path] });
  const access = options.access as unknown as AccessOptions;
  if (type.chat !== undefined) issues.push(...checkAccessIds(name, source.type, type.chat, access));

  const claims = type.claims?.(options) ?? [];
  const code = compileOptions(source.code ?? [], at, engine, issues, source.inputs);
  const launch = context.launches.get(`sources.${name}`);
  const powers = [
    ...outsidePowers(context.bind, source.outsideRecipe),
    ...powersFor(claims, listen.powers),
    ...componentPowers({
      component: `sources.${name}`,
      bind: context.bind,
      outward,
      options,
      reaches: (read) => [
        ...(type.chat === undefined ? [] : peopleReaches(read.access as unknown as AccessOptions)),
        ...(type.reaches?.(read, surroundings) ?? []),
      ],
      launch,
      folder: surroundings.folder,
      around: [source.type, claims.some(isRoute) ? (listen.publicUrl ?? null) : null],
    }),
    ...fed.flatMap(({ shows }) => shows),
  ];
  const bound = source.bound && compileBound(source.bound);
  const unwanted = createUnwanted(
    name,
    source.type,
    fed.map(({ match }) => match),
  );
  const { powers: _, ...address } = listen;
  return {
    name,
    type,
    options,
    code,
    keeps: fingerprint([source.type, type.storeKey === undefined ? options : type.storeKey(options)]),
    enabled: source.enabled,
    powers,
    ...(launch === undefined ? {} : { launch }),
    ...(bound === undefined ? {} : { bound }),
    isTainted: outward.isTainted,
    cameIn: outward.cameIn,
    hidden: outward.texts,
    fingerprint: fingerprint([
      source.type,
      options,
      claims.some(isRoute) ? address : null,
      powers.map(({ hash }) => hash),
      source.code === undefined ? null : (source.inputs ?? null),
      ...(bound === undefined ? [] : [bound]),
    ]),
    claims,
    rate: source.rate,
    expectMs: source.expectMs,
    sample: fed.find(({ sample }) => typeof sample === "object")?.sample ?? fed[0]?.sample,
    admit: createAdmit(
      fed.map(({ channel }) => channel),
      candidatesOf(fed),
      mask,
      type.content,
    ),
    ...unwanted,
  };

  function compileBound(declared: BoundOptions): PlannedBound {
    const reaches = type.reaches?.(options, surroundings) ?? [];
    const shown = type.reaches?.(outward.shown, surroundings) ?? [];
    const { folder, home } = surroundings;
    const ofOptions = { reaches, shown, claims, folder, home };
    issues.push(...boundIssues({ at, bound: declared, ...ofOptions }));
    if (type.chat !== undefined && !declared.tools.includes(chatTools))
      issues.push({
        path: at,
        on: "key",
        code: "E_CONFIG_CAPABILITY",
        message: `the recipe ${declared.recipe} gives Claude the tools of a chat, which capabilities.tools does not name`,
        hint: `write  tools: [${[...declared.tools, chatTools].join(", ")}]  under capabilities, if it should`,
      });
    return planBound(declared, reaches, type.platformHosts ?? [], surroundings);
  }
}

function candidatesOf(channels: readonly CompiledChannel[]): ChannelIndex["candidates"] {
  const matches: (CompiledMatch | undefined)[] = channels.map(({ match }) => match);
  const index = indexChannels(matches);
  return (view) => index.candidates(view);
}
