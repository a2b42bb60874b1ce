// Translates the settings of Claude Code's official chat plugins (telegram 0.0.7, discord 0.0.4, imessage 0.1.0): `access.json`
// and `.env` in `~/.claude/channels/<type>`. Pure; their format is read from the plugins' source of August 2026.

import { parseDotenv } from "../../config/variables/dotenv.ts";
import type { Json } from "../../contract.ts";
import { isObject } from "../../json.ts";
import type { ImportedConfig } from "./imported-config.ts";

export const officialPlugins = ["telegram", "discord", "imessage"] as const;

export type PluginType = (typeof officialPlugins)[number];

export interface PluginFiles {
  /** Undefined where there is none: the plugin's defaults. */
  readonly access: string | undefined;
  readonly env: string | undefined;
}

const tokens: Readonly<Partial<Record<PluginType, string>>> = {
  telegram: "TELEGRAM_BOT_TOKEN",
  discord: "DISCORD_BOT_TOKEN",
};

/** Throws a SyntaxError when `access` is not JSON. */
export function importPlugin(type: PluginType, { access, env }: PluginFiles): ImportedConfig {
  const parsed: unknown = access === undefined ? {} : JSON.parse(access);
  const settings = isObject(parsed) ? parsed : {};
  const notes: string[] = [];
  const token = tokens[type];
  const source: Record<string, Json> = { type };
  if (token !== undefined) source.token = `\${${token}}`;
  source.access = readAccess(type, settings, notes);
  readLooks(type, settings, source, notes);
  const pending = isObject(settings.pending) ? Object.keys(settings.pending).length : 0;
  if (pending === 1) notes.push("1 open pairing code: its owner writes to the bot again");
  if (pending > 1) notes.push(`${pending} open pairing codes: their owners write to the bot again`);
  const variables = parseDotenv(env ?? "").variables;
  const value = token === undefined ? undefined : variables[token];
  if (type === "imessage") readMessages(variables, source, notes);
  return {
    config: { version: 1, sources: { [type]: source } },
    secrets: token === undefined || value === undefined || value === "" ? {} : { [token]: value },
    notes,
  };
}

function readAccess(type: PluginType, settings: Readonly<Record<string, unknown>>, notes: string[]): Json {
  const access: Record<string, Json> = {};
  const usual = type === "imessage" ? "allowlist" : "pairing";
  const policy = settings.dmPolicy ?? usual;
  if (policy === "pairing" || policy === "allowlist" || policy === "disabled") access.dm = policy;
  else notes.push(`dmPolicy ${JSON.stringify(policy)} is unknown: ${usual} is used`);
  const allow = texts(settings.allowFrom);
  if (allow.length > 0) access.allow = allow;
  const groups: Record<string, Json> = {};
  for (const [id, value] of Object.entries(isObject(settings.groups) ? settings.groups : {})) {
    const group = isObject(value) ? value : {};
    const members = texts(group.allowFrom);
    groups[id] = { ...(group.requireMention === false && { mention: false }), allow: members };
    if (members.length === 0)
      notes.push(`group ${id} took messages of every member; here each one is listed in its allow`);
  }
  if (Object.keys(groups).length > 0) access.groups = groups;
  const patterns = texts(settings.mentionPatterns).map((pattern) => `(?i)${pattern}`);
  const good = patterns.filter(isPattern);
  if (good.length > 0) access.mention_patterns = good;
  for (const bad of patterns.filter((pattern) => !good.includes(pattern)))
    notes.push(`the mention pattern ${bad.slice(4)} uses what RE2 does not have`);
  return access;
}

/** How messages look. */
function readLooks(
  type: PluginType,
  settings: Readonly<Record<string, unknown>>,
  source: Record<string, Json>,
  notes: string[],
): void {
  const { ackReaction, replyToMode, textChunkLimit, chunkMode } = settings;
  if (typeof ackReaction === "string" && ackReaction !== "" && type !== "imessage")
    source.ack_reaction = ackReaction;
  const quote = new Map([
    ["off", "none"],
    ["first", "first"],
    ["all", "all"],
  ]).get(String(replyToMode));
  if (type === "telegram" && quote !== undefined && quote !== "first") source.quote = quote;
  else if (replyToMode !== undefined && replyToMode !== "first" && type !== "telegram")
    notes.push(`replyToMode ${String(replyToMode)}: Claude decides what it quotes`);
  if (typeof textChunkLimit === "number") {
    if (type === "telegram" && textChunkLimit >= 1 && textChunkLimit < 4096)
      source.part_length = Math.floor(textChunkLimit);
    else if (type !== "telegram") notes.push("textChunkLimit: the platform's own limit is used");
  }
  if (chunkMode === "length")
    notes.push("chunkMode length: texts are split between paragraphs, lines or words");
}

function readMessages(
  variables: Readonly<Record<string, string>>,
  source: Record<string, Json>,
  notes: string[],
): void {
  if (variables.IMESSAGE_DB_PATH) source.database = variables.IMESSAGE_DB_PATH;
  if (variables.IMESSAGE_ALLOW_SMS === "true") source.services = ["iMessage", "SMS", "RCS"];
  if (variables.IMESSAGE_APPEND_SIGNATURE === "false") return;
  source.signature = "Sent by Claude";
  notes.push("the signature that the plugin adds is kept: remove signature to send none");
}

/** RE2 has neither lookaround nor references to groups. */
function isPattern(pattern: string): boolean {
  return !/\(\?<?[=!]|\\[1-9k]/.test(pattern);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
