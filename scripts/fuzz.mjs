// Runs every property test with a fresh seed for minutes in place of a few hundred cases: npm run fuzz [-- MINUTES [SEED]]. Exits 1 when one
// fails; vitest prints the seed and path that repeat it.
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const [minutes = "5", seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
if (!(Number(minutes) > 0) || !Number.isInteger(Number(seed))) {
  console.error("npm run fuzz [-- MINUTES [SEED]]");
  process.exit(2);
}

const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => join("test", file))
  .map((file) => ({ file, count: readFileSync(join(root, file), "utf8").split("fc.assert(").length - 1 }))
  .filter(({ count }) => count > 0);
const properties = files.reduce((sum, { count }) => sum + count, 0);
const msEach = Math.max(200, Math.round((Number(minutes) * 60_000) / properties));
console.log(`${properties} properties in ${files.length} files, ${msEach} ms each, seed ${seed}`);

const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "--testTimeout",
    String(msEach * 20 + 60_000),
    ...files.map(({ file }) => file),
  ],
  { cwd: root, stdio: "inherit", env: { ...process.env, FUZZ_MS: String(msEach), FUZZ_SEED: seed } },
);
process.exit(status ?? 1);
