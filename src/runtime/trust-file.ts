// What a person said about the powers of one config file, on disk. A file that cannot be understood says nothing: then
// nothing is trusted. Decides nothing and asks nobody.

import { readFile } from "node:fs/promises";
import { writeStateFile } from "./state-file.ts";

export type Answer = "trusted" | "declined";

export interface TrustPlace {
  /** The file itself. */
  readonly file: string;
  /** Real path of the config file that it is about. */
  readonly config: string;
}

/** A power as it was shown. */
export interface Asked {
  readonly power: string;
  readonly value: string;
  readonly component: string;
  readonly hash: string;
}

interface Remembered extends Asked {
  readonly answer: Answer;
  /** RFC 3339. */
  readonly time: string;
}

export interface TrustMemory {
  /** By hash, the latest last. */
  readonly answers: ReadonlyMap<string, Remembered>;
  /** Why the file counts for nothing. */
  readonly damage?: string;
}

/** Answers to powers that the config no longer asks for are kept, so that an edit and its undoing ask nothing anew. */
const maxAnswers = 200;

/** Never rejects. */
export async function readTrust({ file, config }: TrustPlace): Promise<TrustMemory> {
  try {
    return { answers: readAnswers(JSON.parse(await readFile(file, "utf8")), config) };
  } catch (error) {
    const none = new Map<string, Remembered>();
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { answers: none };
    return {
      answers: none,
      damage: `${file} cannot be used, so nothing is trusted: ${(error as Error).message}`,
    };
  }
}

/** Rejects when the state folder cannot be written. */
export async function writeAnswer(
  place: TrustPlace,
  powers: readonly Asked[],
  answer: Answer,
  nowMs: number,
): Promise<void> {
  const answers = new Map((await readTrust(place)).answers);
  const time = new Date(nowMs).toISOString();
  for (const { power, value, component, hash } of powers) {
    answers.delete(hash);
    answers.set(hash, { power, value, component, hash, answer, time });
  }
  await write(place, [...answers.values()].slice(-maxAnswers));
}

/** Every answer is forgotten, a `declined` too. Rejects when the state folder cannot be written. */
export async function forgetAnswers(place: TrustPlace): Promise<void> {
  await write(place, []);
}

async function write({ file, config }: TrustPlace, powers: readonly Remembered[]): Promise<void> {
  await writeStateFile(file, `${JSON.stringify({ version: 1, config, powers }, null, 2)}\n`);
}

function readAnswers(content: unknown, config: string): Map<string, Remembered> {
  const { version, config: about, powers } = (content ?? {}) as Record<string, unknown>;
  if (version !== 1 || !Array.isArray(powers)) throw new Error("it is not what this version writes");
  if (about !== config) throw new Error("it is about another config file");
  return new Map(
    powers.map((one: unknown) => {
      if (!isRemembered(one)) throw new Error("it is not what this version writes");
      return [one.hash, one];
    }),
  );
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== "object" || value === null) return false;
  const { hash, answer } = value as Partial<Remembered>;
  return typeof hash === "string" && (answer === "trusted" || answer === "declined");
}
