// Writes dist/contract.d.ts (and .cts): the types of src/contract.ts and every type that they refer to, in one file without imports of other files.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export function writeTypes(root) {
  const folder = mkdtempSync(join(tmpdir(), "channel-router-types-"));
  try {
    const tsc = `${root}node_modules/typescript/bin/tsc`;
    execFileSync(process.execPath, [tsc, "-p", `${root}tsconfig.build.json`, "--outDir", folder], {
      stdio: "inherit",
    });
    writeFileSync(`${root}dist/contract.d.ts`, rolledUp(join(folder, "contract.d.ts")));
    // The package is an ES module; CommonJS may import its types nevertheless.
    const again = 'export type * from "./contract.js" with { "resolution-mode": "import" };\n';
    writeFileSync(`${root}dist/contract.d.cts`, again);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function rolledUp(entry) {
  const files = new Map();
  const wanted = [];
  const written = new Map();
  const { statements, passedOn } = read(entry);
  for (const [name, { isExported }] of statements) if (isExported) wanted.push([entry, name]);
  for (const name of passedOn) wanted.push([entry, name]);
  const publicNames = new Set(wanted.map(([, name]) => name));

  for (let next = wanted.shift(); next !== undefined; next = wanted.shift()) {
    const [file, name] = next;
    const { statements, imported } = read(file);
    const from = imported.get(name);
    if (from !== undefined) {
      wanted.push([from, name]);
      continue;
    }
    const statement = statements.get(name);
    if (statement === undefined) continue; // A type of the language, or a word in a comment.
    const known = written.get(name);
    if (known !== undefined && known.file !== file)
      throw new Error(`two types are named ${name}: ${known.file}, ${file}`);
    if (known !== undefined) continue;
    written.set(name, { file, text: statement.text });
    // A name before a colon or a parenthesis is a member's.
    for (const word of new Set(statement.code.match(/[A-Za-z_$][\w$]*(?![\w$]|\??:|\()/g)))
      wanted.push([file, word]);
  }
  const parts = [...written].map(([name, { text }]) =>
    publicNames.has(name) ? text : text.replace(/^export (?=(?:declare|interface|type)\b)/m, ""),
  );
  const head = "// The types of channel-router's connectors, rolled up from src/contract.ts.\n";
  return `${head}\n${parts.join("\n")}\nexport {};\n`;

  /** The declarations of a file by name, and from which file each imported name comes. */
  function read(file) {
    const known = files.get(file);
    if (known !== undefined) return known;
    const statements = new Map();
    const imported = new Map();
    const ofPackages = [];
    const passedOn = [];
    // tsc begins each declaration in the first column; lines that belong to it are indented, or close it.
    const text = readFileSync(file, "utf8").replace(/^\/\/.*\n/gm, "");
    const blocks = text.split(
      /(?<!\*\/)\n(?=(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?(?:import |export |declare |interface |type ))/,
    );
    for (const block of blocks) {
      const code = block.replace(/\/\*[\s\S]*?\*\//g, "").trim();
      const [, names, source] = /^(?:import|export) type \{([^}]*)\} from "([^"]+)";/.exec(code) ?? [];
      if (code.startsWith("export type {")) passedOn.push(...names.split(",").map((one) => one.trim()));
      const [, isExported, name] =
        /^(export )?(?:declare )?(?:interface|type|const|class|function|abstract class) ([\w$]+)/.exec(
          code,
        ) ?? [];
      if (source?.startsWith(".")) {
        const path = resolve(dirname(file), source.replace(/\.(?:ts|js)$/, ".d.ts"));
        for (const one of names.split(",")) imported.set(one.trim(), path);
      } else if (source !== undefined)
        ofPackages.push(...names.split(",").map((one) => [one.trim(), source]));
      else if (name !== undefined)
        statements.set(name, { text: block, code, isExported: isExported !== undefined });
    }
    // Two files may import different types by one name.
    for (const [name, source] of ofPackages)
      for (const one of statements.values())
        one.text = one.text.replace(new RegExp(`\\b${name}\\b`, "g"), `import("${source}").${name}`);
    const found = { statements, imported, passedOn };
    files.set(file, found);
    return found;
  }
}
