// The roots of a View as data, checked against the type, and their properties: which are text, which always
// exist.

import type { Root } from "../contract.ts";
import { didYouMean } from "../did-you-mean.ts";

/** `json`: any value. `text`: always a string. `absent-text`, `record`: may be missing, made of strings. */
type RootKind = "json" | "text" | "absent-text" | "record";

const kinds: Record<Root, RootKind> = {
  data: "json",
  text: "text",
  headers: "record",
  query: "record",
  params: "record",
  path: "absent-text",
  method: "absent-text",
  remote: "record",
  sender: "record",
  id: "text",
  source: "text",
  connector: "text",
  time: "text",
  inputs: "json",
  vars: "json",
};

export const roots = Object.keys(kinds) as readonly Root[];

export function isRoot(name: string): name is Root {
  return Object.hasOwn(kinds, name);
}

export function rootKind(root: Root): RootKind {
  return kinds[root];
}

/** Names that users of other tools write for `data`. */
const aliases = new Set(["body", "payload", "event", "json", "message"]);

/** The suggestion for an unknown first segment. `rest` is the text after it, dot or bracket included. */
export function suggestPath(first: string, rest: string): string {
  if (aliases.has(first.toLowerCase()) && rest !== "") return `data${rest}`;
  const near = didYouMean(first, roots);
  const inData = `data.${first}${rest}`;
  if (near === undefined) return inData;
  // A short word is similar to too many: `type` is one letter from `time`.
  return first.length <= 4 ? `${near}${rest} or ${inData}` : `${near}${rest}`;
}
