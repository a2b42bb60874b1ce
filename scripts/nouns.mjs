// The head nouns of what a program exports: `SessionWorker` is a worker, `OptionsOf` options. test/architecture.test.ts
// compares them with docs/glossary.md.

const exported = /^export (?:declare |abstract )*(?:class|interface|type|enum) (\w+)/gm;

/** The names of the exported classes, interfaces and types of a text. */
export function exportedNames(text) {
  return [...text.matchAll(exported)].map(([, name]) => name);
}

/** In the singular and in lower case. */
export function headNoun(name) {
  const words = name.replace(/Of$/, "").match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+/g) ?? [name];
  return singular(words.at(-1).toLowerCase());
}

function singular(word) {
  if (/(?:ss|us|is)$/.test(word)) return word;
  if (/ies$/.test(word)) return word.replace(/ies$/, "y");
  return word.replace(/(?<=ss|x|ch|sh|ho)es$|s$/, "");
}

/** The terms of the glossary's table, and those in bold in their meanings. */
export function glossaryTerms(markdown) {
  const rows = [...markdown.matchAll(/^\| ([^|]+) \|(.*)\|$/gm)];
  return new Set(
    rows.flatMap(([, term, meaning]) => [
      ...term.trim().toLowerCase().split(/[ ,]+/),
      ...[...meaning.matchAll(/\*\*([^*]+)\*\*/g)].map(([, bold]) => bold.toLowerCase()),
    ]),
  );
}
