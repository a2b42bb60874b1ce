// What a release changes and checks. The version is in five files, and the heading of CHANGELOG.md gets a date.
//   node scripts/release.mjs 0.1.0                      writes version and date; the commit and the tag are the maintainer's
//   node scripts/release.mjs --check v0.1.0 OWNER/NAME  exits with 1 where a file and the tag, or the repository, differ
//   node scripts/release.mjs --notes v0.1.0             prints the section of CHANGELOG.md
//   node scripts/release.mjs --repository OWNER/NAME    writes where the repository is on GitHub into every file that says so
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const versionPattern = /^\d+\.\d+\.\d+(?:-[0-9a-z.-]+)?$/i;

/** Where the version is: paths of keys in JSON. */
const places = [
  ["package.json", ["version"]],
  ["package-lock.json", ["version"]],
  ["package-lock.json", ["packages", "", "version"]],
  [".claude-plugin/plugin.json", ["version"]],
  [".claude-plugin/marketplace.json", ["plugins", 0, "source", "version"]],
];

/** The files that say where the repository is; `repository` of package.json is the one that counts. */
export const repositoryFiles = ["package.json", "README.md", "docs/plugin.md"];
const mention = /(github\.com\/|marketplace add )([\w.<>-]+\/channel-router)\b/g;

/** The repositories that a text names in links and commands. */
export function repositoriesIn(text) {
  return [...text.matchAll(mention)].map(([, , repository]) => repository);
}

/** The text with every mention of the repository replaced. */
export function withRepository(text, repository) {
  return text.replaceAll(mention, (_, before) => before + repository);
}

/** The text with the heading of the unreleased section dated. Throws where there is none for this version. */
export function datedChangelog(text, version, date) {
  const heading = `## ${version} (unreleased)`;
  const lines = text.split("\n");
  const at = lines.indexOf(heading);
  if (at === -1) throw new Error(`CHANGELOG.md has no line "${heading}"`);
  lines[at] = `## ${version} (${date})`;
  return lines.join("\n");
}

/** The section of a version without its heading. Throws where there is none, or where it is not dated yet. */
export function releaseNotes(text, version) {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`## ${version} (`));
  if (start === -1) throw new Error(`CHANGELOG.md has no section for ${version}`);
  if (!/\(\d{4}-\d{2}-\d{2}\)$/.test(lines[start])) throw new Error(`${lines[start]}: the date is missing`);
  const end = lines.findIndex((line, index) => index > start && line.startsWith("## "));
  return `${lines
    .slice(start + 1, end === -1 ? undefined : end)
    .join("\n")
    .trim()}\n`;
}

/** What keeps the files, as texts by path, from being released as `tag` from `repository`; one line each. */
export function releaseProblems(read, tag, repository) {
  const version = versionOf(tag);
  const problems = places.flatMap(([path, keys]) => {
    const found = keys.reduce((value, key) => value?.[key], JSON.parse(read(path)));
    return found === version ? [] : [`${path}: ${keys.join(".")} is ${found}, the tag says ${version}`];
  });
  const url = JSON.parse(read("package.json")).repository?.url;
  // npm refuses provenance from another repository than the one that the package names.
  if (url !== `git+https://github.com/${repository}.git`)
    problems.push(`package.json: repository.url is ${url}, this is ${repository}`);
  for (const path of repositoryFiles)
    for (const named of new Set(repositoriesIn(read(path))))
      if (named !== repository) problems.push(`${path}: names ${named}, this is ${repository}`);
  try {
    releaseNotes(read("CHANGELOG.md"), version);
  } catch (error) {
    problems.push(error.message);
  }
  return problems;
}

function versionOf(tag) {
  const version = tag.replace(/^v/, "");
  if (!versionPattern.test(version)) throw new Error(`not a version: ${tag}`);
  return version;
}

function readRoot(path) {
  return readFileSync(root + path, "utf8");
}

function write(version) {
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(`${root}CHANGELOG.md`, datedChangelog(readRoot("CHANGELOG.md"), version, date));
  for (const [path, keys] of places) {
    const value = JSON.parse(readRoot(path));
    const holder = keys.slice(0, -1).reduce((inner, key) => inner[key], value);
    holder[keys.at(-1)] = version;
    writeFileSync(root + path, `${JSON.stringify(value, null, 2)}\n`);
  }
  console.log(`${version}, ${date}. Next: npm run format, commit, then git tag -s v${version}`);
}

function writeRepository(repository) {
  if (!/^[\w.-]+\/channel-router$/.test(repository))
    throw new Error(`not OWNER/channel-router: ${repository}`);
  for (const path of repositoryFiles) writeFileSync(root + path, withRepository(readRoot(path), repository));
}

function main([first = "", tag = "", repository = ""]) {
  if (first === "--notes") return console.log(releaseNotes(readRoot("CHANGELOG.md"), versionOf(tag)).trim());
  if (first === "--repository") return writeRepository(tag);
  if (first !== "--check") return write(versionOf(first));
  const problems = releaseProblems(readRoot, tag, repository);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2));
