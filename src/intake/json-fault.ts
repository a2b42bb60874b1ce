// Where and why a text is not JSON. The messages of JSON.parse differ between versions of V8, and lack the
// position for short texts; this runs only after it has failed, so it may be slow.

export interface JsonFault {
  /** Both count from 1; the column in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

const space = /[ \t\n\r]*/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** A part of a string: a pattern for all of a long one would exceed the stack of the engine. */
const stringPart = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})){0,4096}/y;

/** The first fault of a text that JSON.parse rejected. */
export function findJsonFault(text: string): JsonFault {
  let at = 0;
  const open: ("]" | "}")[] = [];
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const length = pattern.exec(text)?.[0].length ?? 0;
    at += length;
    return length > 0;
  };
  const fault = (message: string): JsonFault => {
    const before = text.slice(0, at);
    const line = before.split("\n").length;
    const found =
      at >= text.length
        ? "the text ends"
        : `found ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`;
    return { line, column: at - before.lastIndexOf("\n"), message: `${message}, ${found}` };
  };

  /** True after a whole string, else `at` is where it breaks off. */
  const string = (): boolean => {
    at += 1;
    while (skip(stringPart));
    if (text[at] !== '"') return false;
    at += 1;
    return true;
  };

  let expect: "value" | "first value" | "key" | "first key" | "next" = "value";
  for (;;) {
    skip(space);
    const char = text[at];
    if (expect === "next") {
      const close = open.at(-1);
      if (close === undefined) return fault("expected nothing more after the value");
      if (char === ",") {
        at += 1;
        expect = close === "}" ? "key" : "value";
      } else if (char === close) {
        at += 1;
        open.pop();
      } else return fault(`expected "," or "${close}"`);
    } else if ((expect === "first key" && char === "}") || (expect === "first value" && char === "]")) {
      at += 1;
      open.pop();
      expect = "next";
    } else if (expect === "key" || expect === "first key") {
      if (char !== '"') return fault("expected a key in double quotes");
      if (!string()) return fault("expected the end of a string");
      skip(space);
      if (text[at] !== ":") return fault('expected ":"');
      at += 1;
      expect = "value";
    } else if (char === "{" || char === "[") {
      at += 1;
      open.push(char === "{" ? "}" : "]");
      expect = char === "{" ? "first key" : "first value";
    } else if (char === '"') {
      if (!string()) return fault("expected the end of a string");
      expect = "next";
    } else {
      if (!skip(scalar)) return fault("expected a value");
      expect = "next";
    }
  }
}
