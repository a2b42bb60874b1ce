// Builds the bundle before the suite where it is older than a source, so that every test of the spawned program runs today's source.
import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export function setup(): void {
  if (isFresh()) return;
  const script = join(root, "scripts/build.mjs");
  execFileSync(process.execPath, [script, "--no-types"], { stdio: ["ignore", "ignore", "inherit"] });
}

function isFresh(): boolean {
  try {
    const builtMs = statSync(join(root, "dist/channel-router.js")).mtimeMs;
    // A file that was removed changed its folder.
    const sources = ["src", "scripts", "package.json", "package-lock.json"].flatMap(below);
    return sources.every((path) => statSync(path).mtimeMs < builtMs);
  } catch {
    return false;
  }
}

function below(name: string): string[] {
  const path = join(root, name);
  if (!statSync(path).isDirectory()) return [path];
  return [
    path,
    ...readdirSync(path, { recursive: true, encoding: "utf8" }).map((inner) => join(path, inner)),
  ];
}
