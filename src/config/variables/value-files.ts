// The files of `${file:PATH}`: secrets mounted by an orchestrator, keys, tokens. Each is read once per load.

import { resolve } from "node:path";
import { isWithin } from "../../within.ts";
import { type EnvironmentVariables, expandHome, projectFolder, realPath, stateRoot } from "../paths.ts";
import { absent, type FileResult, readBounded } from "../yaml/bounded-file.ts";

const maxValueBytes = 64 * 1024;

export interface ValueFile {
  /** Trimmed. */
  readonly text: string;
  /** Absolute, as named. */
  readonly path: string;
  readonly realPath: string;
  /** Its real path is in the project of the config; next to the user's own config it is the user's. */
  readonly inProject: boolean;
}

type Unread = FileResult & { readonly ok: false };

export interface ValueFiles {
  /** A relative path starts at `folder`. */
  read(path: string): ValueFile | Unread;
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

export function openValueFiles(folder: string, env: EnvironmentVariables): ValueFiles {
  const files: { path: string; sha256: string }[] = [];
  const known = new Map<string, ValueFile | Unread>();
  const project = projectFolder(folder, env);
  const isOwn = realPath(folder) === realPath(stateRoot(env));
  const originOf = (path: string): FileOrigin => {
    const real = realPath(path);
    return { path, realPath: real, inProject: !isOwn && isWithin(real, project) };
  };
  return {
    files,
    read(written) {
      const path = resolve(folder, expandHome(written, env));
      const earlier = known.get(path);
      if (earlier !== undefined) return earlier;
      const reading = readBounded(path, maxValueBytes);
      files.push({ path, sha256: reading.ok ? reading.sha256 : absent });
      const result = reading.ok ? decoded(reading.bytes, originOf(path)) : reading;
      known.set(path, result);
      return result;
    },
  };
}

type FileOrigin = Omit<ValueFile, "text">;

function decoded(bytes: Buffer, origin: FileOrigin): ValueFile | Unread {
  try {
    return { ...origin, text: new TextDecoder("utf-8", { fatal: true }).decode(bytes).trim() };
  } catch {
    // The only error of `decode`.
    return { ok: false, missing: false, problem: "is not UTF-8 text" };
  }
}
