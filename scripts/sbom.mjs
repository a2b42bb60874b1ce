// Writes dist/sbom.cdx.json, the bill of materials of what is published (CycloneDX), before a package is made.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const sbom = execFileSync("npm", ["sbom", "--omit=dev", "--sbom-format=cyclonedx"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 1024 * 1024,
});
writeFileSync(`${root}dist/sbom.cdx.json`, sbom);
