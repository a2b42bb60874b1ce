// Reads what a webhook registration needs from a source: sender, URL, events and secret.

import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import type { LoadedConfig, SourceValues } from "../../config/values.ts";
import { layerEnvironment, readDotenvFiles, withProcess } from "../../config/variables/environment.ts";
import type { Json } from "../../contract.ts";
import { readConfig } from "../../daemon/start/load-plan.ts";
import { didYouMeanHint } from "../../did-you-mean.ts";
import { UsageError } from "../../errors.ts";
import { asObject } from "../../json.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import type { HookSender } from "./sender.ts";
import { stripe } from "./stripe.ts";
import { wantedEvents } from "./wanted-events.ts";

export const senders: readonly HookSender[] = [github, gitlab, stripe];

export interface HookSource {
  readonly name: string;
  /** The preset of its `verify`; undefined: requests are not verified. */
  readonly scheme: string | undefined;
  readonly sender: HookSender | undefined;
  /** Absolute. */
  readonly url: string;
  /** Undefined if its channels do not name them. */
  readonly events: readonly string[] | undefined;
  readonly secret: HookSecret;
  /** The setup steps of its recipe, in Markdown. */
  readonly setup: string | undefined;
}

export interface HookSecret {
  /** Undefined if it does not come from a single variable. */
  readonly variable: string | undefined;
  /** What senders must sign with: the whole option, which may contain more than the variable. */
  readonly value: string;
  /** The variable's value, if it was just created and is not stored yet. */
  readonly made: string | undefined;
}

/** The names of `type: http` sources. Throws a UsageError if the config is invalid for another reason than missing secrets. */
export async function httpSources(file: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const loaded = await readConfig(file, env, { placeholders: true });
  return Object.entries(loaded.values.sources)
    .filter(([, { type }]) => type === "http")
    .map(([name]) => name);
}

/**
 * Reads the config as if its secret were set. Throws a UsageError if the source does not exist or has no URL.
 */
export async function readHookSource(
  file: string,
  env: NodeJS.ProcessEnv,
  name: string,
  publicUrl: string | undefined,
): Promise<HookSource> {
  const written = await readConfig(file, env, { placeholders: true });
  const outline = sourceIn(written, name);
  const variable = variableOf(outline);
  // A missing secret of a recipe gets a placeholder.
  const isMissing = variable !== undefined && !isSet(variable, file, env);
  const made = isMissing ? randomBytes(32).toString("hex") : undefined;
  const whole = await readConfig(file, isMissing ? { ...env, [variable]: made } : env);
  const source = whole.values.sources[name];
  if (source === undefined) throw broken(whole, name);
  const { verify, path } = source.options;
  const { scheme, secret } = asObject(verify);
  const value = firstText(secret);
  return {
    name,
    scheme: typeof scheme === "string" ? scheme : undefined,
    sender: senders.find((one) => one.scheme === scheme),
    url: urlOf(publicUrl ?? whole.values.publicUrl, String(path ?? ""), name),
    events: eventsOf(
      whole,
      name,
      senders.find((one) => one.scheme === scheme),
    ),
    secret: { variable, value, made },
    setup: Object.entries(whole.setups).find(([use]) => name.startsWith(`${use}_`))?.[1],
  };
}

function sourceIn({ values, issues, frame }: LoadedConfig, name: string): SourceValues {
  const source = values.sources[name];
  const known = Object.keys(values.sources);
  const [first] = issues;
  if (source === undefined && first !== undefined)
    throw new UsageError("E_USAGE", frame(first), { hint: "channel-router check  shows more" });
  if (source === undefined)
    throw new UsageError("E_USAGE", `no source named ${name}`, {
      hint: didYouMeanHint(name, known) ?? `sources: ${known.join(", ") || "none"}`,
    });
  if (source.type !== "http")
    throw new UsageError("E_USAGE", `${name} has type ${source.type}; only http sources have webhooks`);
  return source;
}

function broken({ issues, frame }: LoadedConfig, name: string): UsageError {
  const first = issues.find(({ path }) => path.startsWith(`sources.${name}`)) ?? issues[0];
  return new UsageError("E_USAGE", first === undefined ? `${name} cannot be read` : frame(first), {
    hint: "channel-router check  shows more",
  });
}

/** Looks in the environment and in the `.env` files that the router reads. */
function isSet(variable: string, file: string, env: NodeJS.ProcessEnv): boolean {
  const { layers } = readDotenvFiles(env, dirname(file));
  const found = layerEnvironment(withProcess(env, layers, () => false)).lookup(variable);
  return found !== undefined && found.value !== "";
}

/** `${GITHUB_WEBHOOK_SECRET}`: the only origin of the secret. */
function variableOf({ outward }: SourceValues): string | undefined {
  const names = outward?.namesAt(["verify", "secret"]) ?? [];
  return names.length === 1 ? /^\$\{(\w+)\}/.exec(names[0] ?? "")?.[1] : undefined;
}

/** During a rotation there are several secrets; the first is the new one. */
function firstText(secret: Json | undefined): string {
  const [first] = [secret].flat();
  return typeof first === "string" ? first : "";
}

function eventsOf(
  { values }: LoadedConfig,
  name: string,
  sender: HookSender | undefined,
): string[] | undefined {
  if (sender === undefined) return undefined;
  const matches = Object.values(values.channels)
    .filter(({ from }) => from.includes(name))
    .map(({ match }) => match);
  return wantedEvents(matches, sender.eventPaths);
}

function urlOf(base: string | undefined, path: string, name: string): string {
  if (base === undefined)
    throw new UsageError("E_USAGE", "no public URL for the router", {
      hint: "add  --url https://hooks.example.com , or set public_url in the config",
    });
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol))
    throw new UsageError("E_USAGE", `${base} is not a URL`, { hint: "such as https://hooks.example.com" });
  const { hostname, username, search, hash } = new URL(base);
  if (username !== "" || search !== "" || hash !== "")
    throw new UsageError("E_USAGE", `${base} has credentials, a query or a fragment`);
  if (/^(?:localhost|127\.|\[::1\]|0\.0\.0\.0)/.test(hostname) || hostname.endsWith(".localhost"))
    throw new UsageError(
      "E_USAGE",
      `${base} is the address of this machine: a sender on the internet cannot reach it`,
      {
        hint: "docs/behind-nat.md shows how to get a public URL",
      },
    );
  if (/[:*]/.test(path))
    throw new UsageError("E_USAGE", `the path of ${name} has parameters: ${path}`, {
      hint: "register this webhook manually, or give the source a fixed path",
    });
  return `${base.replace(/\/+$/, "")}${path}`;
}
