// Messages about a config quote its values. A value from a variable, a file or a secret never appears in a
// message, wherever the mistake was found.

import type { JsonObject } from "../../contract.ts";
import type { IssueDraft } from "../values.ts";
import { valueAt } from "../yaml/problem.ts";
import type { TaintedTree } from "./taint.ts";

const hidden = "•••";
/** A shorter text occurs in many words; it is hidden only where it is quoted. */
const minLength = 4;

/** The problem with every such text of the affected part of the config hidden. */
export function hideInMessage<T extends IssueDraft>(draft: T, root: JsonObject, tainted: TaintedTree): T {
  const at = draft.path.slice(0, 2);
  const texts = tainted.below(at).flatMap(({ path, taints }) => {
    const value = valueAt(root, [...at, ...path]);
    if (value === undefined || value === null || typeof value === "object") return [];
    const text = String(value);
    return typeof value === "string" ? [text, ...taints.map(({ from, to }) => text.slice(from, to))] : [text];
  });
  if (texts.length === 0) return draft;
  const forms = [...new Set(texts.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]))]
    .filter((text) => text !== "")
    .sort((a, b) => b.length - a.length);
  const hide = (words: string) =>
    forms.reduce(
      (shown, text) =>
        text.length < minLength
          ? shown.replaceAll(`"${text}"`, `"${hidden}"`)
          : shown.replaceAll(text, hidden),
      words,
    );
  const { message, hint } = draft;
  return { ...draft, message: hide(message), ...(hint === undefined ? {} : { hint: hide(hint) }) };
}
