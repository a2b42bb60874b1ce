// Whether files still have the content that a load read.

import type { LoadedConfig } from "./values.ts";
import { absent, readBounded } from "./yaml/bounded-file.ts";

const maxBytes = 1024 * 1024;

/** The config file is included even when it was unreadable and is not among the files. */
export function isUnchanged({ file, files }: Pick<LoadedConfig, "file" | "files">): boolean {
  const all = files.some(({ path }) => path === file) ? files : [...files, { path: file, sha256: absent }];
  return all.every(({ path, sha256 }) => {
    const reading = readBounded(path, maxBytes);
    return (reading.ok ? reading.sha256 : absent) === sha256;
  });
}
