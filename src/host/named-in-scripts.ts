// Which files a script names: what it sources, imports or starts. A guess by syntax, because it cannot be
// known for every program: a path that is built at run time, or what a package installs, is not found.

import { basename, extname } from "node:path";

const scriptName =
  /^[\w@+.-]+\.(?:sh|bash|zsh|fish|[mc]?[jt]sx?|py|rb|pl|pm|php|lua|mk|ps1|jl|awk|sed|sql|bat|cmd)$/i;
const separators = /[\s'"`()<>|;&,=:$[\]{}#!]+/;
const maxLength = 256;
const maxNames = 1_000;

/** Relative paths without what a shell would put before them; each may not exist. */
export function namedInScript(file: string, text: string): string[] {
  const names = new Set<string>();
  const add = (name: string) => {
    if (names.size < maxNames && name !== "" && name.length <= maxLength) names.add(name);
  };
  if (basename(file) === "package.json") for (const name of packageScripts(text)) add(name);
  if (extname(file) === ".py" || /^#!.*python/.test(text)) for (const name of pythonImports(text)) add(name);
  for (const [, name = ""] of text.matchAll(/\brequire_relative\s*\(?\s*["']([\w./-]+)/g)) add(`${name}.rb`);
  for (const word of text.split(separators)) {
    if (word.startsWith("//") || (!word.includes("/") && !scriptName.test(word))) continue;
    // `$(dirname "$0")/lib.sh` leaves `/lib.sh`.
    if (word.startsWith("/")) add(word.slice(1));
    add(word);
    if (extname(word) === "" && word.includes("/"))
      for (const ending of [".js", ".mjs", ".ts", "/index.js", "/index.ts", ".sh"]) add(word + ending);
  }
  return [...names];
}

/** What `npm run` starts is searched among the programs of the installed packages first. */
function packageScripts(text: string): string[] {
  let scripts: unknown;
  try {
    ({ scripts } = JSON.parse(text) as { scripts?: unknown });
  } catch {
    return [];
  }
  if (typeof scripts !== "object" || scripts === null) return [];
  const words = Object.values(scripts).flatMap((script) => String(script).split(separators));
  return words.filter((word) => /^[\w@.-]+$/.test(word)).map((word) => `node_modules/.bin/${word}`);
}

/** The module, or the package, and its parent packages. */
export function pythonFiles(module: string): string[] {
  const parts = module.split(".");
  const packages = parts.map((_, index) => `${parts.slice(0, index + 1).join("/")}/__init__.py`);
  return [`${parts.join("/")}.py`, ...packages];
}

function pythonImports(text: string): string[] {
  const modules = [
    ...text.matchAll(/^[ \t]*(?:from[ \t]+\.*([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))/gm),
  ];
  return modules
    .flatMap(([, from = "", list = ""]) => (from === "" ? list.split(/[\s,]+/) : [from]))
    .filter((name) => /^\w+(?:\.\w+)*$/.test(name))
    .flatMap(pythonFiles);
}
