// Texts that are hard on whatever reads or writes text, of about so many characters.

export interface HostileText {
  readonly name: string;
  make(length: number): string;
}

const fill = (piece: string, length: number) => piece.repeat(Math.max(1, Math.floor(length / piece.length)));

const pieces: Readonly<Record<string, string>> = {
  letters: "a",
  words: "word ",
  blanks: " ",
  tabs: "\t",
  "line ends": "\n",
  "carriage returns": "\r",
  "short lines": "ab\n",
  NULs: "\0",
  quotes: '"',
  backslashes: "\\",
  "open brackets": "[",
  "open braces": "{",
  "open parentheses": "(",
  "open angles": "<",
  "open tags": "<a ",
  "tags of the client": "<channel source='x'>",
  "closed tags": "</channel>",
  entities: "&amp;",
  "broken entities": "&#",
  "open comments": "<!--",
  "open CDATA": "<![CDATA[",
  stars: "*",
  underscores: "_",
  "stars and letters": "*a ",
  "underscores and stars": "_a*",
  ticks: "`",
  tildes: "~",
  "open links": "[a](",
  images: "![",
  headings: "# ",
  "list items": "- a\n",
  "quoted lines": "> > > ",
  tables: "|a",
  addresses: "http://a.b/ ",
  "nearly addresses": "a.b@c.",
  "percent signs": "%",
  "escapes of a URL": "%2525",
  ampersands: "a=b&",
  "terminal escapes": "\u001b[31m",
  "open terminal escapes": "\u001b]",
  "invisible characters": "\u200b",
  "letters of other directions": "\u202e",
  accents: "\u0301",
  emoji: "👩‍👩‍👧",
  "halves of characters": "\ud800",
  "wide letters": "字",
  digits: "1",
  "numbers and commas": "1,",
  times: "2026-01-01T00:00:00 ",
  "frames of Java": "\tat a.b.C(D.java:1)\n",
  "frames of Python": '  File "a", line 1\n    a\n',
  "fields of logfmt": 'a="b ',
  "fields of an event": "data: x\n",
  "empty events": "data\n\n",
  boundaries: "\r\n--b",
  "links of a header": '<http://a>; rel="next", ',
  semicolons: ";",
  "open quotes and backslashes": '"\\',
  "parameters that are open": ';a="',
  colons: ":",
  "words of a prompt": "Allow? yes abcde ",
};

const json: Readonly<Record<string, (length: number) => string>> = {
  "a list of empty lists": (length) => `[${fill("[],", length)}1]`,
  "a list of objects": (length) => `[${fill('{"a":1,"b":"c"},', length)}1]`,
  "a list of numbers": (length) => `[${fill("1.5e-300,", length)}1]`,
  "a number of many zeros": (length) => `[9007199254740993.${"0".repeat(length - 20)}1]`,
  "a list of large numbers": (length) => `[${fill("12345678901234567,", length)}1]`,
  "a list of texts": (length) => `[${fill('"ab",', length)}1]`,
  "deep lists": (length) => `[${fill(`${"[".repeat(90)}${"]".repeat(90)},`, length)}1]`,
  "too deep lists": (length) => "[".repeat(length / 2) + "]".repeat(length / 2),
  "many keys": (length) => `{${Array.from({ length: length / 14 }, (_, n) => `"key${n}":1`).join(",")}}`,
  "many fields": (length) =>
    Array.from({ length: length / 5 }, (_, n) => n.toString(36).padStart(4, "k")).join("&"),
  "a text in JSON": (length) => JSON.stringify({ a: fill("<x>&\"'\\", length / 2) }),
};

export const hostileTexts: readonly HostileText[] = [
  ...Object.entries(pieces).map(([name, piece]) => ({ name, make: (length: number) => fill(piece, length) })),
  // A pattern that looks for an end tries each beginning.
  ...["*", "_", "`", "[", "<", "&", "\u001b["].map((piece) => ({
    name: `letters between ${JSON.stringify(piece)}`,
    make: (length: number) => fill(`${piece}${"a".repeat(40)}`, length),
  })),
  // A name or a word that never ends, behind what makes a reader look for one.
  ...["<", "</", "&", "@", "](", "{{", "${", "[[", "```", "--b; name="].map((start) => ({
    name: `one very long word after ${JSON.stringify(start)}`,
    make: (length: number) => `${start}${"a".repeat(length - start.length)}`,
  })),
  { name: "blanks before an end", make: (length) => `x${" ".repeat(length - 2)}y` },
  { name: "digits before an end", make: (length) => `${"1".repeat(length - 1)}x` },
  { name: "a word and blanks", make: (length) => fill(`a${" ".repeat(500)}`, length) },
  ...Object.entries(json).map(([name, make]) => ({ name, make })),
];
