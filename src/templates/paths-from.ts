// Which fields of one root a template reads, as far as its text shows: for checks that report missing ones. A
// field behind a block (reached through `with`) is not found, and inside `each` a field with the name of the
// root counts as the root.

export interface RootPath {
  /** The first key after the root; undefined for the root alone. */
  readonly field: string | undefined;
  /** Of the field, or else of the root, in UTF-16 units. */
  readonly offset: number;
}

/** Not across the beginning of another one: an unclosed one is scanned only once. */
const placeholder = /\{\{(?:(?!\{\{)[\s\S])*?\}\}/g;
const comment = /^\{\{~?!/;
const quoted = /"[^"]*"|'[^']*'/g;

export function pathsFrom(root: string, template: string): RootPath[] {
  const path = new RegExp(
    `(?<![\\w.\\]/-])(?:@root\\.)?${root}(?:\\.\\[?([A-Za-z_][\\w-]*)\\]?)?(?![\\w-])`,
    "g",
  );
  return [...template.matchAll(placeholder)].flatMap((found) => {
    if (comment.test(found[0])) return [];
    // Quoted parts are text; blanks keep the offsets of the rest.
    const text = found[0].replaceAll(quoted, (words) => " ".repeat(words.length));
    return [...text.matchAll(path)].map((match): RootPath => {
      const [whole, field] = match;
      const inside = field === undefined ? 0 : whole.lastIndexOf(field);
      return { field, offset: found.index + match.index + inside };
    });
  });
}
