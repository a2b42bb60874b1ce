// The files that `${file:PATH}` names: secrets mounted by an orchestrator, keys, tokens. Each is read once per load.

import { resolve } from "node:path";
import { absent, type FileReading, readBounded } from "./bounded-file.ts";
import { type EnvironmentVariables, expandHome } from "./places.ts";

const maxValueBytes = 64 * 1024;

export interface ValueFiles {
  /** The trimmed text. A relative path starts at `folder`. */
  read(path: string): { readonly text: string } | (FileReading & { readonly ok: false });
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

export function openValueFiles(folder: string, env: EnvironmentVariables): ValueFiles {
  const files: { path: string; sha256: string }[] = [];
  const known = new Map<string, { text: string } | (FileReading & { ok: false })>();
  return {
    files,
    read(written) {
      const path = resolve(folder, expandHome(written, env));
      const earlier = known.get(path);
      if (earlier !== undefined) return earlier;
      const reading = readBounded(path, maxValueBytes);
      files.push({ path, sha256: reading.ok ? reading.sha256 : absent });
      const result = reading.ok ? decoded(reading.bytes) : reading;
      known.set(path, result);
      return result;
    },
  };
}

function decoded(bytes: Buffer): { text: string } | (FileReading & { ok: false }) {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim() };
  } catch {
    // The one thing that `decode` throws for.
    return { ok: false, missing: false, problem: "is not UTF-8 text" };
  }
}
