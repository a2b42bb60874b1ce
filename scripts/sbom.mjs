// Writes dist/sbom.cdx.json, the bill of materials of what is published (CycloneDX): the packages whose code is in the bundle. npm's own
// `npm sbom` lists the dependencies that an installation adds, and there are none.
import { readFileSync, writeFileSync } from "node:fs";

/** `packages`: of `bundledPackages`. */
export function writeSbom(root, packages) {
  const { name, version, license } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  const component = ({ name, version, license }, type) => ({
    type,
    "bom-ref": purl(name, version),
    name,
    version,
    licenses: [/ (OR|AND) /.test(license) ? { expression: license } : { license: { id: license } }],
    purl: purl(name, version),
  });
  const sbom = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: component({ name, version, license }, "application") },
    components: packages.map((one) => component(one, "library")),
  };
  writeFileSync(`${root}dist/sbom.cdx.json`, `${JSON.stringify(sbom, null, 1)}\n`);
}

function purl(name, version) {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}
