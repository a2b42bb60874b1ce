// Compiles one channel of the config: its filters in evaluation order, its values, its templates.

import type { ChannelValues, ConfigValues, IssueDraft } from "../../config/values.ts";
import type { Sample } from "../../contract/event.ts";
import type { Power } from "../../contract/power.ts";
import type { Template } from "../../contract.ts";
import { memoryScope } from "../../filters/canonical.ts";
import type { CelProgram } from "../../filters/cel/cel.ts";
import { changedFilter } from "../../filters/changed.ts";
import { dedupeFilter } from "../../filters/dedupe.ts";
import type { Engines } from "../../filters/engines.ts";
import { compileGlob } from "../../filters/glob.ts";
import { type CompiledMatch, compileMatch, matchFilter } from "../../filters/match.ts";
import type { KeyReader } from "../../filters/memory-key.ts";
import { whenFilter } from "../../filters/when.ts";
import type { TemplateCompiler } from "../../templates/compile.ts";
import type { DialectMark } from "../../templates/dialect.ts";
import { fingerprint } from "../component-powers.ts";
import type { PlannedChannel, PlannedFilter, PlannedVar } from "../plan.ts";
import { type Bind, outsidePowers, showPower } from "../powers.ts";
import { proven } from "../proven.ts";
import { sampleOf } from "../sample.ts";
import { compileShaping, longestHoldMs } from "../shaping.ts";
import type { SchemaCompiler } from "./schema-compiler.ts";

export interface Engine extends Engines {
  readonly templates: TemplateCompiler;
  /** For the templates of options, which may see other roots. */
  dialect(mark: DialectMark): TemplateCompiler;
  readonly schemas: SchemaCompiler;
}

interface Context {
  readonly engine: Engine;
  /** Tokens, where the channel sets none. */
  readonly budget: number;
  /** Where the channel sets none. */
  readonly defaults: ConfigValues["defaults"];
  /** Whether a source supports replies, by name; without the faulty ones. */
  readonly answering: ReadonlyMap<string, boolean>;
  readonly bind: Bind;
  readonly mask: (text: string) => string;
  /** Receives every mistake. */
  readonly issues: IssueDraft[];
}

export interface CompiledChannel {
  readonly channel: PlannedChannel;
  /** For the index; absent when every event of its sources is a candidate. */
  readonly match: CompiledMatch | undefined;
  readonly sample: Sample | "needed" | undefined;
  /** What its sources wait for: the variables that its events show, and a recipe from outside. */
  readonly shows: readonly Power[];
}

type Path = readonly (string | number)[];

