// Builds dist/: one entry that node runs directly, chunks beside it that are loaded when needed, and the types.
// `--no-types` leaves the types out (the test suite needs only the program).
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeNotices } from "./notices.mjs";
import { validators } from "./validators.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version, peerDependencies } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

// Chunks of earlier builds stay for a day: processes that run may load them yet.
mkdirSync(`${root}dist/chunks`, { recursive: true });
for (const chunk of readdirSync(`${root}dist/chunks`)) {
  const path = `${root}dist/chunks/${chunk}`;
  if (Date.now() - statSync(path).mtimeMs > 24 * 60 * 60 * 1_000) rmSync(path);
}
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { "channel-router": "src/main.ts" },
  outdir: "dist",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  // Identifiers stay as they are: stack traces are for reading, and keeping names otherwise costs at run time.
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "linked",
  // Optional peers: whoever uses such a source installs its client.
  external: Object.keys(peerDependencies),
  define: { __VERSION__: JSON.stringify(version) },
  banner: {
    // CommonJS packages inside an ES module bundle ask for `require`; the names must not collide with bundled ones.
    js: 'import{createRequire as __crCreateRequire}from"node:module";const require=__crCreateRequire(import.meta.url);',
  },
  plugins: [validators],
  logLevel: "warning",
  metafile: true,
});
chmodSync(`${root}dist/channel-router.js`, 0o755);
writeNotices(root, metafile);

if (!process.argv.includes("--no-types")) {
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  if (existsSync(tsc))
    execFileSync(process.execPath, [tsc, "-p", `${root}tsconfig.build.json`], { stdio: "inherit" });
}
