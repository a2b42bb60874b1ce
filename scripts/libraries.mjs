// Writes dist/libraries.json: for each chat type, and for traces, the lock file with which `channel-router add` installs its libraries. It is cut out
// of our own lock file, so users get what was tested, each package checked against its hash.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { load } from "./validators.mjs";

export async function writeLibraries(root) {
  const { packages: locked } = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8"));
  const locks = {};
  const folders = readdirSync(`${root}src/connectors`).map((type) => `src/connectors/${type}`);
  for (const folder of [...folders, "src/daemon/traces"]) {
    const path = `${folder}/packages.ts`;
    const text = readIfThere(root + path);
    if (text === undefined) continue;
    const { type, packages } = (await load(path)).module.libraries;
    for (const [name, version] of Object.entries(packages))
      if (locked[`node_modules/${name}`]?.version !== version)
        throw new Error(`${path}: ${name} ${version} is not the version of package-lock.json`);
    locks[type] = lockOf(type, packages, locked);
  }
  writeFileSync(`${root}dist/libraries.json`, `${JSON.stringify(locks)}\n`);
}

/** For `npm ci`; the rest is in the packages themselves. */
const unneeded = new Set(["dev", "peer", "devOptional", "license", "funding", "engines"]);

function lockOf(type, packages, locked) {
  const name = `channel-router-${type}`;
  const found = { "": { name, dependencies: packages } };
  const todo = Object.keys(packages).map((one) => ["", one]);
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const path = pathOf(...next, locked);
    if (path === undefined || found[path] !== undefined) continue; // An optional one that is not installed.
    const entry = locked[path];
    found[path] = Object.fromEntries(Object.entries(entry).filter(([key]) => !unneeded.has(key)));
    const optionalPeers = Object.entries(entry.peerDependenciesMeta ?? {}).flatMap(([peer, { optional }]) =>
      optional ? [peer] : [],
    );
    const needed = { ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies };
    for (const one of Object.keys(needed)) if (!optionalPeers.includes(one)) todo.push([path, one]);
  }
  return { name, lockfileVersion: 3, requires: true, packages: found };
}

/** Where Node finds a package that is imported from `from`: in the nearest node_modules. */
function pathOf(from, name, locked) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (locked[path] !== undefined) return path;
    if (folder === "") return undefined;
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
