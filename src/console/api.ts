// `POST /api/COMMAND`: which commands there are, what a read-only console refuses, and what leaves unmasked.

import type { Json, JsonObject } from "../contract.ts";
import { maskAll } from "../host/secret-mask.ts";
import { browserCommands } from "./commands/browsers.ts";
import { configCommands } from "./commands/config.ts";
import { consentCommands } from "./commands/consent.ts";
import { eventCommands } from "./commands/event.ts";
import { overviewCommands } from "./commands/overview.ts";
import type { CommandCall, OwnCommands } from "./commands/own-commands.ts";
import { promptCommands } from "./commands/prompts.ts";
import { trialCommands } from "./commands/trial-commands.ts";
import { ConsoleFailure } from "./failure.ts";
import type { ConsoleCommand, SharedCommand } from "./protocol.ts";

const own: OwnCommands = {
  ...eventCommands,
  ...configCommands,
  ...browserCommands,
  ...consentCommands,
  ...promptCommands,
  ...overviewCommands,
  ...trialCommands,
};

const shared: ReadonlySet<string> = new Set<SharedCommand>([
  "status",
  "sessions",
  "events",
  "why",
  "recall",
  "replay",
  "send",
  "silence",
  "access",
  "powers",
  "reload",
]);

const changing: ReadonlySet<string> = new Set<ConsoleCommand>([
  "replay",
  "send",
  "silence",
  "reload",
  "save",
  "answer_prompt",
  "agree",
  "revoke",
]);

/** With a text of the user in their arguments. */
const large: ReadonlySet<string> = new Set<ConsoleCommand>([
  "send",
  "try",
  "compare",
  "save",
  "propose_channel",
  "make_test",
]);
const heavy: ReadonlySet<string> = new Set<ConsoleCommand>([
  "try",
  "compare",
  "save",
  "propose_channel",
  "make_test",
  "make_recipe",
  "event",
  "why",
]);

/**
 * What a user decides about is shown as it is: inserted values are hidden in it already, and a config that
 * declares a text a secret could hide it. The schema is the program's own.
 */
const unmasked: Readonly<Record<string, readonly string[]>> = {
  consent: ["powers", "contents"],
  agree: ["powers", "contents"],
  prompts: ["prompts"],
  config: ["schema", "sha256"],
};

export function isCommand(name: string): boolean {
  return shared.has(name) || changing.has(name) || Object.hasOwn(own, name);
}

export const isHeavy = (name: string): boolean => heavy.has(name);

export function maxBytesOf(name: string): number {
  return large.has(name) ? 2 * 1024 * 1024 : 64 * 1024;
}

/** The answer as it may leave. */
export async function runCommand(name: string, args: JsonObject, call: CommandCall): Promise<Json> {
  if (call.settings.readOnly && (changing.has(name) || (name === "access" && !isList(args))))
    throw new ConsoleFailure(
      403,
      "read_only",
      "this console is read-only",
      "console.read_only is set in the config",
    );
  if (shared.has(name)) return call.host.control(name, withoutFollow(args), async () => {}, call.signal);
  const command = own[name as keyof OwnCommands] as
    | ((args: JsonObject, call: CommandCall) => Promise<unknown>)
    | undefined;
  if (command === undefined)
    throw new ConsoleFailure(404, "unknown_command", `no command "${name.slice(0, 40)}"`);
  const answer = await command(args, call);
  const masked = maskAll(answer, call.host.mask) as JsonObject;
  const plain = answer as JsonObject;
  for (const key of unmasked[name] ?? []) if (plain[key] !== undefined) masked[key] = plain[key];
  return masked;
}

function isList({ request }: JsonObject): boolean {
  return (request as JsonObject | undefined)?.do === "list";
}

/** The stream follows; a command answers once. */
function withoutFollow({ follow: _, ...args }: JsonObject): JsonObject {
  return args;
}
