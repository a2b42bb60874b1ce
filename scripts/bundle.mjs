// How rolldown bundles the program, for the build and for a copy that is measured.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { viteValidators } from "./validators.mjs";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const { version, optionalLibraries } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** `plugins` come after the one that makes the validators. */
export function bundleOptions(plugins) {
  return {
    cwd: root,
    input: { "channel-router": "src/main.ts" },
    platform: "node",
    // The clients of chats and mail, which `channel-router add` installs.
    external: optionalLibraries,
    transform: { target: "node20.19", define: { __VERSION__: JSON.stringify(version) } },
    plugins: [viteValidators(), ...plugins],
    preserveEntrySignatures: false,
    checks: { ineffectiveDynamicImport: false },
    logLevel: "warn",
  };
}
