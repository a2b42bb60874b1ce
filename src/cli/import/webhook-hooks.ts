// Translates the hooks of adnanh/webhook (version 2.8), `hooks.json` or YAML: each hook becomes a source and a channel. What a hook
// ran is not carried over, because here Claude gets the event; a sink runs programs. Pure. Format: its docs/Hook-Definition.md,
// Hook-Rules.md and Referencing-Request-Values.md.

import type { Json } from "../../contract.ts";
import { isObject } from "../../json.ts";
import type { ImportedConfig } from "./imported-config.ts";

type Values = Readonly<Record<string, unknown>>;

interface Hook {
  readonly name: string;
  readonly source: Record<string, Json>;
  readonly match: Record<string, Json>;
  readonly conditions: string[];
  readonly secrets: Record<string, string>;
  readonly notes: string[];
}

/** The path below which adnanh/webhook serves its hooks. */
const prefix = "/hooks/";
const algorithms = new Map(
  ["sha1", "sha256", "sha512"].flatMap((algorithm) => [
    [`payload-hmac-${algorithm}`, algorithm],
    [`payload-hash-${algorithm}`, algorithm], // Its earlier name.
  ]),
);
const roots = new Map([
  ["payload", "data"],
  ["header", "headers"],
  ["query", "query"],
  ["url", "query"],
]);

/** `hooks`: the parsed file. Throws a TypeError when it is not a list of hooks. */
export function importHooks(hooks: unknown): ImportedConfig {
  if (!Array.isArray(hooks)) throw new TypeError("it is not a list of hooks");
  const sources: Record<string, Json> = {};
  const channels: Record<string, Json> = {};
  const secrets: Record<string, string> = {};
  const notes: string[] = [];
  for (const [index, value] of hooks.entries()) {
    if (!isObject(value)) throw new TypeError(`hook ${index + 1} is not an object`);
    const id = typeof value.id === "string" && value.id !== "" ? value.id : `hook-${index + 1}`;
    const hook = readHook(id, uniqueName(id, sources), value);
    sources[hook.name] = hook.source;
    channels[hook.name] = {
      from: hook.name,
      ...(Object.keys(hook.match).length === 0 ? {} : { match: hook.match }),
      ...(hook.conditions.length === 0 ? {} : { when: hook.conditions.join(" && ") }),
      content: contentOf(value, hook),
    };
    Object.assign(secrets, hook.secrets);
    notes.push(...hook.notes.map((note) => `${id}: ${note}`));
  }
  return { config: { version: 1, sources, channels }, secrets, notes };
}

function uniqueName(id: string, taken: Readonly<Record<string, unknown>>): string {
  const plain = id
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  const name = /^[a-z]/.test(plain) ? plain.slice(0, 40) : `hook_${plain}`.slice(0, 40);
  for (let n = 1; ; n++) {
    const next = n === 1 ? name : `${name}_${n}`;
    if (!(next in taken)) return next;
  }
}

function readHook(id: string, name: string, value: Values): Hook {
  const path = id.replaceAll(/[^A-Za-z0-9._~-]+/g, "-");
  const hook: Hook = {
    name,
    source: { type: "http", path: `${prefix}${path}` },
    match: {},
    conditions: [],
    secrets: {},
    notes: [],
  };
  if (path !== id) hook.notes.push(`its path is ${prefix}${path} now`);
  const methods = Array.isArray(value["http-methods"])
    ? value["http-methods"].map((one) => String(one).trim())
    : [];
  if (methods.length > 0) hook.source.methods = methods;
  if (typeof value["execute-command"] === "string")
    hook.notes.push(
      `it ran ${value["execute-command"]}: Claude gets the event; a command sink can run a program`,
    );
  for (const key of ["pass-environment-to-command", "pass-file-to-command", "command-working-directory"])
    if (value[key] !== undefined) hook.notes.push(`${key} belongs to the command`);
  for (const key of ["response-headers", "response-message", "include-command-output-in-response"])
    if (value[key] !== undefined && value[key] !== false)
      hook.notes.push(`${key}: the sender gets the event's id; respond: sets another answer`);
  if (value["parse-parameters-as-json"] !== undefined)
    hook.notes.push("parse-parameters-as-json: write fromJson(...) where the text is JSON");
  const rule = value["trigger-rule"];
  if (rule !== undefined) readTopRule(rule, hook);
  return hook;
}

/** A check of a signature, alone or as one of several that must all be true, becomes `verify`. */
function readTopRule(rule: unknown, hook: Hook): void {
  const parts = isObject(rule) && Array.isArray(rule.and) ? rule.and : [rule];
  for (const part of parts) {
    const match = isObject(part) && isObject(part.match) ? part.match : undefined;
    if (match !== undefined && hook.source.verify === undefined && readVerify(match, hook)) continue;
    if (match?.type === "ip-whitelist") {
      hook.match["remote.address"] = { cidr: [String(match["ip-range"] ?? "")] };
      continue;
    }
    const condition = expression(part, hook);
    if (condition !== undefined) hook.conditions.push(condition);
  }
}