/** In steps: a channel can have thousands of expressions and templates. */
export function* compileChannel(
  name: string,
  values: ChannelValues,
  { engine, budget, defaults, answering, bind, mask, issues }: Context,
): Generator<void, CompiledChannel> {
  const at: Path = ["channels", name];
  const cel = (path: Path, text: string, purpose: "condition" | "value"): CelProgram | undefined =>
    proven({ path, code: "E_CONFIG_CEL", issues }, () => engine.cel.compile(text, { purpose }));
  const template = (path: Path, text: string): Template | undefined =>
    proven({ path, code: "E_CONFIG_TEMPLATE", issues }, () => engine.templates.compile(text));
  const key = (path: Path, text: string): KeyReader | undefined =>
    proven({ path, code: "E_CONFIG_TEMPLATE", issues }, () => engine.templates.compileKey(text));

  const filters: PlannedFilter[] = [];
  const match = compileMatchOf(values, at, engine, issues);
  if (match !== undefined) filters.push({ filter: matchFilter(match), needsVars: match.roots.has("vars") });

  const condition = values.when === undefined ? undefined : cel([...at, "when"], values.when, "condition");
  if (condition !== undefined)
    filters.push({ filter: whenFilter(condition), needsVars: condition.roots.has("vars") });

  const vars: PlannedVar[] = [];
  for (const [variable, text] of Object.entries(values.vars)) {
    const program = cel([...at, "vars", variable], text, "value");
    if (program !== undefined) vars.push({ name: variable, evaluate: program.evaluate });
    yield;
  }

  if (values.changed !== undefined) {
    const { value: text, by: byText, initial } = values.changed;
    const value = cel([...at, "changed", "value"], text, "value");
    const by = byText === undefined ? undefined : key([...at, "changed", "by"], byText);
    const first = initial === undefined ? {} : { initial };
    const scope = memoryScope(name, "changed", { value: text, by: byText ?? null, ...first });
    if (value !== undefined) {
      filters.push({
        filter: changedFilter({ scope, value, ...(by === undefined ? {} : { by }), ...first }),
        needsVars: true,
      });
    }
  }

  if (values.dedupe !== undefined) {
    const { key: text, forMs } = values.dedupe;
    const dedupeKey = key([...at, "dedupe", "key"], text);
    const scope = memoryScope(name, "dedupe", { key: text, forMs });
    if (dedupeKey !== undefined)
      filters.push({ filter: dedupeFilter({ scope, key: dedupeKey, forMs }), needsVars: true });
  }

  checkDelivery(values, at, answering, issues);
  const eventBudget = values.budget?.event ?? budget;
  const shaping = compileShaping(name, values, { budget: eventBudget, issues, mask, key, template });

  const content = values.content === undefined ? undefined : template([...at, "content"], values.content);
  const meta: [string, Template][] = [];
  for (const [attribute, text] of Object.entries(values.meta ?? {})) {
    const value = template([...at, "meta", attribute], text);
    if (value !== undefined) meta.push([attribute, value]);
    yield;
  }

  return {
    match,
    sample: sampleOf(values, match),
    shows: [
      ...outsidePowers(bind, values.outsideRecipe),
      ...(values.shows === undefined ? [] : [showPower(bind, values.shows, `channels.${name}`)]),
    ],
    channel: {
      name,
      from: values.from,
      fingerprint: fingerprint([values, budget, defaults]),
      description: values.description,
      filters,
      vars,
      inputs: values.inputs ?? {},
      content,
      meta,
      budget: eventBudget,
      shaping,
      continues: values.continue,
      priority: values.priority ?? defaults.priority,
      ttlMs: values.ttlMs ?? defaults.ttlMs + longestHoldMs(shaping.options),
      ownTtl: values.ttlMs !== undefined,
      receipt: values.receipt,
      to: values.to,
      wakes: values.wake !== false,
      answers:
        values.reply === undefined || values.reply === true
          ? values.from.filter((source) => answering.get(source) === true)
          : [],
      sinks: Array.isArray(values.reply) ? values.reply : [],
    },
  };
}

function compileMatchOf(
  { match: pattern }: ChannelValues,
  at: Path,
  engine: Engine,
  issues: IssueDraft[],
): CompiledMatch | undefined {
  if (pattern === undefined) return undefined;
  const path = [...at, "match"];
  const compiled = proven({ path, code: "E_CONFIG_MATCH", issues }, () =>
    compileMatch(pattern, engine.regex),
  );
  if (compiled === undefined) return undefined;
  const { match, problems } = compiled;
  for (const { path = [], on, offset, code, message, hint } of problems) {
    issues.push({
      path: [...at, "match", ...path],
      code,
      message,
      hint,
      ...(on === undefined ? {} : { on }),
      ...(offset === undefined ? {} : { offset }),
    });
  }
  return match;
}

function checkDelivery(
  { reply, from, to }: ChannelValues,
  at: Path,
  answering: ReadonlyMap<string, boolean>,
  issues: IssueDraft[],
): void {
  if (reply === true && from.every((source) => answering.get(source) === false)) {
    issues.push({
      path: [...at, "reply"],
      code: "E_CONFIG_VALUE",
      message: `no event of ${from.join(", ")} can be answered`,
      hint: "remove it; an http source can be answered when it has  respond: { wait: 30s }",
    });
  }
  if (typeof to === "string" || !("project" in to)) return;
  const code = "E_CONFIG_VALUE";
  const found: IssueDraft[] = [];
  proven({ path: [...at, "to", "project"], code, issues: found }, () => compileGlob(to.project));
  // A glob has the code of `match` of its own.
  issues.push(...found.map((issue) => ({ ...issue, code }) as const));
}
