// Builds the bundle once before the suite, so that every test of the spawned program runs today's source.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export function setup(): void {
  const script = fileURLToPath(new URL("../../scripts/build.mjs", import.meta.url));
  execFileSync(process.execPath, [script, "--no-types"], { stdio: ["ignore", "ignore", "inherit"] });
}
