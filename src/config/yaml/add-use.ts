// Adds an entry to `use:` in the text of a config and leaves every other character as it is.

import { isMap, isScalar, parseDocument, type YAMLMap } from "yaml";
import { insertLast, isSameBut, lineBreak } from "./entry-lines.ts";

export type UseAdded =
  | { readonly text: string }
  | { readonly present: string }
  | { readonly problem: string };

/** Adds it as the last one. `entry`: the lines of the entry, its name first, without indentation. */
export function addUse(text: string, recipe: string, entry: readonly string[]): UseAdded {
  const document = parseDocument(text);
  if (document.errors.length > 0) return { problem: "the file is not valid YAML" };
  const name = entry[0]?.replace(/:$/, "") ?? "";
  const root = document.contents;
  const pair = isMap(root) ? root.items.find(({ key }) => isScalar(key) && key.value === "use") : undefined;
  // An empty file, or one of comments only, has no contents.
  if (root !== null && !isMap(root) && String(root) !== "null")
    return { problem: "the file is not a mapping" };
  const use = pair?.value;
  if (pair === undefined) {
    const added = withSection(text, entry).find((one) => isSameBut(text, one, name));
    return added === undefined ? { problem: "use: cannot be added at its end" } : { text: added };
  }
  if (isScalar(use) && use.value === null) return { problem: "use: is empty" };
  if (!isMap(use) || use.flow === true) return { problem: "use: is not written as a block" };
  for (const { key, value } of use.items)
    if (isMap(value) && String(value.get("recipe")) === recipe)
      return { present: String(isScalar(key) ? key.value : key) };
  if (use.has(name)) return { problem: `use: has another ${entry[0]}` };
  const added = insertLast(text, use as YAMLMap, entry);
  if (added === undefined || !isSameBut(text, added, name))
    return { problem: "use: is not written as a block" };
  return { text: added };
}

/** With a blank line above, or without one where it would be a part of the last value. */
function withSection(text: string, entry: readonly string[]): string[] {
  const eol = lineBreak(text);
  const lines = ["use:", ...entry.map((line) => `  ${line}`)].join(eol);
  const isOpen = text !== "" && !text.endsWith("\n");
  return [eol, ""].map((blank) => `${text}${isOpen ? eol : ""}${blank}${lines}${isOpen ? "" : eol}`);
}
