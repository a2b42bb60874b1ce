// The program as it is built, with further source types: a test's own, which no released program knows.

import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { validators } from "../../scripts/validators.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface BuiltProgram {
  readonly program: string;
  remove(): Promise<void>;
}

/** `registry`: a file, from the root of the repository, that exports `connectors` in place of the real one. */
export async function buildWith(registry: string): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(root, "node_modules/.cr-built-"));
  await build({
    absWorkingDir: root,
    entryPoints: { "channel-router": "src/main.ts" },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: ["@discordjs/*", "@slack/*", "grammy"],
    define: { __VERSION__: '"0.0.0-test"' },
    banner: {
      js: 'import{createRequire as __crCreateRequire}from"node:module";const require=__crCreateRequire(import.meta.url);',
    },
    plugins: [
      validators,
      {
        name: "registry",
        setup(building) {
          building.onResolve({ filter: /connectors\/index\.ts$/ }, ({ importer }) =>
            importer.includes("/src/") ? { path: join(root, registry) } : undefined,
          );
        },
      },
    ],
    logLevel: "warning",
  });
  return {
    program: join(folder, "channel-router.mjs"),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
