// Parts of the router, bundled from the source, to be measured without the router around them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** `exports`: statements that export them, with paths from the root of the project. */
export async function loadSource(exports) {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-bench-"));
  try {
    const outfile = join(folder, "parts.mjs");
    await build({
      stdin: { contents: exports.join("\n"), resolveDir: root, loader: "ts" },
      ...{ bundle: true, platform: "node", format: "esm", logLevel: "error", outfile },
    });
    return await import(pathToFileURL(outfile));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
