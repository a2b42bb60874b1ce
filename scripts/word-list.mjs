// Words that this code avoids, because a reader has to read the sentence twice, or because another word is the field's term.

/** Each with what to write instead. An instruction to the model may say "tell the user", AppleScript has `tell application`. */
export const wordsToAvoid = [
  {
    word: "told, tell",
    pattern: /\b(?:told|tells|telling|(?<!end )tell(?! the user\b| application\b))\b/gi,
    instead: "log, report, notify, mean",
  },
  { word: "is no", pattern: /(?<!\bthere )\bis no\b(?! longer\b)/gi, instead: "is not a" },
  { word: "stands", pattern: /\bstands\b/gi, instead: "is" },
  { word: "far side", pattern: /\bfar side\b/gi, instead: "peer" },
  { word: "so long", pattern: /\bso long\b/gi, instead: "as long, while, until" },
  { word: "in force", pattern: /\b(?:in|into) force\b/gi, instead: "active; apply" },
  { word: "whoever", pattern: /\bwhoever\b/gi, instead: "a caller, the user" },
  { word: "a person", pattern: /\ba person\b/gi, instead: "the user" },
];

/** Whether the words of a file are checked: code, and what users and contributors read. */
export function isChecked(file) {
  return (
    /^src\/.*\.ts$/.test(file) ||
    /^(?:README|CONTRIBUTING|CHANGELOG|SECURITY)\.md$/.test(file) ||
    /^(?:docs|recipes|skills)\/.*\.(?:md|yaml)$/.test(file) ||
    /^schema\/.*\.json$/.test(file) ||
    file === "channels.example.yaml"
  );
}

/** The lines of a file that hold one of the words. */
export function findWords({ file, text }) {
  return text
    .split("\n")
    .flatMap((line, index) =>
      wordsToAvoid
        .filter(({ pattern }) => line.search(pattern) >= 0)
        .map(({ word, instead }) => ({ file, line: index + 1, word, instead, text: line.trim() })),
    );
}

/** How often each word is in the files that are checked. */
export function countWords(files) {
  const checked = files.filter(({ file }) => isChecked(file) && !/\.generated\./.test(file));
  return new Map(
    wordsToAvoid.map(({ word, pattern }) => [
      word,
      checked.reduce((sum, { text }) => sum + (text.match(pattern)?.length ?? 0), 0),
    ]),
  );
}
