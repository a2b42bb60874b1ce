// Writes dist/fixtures.json: the payloads in recipes/fixtures/, which the tests of the recipes send, as one file for the package.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

export function writeFixtures(root) {
  const folder = `${root}recipes/fixtures`;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      `${parentPath}/${name}`.slice(root.length + "recipes/".length).replaceAll("\\", "/"),
    )
    .sort();
  const texts = files.map((file) => [file, readFileSync(`${root}recipes/${file}`, "utf8")]);
  writeFileSync(`${root}dist/fixtures.json`, `${JSON.stringify(Object.fromEntries(texts))}\n`);
}
