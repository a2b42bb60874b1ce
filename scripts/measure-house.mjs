// Measures how readable src/ is: `node scripts/measure-house.mjs [git-ref]` prints the figures of the working tree or of a commit.
// The functions below are the rules themselves: test/architecture.test.ts and test/docs/words.test.ts hold the tree to them.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { countWords, isChecked } from "./word-list.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const functionTypes = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/** Every node below `node`, with the nodes it is in. */
function* walk(node, parents = []) {
  if (Array.isArray(node)) for (const item of node) yield* walk(item, parents);
  else if (typeof node?.type === "string") {
    yield { node, parents };
    const path = [node, ...parents];
    for (const value of Object.values(node)) {
      if (typeof value === "object" && value !== null) yield* walk(value, path);
    }
  }
}

function nameOf({ id, key }, [parent]) {
  const named = id ?? key ?? (parent?.value || parent?.init ? (parent.key ?? parent.id) : undefined);
  return named?.name ?? (named?.type === "PrivateIdentifier" ? `#${named.name}` : "anonymous");
}

/** Whether all that a function does is to call another one with what it was given. */
function passesOn({ body, params }) {
  const only = body.type === "BlockStatement" ? body.body : [body];
  if (only.length !== 1) return false;
  let [result] = only;
  if (result.type === "ReturnStatement" || result.type === "ExpressionStatement") {
    result = result.argument ?? result.expression;
  }
  if (result?.type === "AwaitExpression") result = result.argument;
  if (result?.type !== "CallExpression") return false;
  const plain = (node) =>
    ["Identifier", "Literal", "ThisExpression"].includes(node.type) ||
    (node.type === "SpreadElement" && plain(node.argument)) ||
    (node.type === "MemberExpression" && !node.computed && plain(node.object));
  const given = new Set(params.map((param) => param.name ?? param.argument?.name));
  const takes = (node) => given.has((node.argument ?? node).name);
  return (
    plain(result.callee) &&
    result.arguments.every(plain) &&
    (given.size === 0 || result.arguments.some(takes))
  );
}

/** The functions of one file: name, number of lines, and whether it only passes on. A callback without a name has none. */
export function functionsIn({ file, text }) {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const line = (offset) => {
    let low = 0;
    for (let high = starts.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
  const found = [];
  for (const { node, parents } of walk(program)) {
    if (!functionTypes.has(node.type) || !node.body) continue;
    found.push({
      file,
      name: nameOf(node, parents),
      lines: line(node.end - 1) - line(node.start) + 1,
      passesOn: passesOn(node),
    });
  }
  return found;
}

/** The files that a file imports, `import type` and types in `import("...")` included. */
export function importsOf({ file, text }) {
  const found = new Set();
  for (const { node } of walk(parseSync(file, text).program)) {
    const from = (node.source ?? node.argument)?.value;
    if (!/^(Import|Export|TSImport)/.test(node.type) || typeof from !== "string") continue;
    if (from.startsWith(".")) found.add(normalize(join(dirname(file), from.replace(/\?.*$/, ""))));
  }
  return [...found];
}

/** The groups of files that import each other in a circle, types included (Tarjan's strongly connected components). */
export function importCycles(files) {
  const edges = new Map(files.map((file) => [file.file, importsOf(file)]));
  const index = new Map();
  const low = new Map();
  const stack = [];
  const cycles = [];
  const visit = (file) => {
    index.set(file, index.size);
    low.set(file, index.get(file));
    stack.push(file);
    for (const to of edges.get(file).filter((to) => edges.has(to))) {
      if (!index.has(to)) visit(to);
      if (stack.includes(to)) low.set(file, Math.min(low.get(file), low.get(to)));
    }
    if (low.get(file) !== index.get(file)) return;
    const members = stack.splice(stack.indexOf(file));
    if (members.length > 1 || edges.get(file).includes(file)) cycles.push(members.sort());
  };
  for (const file of edges.keys()) if (!index.has(file)) visit(file);
  return cycles;
}

/** Folders with the number of files that are directly in them. */
export function folderSizes(files) {
  const sizes = new Map();
  for (const { file } of files) sizes.set(dirname(file), (sizes.get(dirname(file)) ?? 0) + 1);
  return sizes;
}

const lines = (text) => text.split("\n").length - 1;

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** All text files of the working tree, or of a commit, that the figures are about. */
function readTree(ref) {
  const git = (args, input) => execFileSync("git", args, { cwd: root, input, maxBuffer: 1e9 });
  const listed = ref === undefined ? ["ls-files"] : ["ls-tree", "-r", "--name-only", ref];
  const names = git(listed)
    .toString()
    .trim()
    .split("\n")
    .filter((file) => file.startsWith("src/") || isChecked(file));
  if (ref === undefined) {
    const there = names.filter((file) => existsSync(join(root, file)));
    return there.map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));
  }
  const batch = git(["cat-file", "--batch"], names.map((file) => `${ref}:${file}\n`).join(""));
  let at = 0;
  return names.map((file) => {
    const end = batch.indexOf("\n", at);
    const size = Number(batch.subarray(at, end).toString().split(" ")[2]);
    at = end + size + 2;
    return { file, text: batch.subarray(end + 1, end + 1 + size).toString() };
  });
}

function main(ref) {
  const tree = readTree(ref);
  const src = tree.filter(({ file }) => file.startsWith("src/"));
  const files = src.filter(
    ({ file }) => file.endsWith(".ts") && !/\.(generated|d)\.|\.generated\.d/.test(file),
  );
  const lengths = files.map(({ text }) => lines(text));
  const functions = files.flatMap(functionsIn);
  const long = functions.filter((one) => one.lines > 120).sort((a, b) => b.lines - a.lines);
  const passing = functions.filter((one) => one.passesOn && one.name !== "anonymous");
  const named = functions.filter(({ name }) => name !== "anonymous");
  const cycles = importCycles(files);
  const [biggest, most] = [...folderSizes(files)].sort((a, b) => b[1] - a[1])[0];
  const rows = [
    ["lines in git under src", src.reduce((sum, { text }) => sum + lines(text), 0)],
    ["lines written by hand", lengths.reduce((sum, count) => sum + count, 0)],
    ["files written by hand", files.length],
    ["median lines of a file", median(lengths)],
    ["longest file", Math.max(...lengths)],
    ["files under 30 lines", lengths.filter((count) => count < 30).length],
    ["functions", functions.length],
    ["median lines of a named function", median(named.map((one) => one.lines))],
    ["functions over 120 lines", long.length, long.map((one) => `${one.lines} ${one.file} ${one.name}`)],
    ["import cycles, types counted", cycles.length, cycles.map((members) => members.join(" <-> "))],
    ["biggest flat folder", most, [biggest]],
    [
      "named functions that only pass on",
      `${passing.length} (${((passing.length / named.length) * 100).toFixed(1)} %)`,
    ],
  ];
  const words = countWords(tree);
  rows.push(["words to avoid", [...words.values()].reduce((sum, count) => sum + count, 0)]);
  rows.push(['  of them "told" and "is no"', words.get("told, tell") + words.get("is no")]);
  console.log(`src of ${ref ?? "the working tree"}`);
  for (const [name, value, details = []] of rows) {
    console.log(`  ${name.padEnd(36)} ${value}`);
    for (const detail of details) console.log(`      ${detail}`);
  }
  for (const [word, count] of words) if (count > 0) console.log(`      ${word}: ${count}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2]);
