// Adds an entry to `use:` in the text of a config and leaves every other character as it is.

import { isMap, isScalar, LineCounter, parseDocument } from "yaml";

export type UseAdded =
  | { readonly text: string }
  | { readonly present: string }
  | { readonly problem: string };

/** `entry`: the lines of the entry, its name first, without indentation. */
export function addUse(text: string, recipe: string, entry: readonly string[]): UseAdded {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) return { problem: "the file is not valid YAML" };
  const root = document.contents;
  const pair = isMap(root) ? root.items.find(({ key }) => isScalar(key) && key.value === "use") : undefined;
  // An empty file, or one of comments only, has no contents.
  if (root !== null && !isMap(root) && String(root) !== "null")
    return { problem: "the file is not a mapping" };
  const use = pair?.value;
  if (pair === undefined || (isScalar(use) && use.value === null)) {
    if (pair !== undefined) return { problem: "use: is empty" };
    const gap = text === "" || text.endsWith("\n") ? "" : "\n";
    return { text: `${text}${gap}\nuse:\n${indented(entry, 2)}` };
  }
  if (!isMap(use) || use.flow === true) return { problem: "use: is not written as a block" };
  for (const { key, value } of use.items)
    if (isMap(value) && String(value.get("recipe")) === recipe)
      return { present: String(isScalar(key) ? key.value : key) };
  const [first] = use.items;
  if (first === undefined || !isScalar(first.key)) return { problem: "use: is empty" };
  if (use.has(entry[0]?.replace(/:$/, ""))) return { problem: `use: has another ${entry[0]}` };
  const start = first.key.range?.[0] ?? 0;
  const { col } = lines.linePos(start);
  const at = start - (col - 1);
  return { text: `${text.slice(0, at)}${indented(entry, col - 1)}${text.slice(at)}` };
}

function indented(entry: readonly string[], columns: number): string {
  return entry.map((line) => `${" ".repeat(columns)}${line}\n`).join("");
}
