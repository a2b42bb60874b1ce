// Log lines for the user on stderr, or in the file that stderr leads to. A session's router logs nothing while all is well: the
// client keeps every byte of a server's stderr.

import type { Log } from "../contract.ts";
import { UsageError } from "../errors.ts";
import { createMask } from "../host/secret-mask.ts";
import { line, ownWords, type SafeLine, type SafeText } from "../text.ts";

/** From the most to the least. A level includes the ones after it. */
export const logLevels = ["info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ["text", "json"] as const;
export type LogFormat = (typeof logFormats)[number];

export interface LogSettings {
  readonly level: LogLevel;
  /** Absent: text. */
  readonly format?: LogFormat;
}

interface LogOptions extends Partial<LogSettings> {
  /** Texts that must never appear; read for each line. */
  readonly secrets: () => readonly string[];
  readonly write?: (text: string) => void;
  /** Milliseconds since the epoch. Lines of text have a time only with it; JSON always has one. */
  readonly now?: () => number;
}

/** Entries below `level` are dropped; the default is all. */
export function createLog(options: LogOptions): Log {
  const { secrets, level = "info", format = "text", now } = options;
  const write = options.write ?? ((text: string) => process.stderr.write(text));
  const time = () => new Date((now ?? Date.now)()).toISOString();
  const entry = (of: LogLevel, label: SafeLine) => (shown: SafeText) => {
    if (logLevels.indexOf(of) < logLevels.indexOf(level)) return;
    // The types guarantee that it is clean; this is a second check, also for text that the mask combined.
    const clean = ownWords(createMask(secrets())(shown));
    if (format === "json") return write(`${JSON.stringify({ time: time(), level: of, message: clean })}\n`);
    const start = now === undefined ? "channel-router:" : time();
    // Continuation lines are indented, to set them apart from the next entry.
    write(`${start} ${label}${clean.replaceAll(/\n(?=\S)/g, "\n  ")}\n`);
  };
  return {
    info: entry("info", line``),
    warn: entry("warn", line`warning: `),
    error: entry("error", line`error: `),
  };
}

/**
 * The options of a command, else `CHANNEL_ROUTER_LOG` (`warn`, `json`, or `warn,json`), else everything as text. Throws a
 * UsageError for an unknown word. With `onUnknown` one in the variable is reported and ignored: a server must start.
 */
export function logSettings(
  env: Readonly<NodeJS.ProcessEnv>,
  options: { readonly logLevel?: string | undefined; readonly logFormat?: string | undefined } = {},
  onUnknown?: (problem: SafeLine) => void,
): LogSettings {
  const settings: { level: LogLevel; format?: LogFormat } = { level: "info" };
  const set = (word: string, words: readonly string[]): boolean => {
    const level = logLevels.find((one) => one === word && words.includes(one));
    const format = logFormats.find((one) => one === word && words.includes(one));
    if (level !== undefined) settings.level = level;
    if (format !== undefined) settings.format = format;
    return level !== undefined || format !== undefined;
  };
  const unknown = (word: string, from: string, words: readonly string[]) =>
    new UsageError("E_USAGE", `${from}: unknown value "${word}"`, { hint: `one of: ${words.join(", ")}` });

  const words = [...logLevels, ...logFormats];
  for (const word of (env.CHANNEL_ROUTER_LOG ?? "").split(",").map((one) => one.trim())) {
    if (word === "" || set(word, words)) continue;
    const problem = unknown(word, "CHANNEL_ROUTER_LOG", words);
    if (onUnknown === undefined) throw problem;
    onUnknown(line`${problem.message}, which is ignored; ${problem.hint ?? ""}`);
  }
  const { logLevel, logFormat } = options;
  if (logLevel !== undefined && !set(logLevel, logLevels)) throw unknown(logLevel, "--log-level", logLevels);
  if (logFormat !== undefined && !set(logFormat, logFormats))
    throw unknown(logFormat, "--log-format", logFormats);
  return settings;
}
