// Runs the suites of cases and prints their scores: npm run suites [-- --write]. Exits 1 when a score falls below test/suites/scores.json;
// --write makes the present scores those that must not fall. SUITES_FOLDER names a folder with checkouts of public suites.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const args = process.argv.slice(2);
if (args.some((one) => one !== "--write")) {
  console.error("npm run suites [-- --write]");
  process.exit(2);
}
const write = args.includes("--write") ? { SUITES_WRITE: "1" } : {};
const { status } = spawnSync(
  process.execPath,
  [
    join(root, "node_modules/vitest/vitest.mjs"),
    "run",
    "test/suites/suites.test.ts",
    "--disable-console-intercept",
  ],
  { cwd: root, stdio: "inherit", env: { ...process.env, SUITES: "print", ...write } },
);
process.exit(status ?? 1);
