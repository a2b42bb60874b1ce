// The state folder: private, writable, on a disk with room. A missing folder is checked where it would be
// created.

import { constants } from "node:fs";
import { access, lstat, readdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { stateFolder, stateRoot } from "../../config/paths.ts";
import { journalFault } from "../../journal/newer-format.ts";
import { countOf } from "../../text/clip.ts";
import { printBytes } from "../times.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";

const little = 100 * 1024 * 1024;
const tooLittle = 5 * 1024 * 1024;
const maxLooked = 2_000;

export async function checkStateFolder(
  patient: Pick<CheckInput, "env" | "config" | "platform" | "router" | "status">,
): Promise<Finding> {
  const { env, config, platform } = patient;
  const folder =
    patient.router?.folder ??
    answered(patient.status)?.folder ??
    (config.file === undefined ? stateRoot(env) : stateFolder(env, config.file));
  const name = "state folder";
  const { nearest, inTheWay } = await nearestFolder(folder);
  if (inTheWay !== undefined) {
    return {
      name,
      state: "fail",
      detail: `${inTheWay} is not a folder, so events cannot be stored`,
      todo: "move it away, or set CHANNEL_ROUTER_STATE_DIR to a folder of yours",
    };
  }
  try {
    await access(nearest, constants.W_OK | constants.X_OK);
  } catch {
    return {
      name,
      state: "fail",
      detail: `${nearest} cannot be written, so events cannot be stored`,
      todo: `chown or chmod it, or set CHANNEL_ROUTER_STATE_DIR to a folder of yours`,
    };
  }
  const { bavail, bsize } = await statfs(nearest);
  const free = bavail * bsize;
  if (free < little) {
    return {
      name,
      state: free < tooLittle ? "fail" : "warn",
      detail: `${folder}: only ${printBytes(free)} free`,
      todo: "make room, or lower delivery.max_size; while the disk is full events are refused with 503",
    };
  }
  if (nearest !== folder)
    return { name, state: "ok", detail: `${folder} will be created; ${printBytes(free)} free` };
  const fault = await journalFault(join(folder, "journal"));
  if (fault !== undefined) {
    return {
      name,
      state: "fail",
      detail: `${folder}: ${fault}`,
      todo: "run the version that wrote it, or make its files readable; nothing in it is changed until then",
    };
  }
  if (await isThere(join(folder, ".env"))) {
    return {
      name,
      state: "warn",
      detail: `${join(folder, ".env")} is not read`,
      todo: `move its lines to ${join(stateRoot(env), ".env")}, which all configs share`,
    };
  }
  const open = platform === "win32" ? [] : await openToOthers(folder, join(stateRoot(env), ".env"));
  if (open.length > 0) {
    const more = open.length === 1 ? "" : ` and ${countOf(open.length - 1, "other")}`;
    return {
      name,
      state: "fail",
      detail: `other users may read ${open[0]}${more}`,
      todo: `chmod -R go-rwx ${dirname(folder)}`,
    };
  }
  return { name, state: "ok", detail: `${folder}: private, ${printBytes(free)} free` };
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** `inTheWay`: a file at a path where a folder would have to be created. */
async function nearestFolder(folder: string): Promise<{ nearest: string; inTheWay?: string }> {
  for (let path = folder; ; path = dirname(path)) {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && !found.isDirectory()) return { nearest: dirname(path), inTheWay: path };
    if (found !== undefined || path === dirname(path)) return { nearest: path };
  }
}

/**
 * Paths that anybody but the owning user has any right to; `secrets` is the user's `.env`, which all configs
 * share.
 */
async function openToOthers(folder: string, secrets: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const paths = [secrets, folder, ...names.slice(0, maxLooked).map((name) => join(folder, name))];
  const looked = await Promise.all(
    paths.map(async (path) => {
      const found = await lstat(path).catch(() => undefined); // Removed meanwhile.
      return found !== undefined && !found.isSymbolicLink() && (found.mode & 0o077) !== 0 ? [path] : [];
    }),
  );
  return looked.flat();
}