function readVerify(match: Values, hook: Hook): boolean {
  const parameter = isObject(match.parameter) ? match.parameter : {};
  const algorithm = algorithms.get(String(match.type));
  const isHeader = parameter.source === "header" && typeof parameter.name === "string";
  const variable = `${hook.name.toUpperCase()}_SECRET`;
  if (algorithm !== undefined && isHeader && typeof match.secret === "string") {
    const secret = `\${${variable}}`;
    const header = String(parameter.name);
    hook.source.verify = /^x-hub-signature-256$/i.test(header)
      ? { scheme: "github", secret }
      : { scheme: "hmac", header, algorithm, prefix: `${algorithm}=`, secret };
    if (!/^x-hub-signature/i.test(header))
      hook.notes.push(
        `${header} is expected with ${algorithm}= before the signature: remove prefix if there is none`,
      );
    hook.secrets[variable] = match.secret;
    return true;
  }
  if (
    match.type === "value" &&
    isHeader &&
    typeof match.value === "string" &&
    isCredential(String(parameter.name))
  ) {
    hook.source.verify = { scheme: "token", header: String(parameter.name), secret: `\${${variable}}` };
    hook.secrets[variable] = match.value;
    return true;
  }
  return false;
}

function isCredential(header: string): boolean {
  return /token|secret|authorization|signature|api-?key|password/i.test(header);
}

/** In CEL; undefined for what has no expression, which is noted. */
function expression(rule: unknown, hook: Hook): string | undefined {
  if (!isObject(rule)) return undefined;
  for (const [key, operator] of [
    ["and", " && "],
    ["or", " || "],
  ] as const) {
    const list = rule[key];
    if (!Array.isArray(list)) continue;
    const parts = list.map((one) => expression(one, hook));
    // With a part that cannot be asked, an `or` would be narrower, and an `and` is only wider.
    if (key === "or" && parts.includes(undefined)) return undefined;
    const known = parts.filter((part) => part !== undefined);
    return known.length === 0 ? undefined : `(${known.join(operator)})`;
  }
  if (rule.not !== undefined) {
    const inner = expression(rule.not, hook);
    return inner === undefined ? undefined : `!(${inner})`;
  }
  return isObject(rule.match) ? matchExpression(rule.match, hook) : undefined;
}

function matchExpression(match: Values, hook: Hook): string | undefined {
  const parameter = isObject(match.parameter) ? match.parameter : {};
  const isComparison = match.type === "value" || match.type === "regex";
  const path = isComparison ? pathOf(parameter, hook) : undefined;
  if (isComparison && path === undefined) return undefined;
  // A value that is missing makes the expression fail, which is a no, as with adnanh/webhook.
  if (match.type === "value") return `string(${path?.cel}) == ${JSON.stringify(String(match.value ?? ""))}`;
  if (match.type === "regex")
    return `string(${path?.cel}).matches(${JSON.stringify(String(match.regex ?? ""))})`;
  hook.notes.push(`a rule of type ${String(match.type)} is not carried over: write verify: for it`);
  return undefined;
}

interface Path {
  readonly cel: string;
  readonly template: string;
}

/** Where a request value is here. */
function pathOf(parameter: Values, hook: Hook): Path | undefined {
  const name = String(parameter.name ?? "");
  const root = roots.get(String(parameter.source));
  const steps = root === "headers" ? [name.toLowerCase()] : name.split(".");
  const isPlain = steps.every((step) => /^[A-Za-z0-9_-]+$/.test(step));
  if (root === undefined || name === "" || !isPlain) {
    if (parameter.source !== "entire-payload" && parameter.source !== "string")
      hook.notes.push(`the value ${String(parameter.source)} ${name} is not carried over`);
    return undefined;
  }
  const cel = steps.reduce(
    (path, step) =>
      /^\d+$/.test(step)
        ? `${path}[${step}]`
        : /^[A-Za-z_]\w*$/.test(step)
          ? `${path}.${step}`
          : `${path}["${step}"]`,
    root,
  );
  return { cel, template: `{{${[root, ...steps].join(".")}}}` };
}

/** The arguments of the command are what its author found worth knowing. */
function contentOf(value: Values, hook: Hook): string {
  const list = value["pass-arguments-to-command"];
  const lines = (Array.isArray(list) ? list : []).filter(isObject).flatMap((argument) => {
    const path = pathOf(argument, hook);
    return path === undefined ? [] : [`${String(argument.name)}: ${path.template}`];
  });
  return lines.length === 0 ? `${hook.name}\n{{json data}}` : [hook.name, ...lines].join("\n");
}
