// The log file of a router in the background. Its stderr leads to the same file, so that it also has what Node prints when the
// process crashes. A rotation therefore copies the file and empties it: a rename would take stderr along.

import { copyFileSync, fstatSync, ftruncateSync, statSync, writeSync } from "node:fs";

interface LogFileOptions {
  readonly path: string;
  /** The descriptor that is open for appending to it. */
  readonly fd: number;
  /** Above this size the contents move to `<path>.1`, those to `<path>.2`, and so on. */
  readonly maxBytes: number;
  /** How many earlier files are kept. */
  readonly keep: number;
}

/**
 * Gives a function that writes to the file, and rotates it first where the text would make it too large. Synchronous: a line
 * about the end of a process must be in the file before it ends. A full disk loses lines and never throws.
 */
export function openLogFile({ path, fd, maxBytes, keep }: LogFileOptions): (text: string) => void {
  let bytes = sizeOf(fd);
  return (text) => {
    const length = Buffer.byteLength(text);
    try {
      if (bytes > 0 && bytes + length > maxBytes) {
        rotate();
        bytes = sizeOf(fd);
      }
      writeSync(fd, text);
      bytes += length;
    } catch {
      // There is no other place to report it. The next line tries again.
      bytes = sizeOf(fd);
    }
  };

  function rotate(): void {
    // A file that was moved or removed by others is not the one that the descriptor leads to: it is left alone.
    if (statSync(path, { throwIfNoEntry: false })?.ino !== fstatSync(fd).ino) return;
    for (let age = keep; age > 1; age--) copyIfThere(`${path}.${age - 1}`, `${path}.${age}`);
    copyFileSync(path, `${path}.1`);
    ftruncateSync(fd);
  }
}

function copyIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false }) !== undefined) copyFileSync(from, to);
}

function sizeOf(fd: number): number {
  try {
    return fstatSync(fd).size;
  } catch {
    return 0;
  }
}
