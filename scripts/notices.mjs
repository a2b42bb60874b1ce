// Writes dist/THIRD-PARTY-NOTICES.txt: every package whose code is in the bundle, with its licence. Fails for one without a licence text.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `metafile`: esbuild's, of the bundle. */
export function writeNotices(root, { inputs }) {
  const folders = new Set(
    Object.keys(inputs).flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  // A package may carry another one's code in its own folder, without a package.json: its licence is in the outer package.
  const packages = [...folders].filter((folder) => existsSync(join(root, folder, "package.json")));
  const notices = packages.sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
    return `${name} ${version} (${license})\n\n${licenceOf(join(root, folder), name)}\n`;
  });
  const rule = `${"-".repeat(80)}\n\n`;
  writeFileSync(
    join(root, "dist/THIRD-PARTY-NOTICES.txt"),
    `dist/ contains code of these packages.\n\n${rule}${notices.join(rule)}`,
  );
}

function licenceOf(folder, name) {
  const file = readdirSync(folder).find((one) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(one));
  if (file !== undefined) return readFileSync(join(folder, file), "utf8").trim();
  const readme = join(folder, "README.md");
  const section = existsSync(readme)
    ? /\n#+ Licen[cs]e[^\n]*\n([\s\S]+?)(?=\n#|$)/i.exec(readFileSync(readme, "utf8"))?.[1]
    : undefined;
  if (section === undefined) throw new Error(`${name} is in the bundle, and its package has no licence text`);
  return section.trim();
}
