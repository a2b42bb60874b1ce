// Writes dist/THIRD-PARTY-NOTICES.txt: every package whose code is in the bundle, with its licence. Fails for one without a licence text.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The packages whose code is in these chunks, by their folders. */
export function bundledPackages(root, output) {
  const modules = output.flatMap((chunk) => Object.keys(chunk.modules ?? {}));
  // Compiled from options, by way of esbuild: the modules do not name the parts of Ajv that validators use.
  const paths = [
    ...modules,
    join(root, "node_modules/ajv/package.json"),
    join(root, "node_modules/fast-deep-equal/package.json"),
  ];
  const folders = new Set(
    paths.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  // A package may carry another one's code in its own folder, without a package.json: its licence is in the outer package.
  return [...folders]
    .filter((folder) => existsSync(join(folder, "package.json")))
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return { name, version, license, folder };
    });
}

/** `packages`: of `bundledPackages`. */
export function writeNotices(root, packages) {
  const notices = packages.map(
    ({ name, version, license, folder }) =>
      `${name} ${version} (${license})\n\n${licenceOf(folder, name, root)}\n`,
  );
  const rule = `${"-".repeat(80)}\n\n`;
  writeFileSync(
    join(root, "dist/THIRD-PARTY-NOTICES.txt"),
    `dist/ contains code of these packages.\n\n${rule}${notices.join(rule)}`,
  );
}

function licenceOf(folder, name, root) {
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(one));
  if (file !== undefined) return readFileSync(join(folder, file), "utf8").trim();
  const readme = join(folder, "README.md");
  const section = existsSync(readme)
    ? /\n#+ Licen[cs]e[^\n]*\n([\s\S]+?)(?=\n#|$)/i.exec(readFileSync(readme, "utf8"))?.[1]
    : undefined;
  if (section === undefined) throw new Error(`${name} is in the bundle, and its package has no licence text`);
  if (section.trim() !== "MIT") return section.trim();
  // It names the licence and has no copy of it: the words are those of ours.
  const { author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const words = readFileSync(join(root, "LICENSE"), "utf8").replace(
    /^Copyright.*$/m,
    `Copyright (c) ${author?.name ?? author ?? name}`,
  );
  return words.trim();
}
