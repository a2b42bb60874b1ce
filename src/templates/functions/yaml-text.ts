// JSON as block-style YAML, for reading. Every YAML 1.2 parser reads back the same value; a test does so with the parser
// that the config room uses. Never an anchor, a tag or a folded line. Strings that could be taken for anything else are
// written as JSON strings, which YAML reads as they are.

const plain = /^[\p{L}_/][\p{L}\p{N}_./@+()%$&=;~^<> -]*$/u;
const notText = /^(?:null|true|false|yes|no|on|off|y|n|~)$/i;
/** What a literal block cannot hold: characters YAML does not print, and white space it would lose or misread. */
const notBlock = /[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\uFEFF\uD800-\uDFFF\uFFFE\uFFFF\t]|^[ \n]|\n\n$/;

export function yamlText(value: unknown): string {
  return isFilled(value) ? lines(value, "").join("\n") : scalar(value, "");
}

function lines(value: object, pad: string): string[] {
  const entries = Array.isArray(value)
    ? value.map((item): [string, unknown] => ["-", item])
    : Object.entries(value).map(([key, item]): [string, unknown] => [`${keyText(key)}:`, item]);
  return entries.flatMap(([head, item]) => {
    if (!isFilled(item)) return [`${pad}${head} ${scalar(item, pad)}`];
    const inner = lines(item, `${pad}  `);
    if (!Array.isArray(value)) return [`${pad}${head}`, ...inner];
    // The first line of a list's item stands beside its dash.
    return [`${pad}- ${(inner[0] as string).slice(pad.length + 2)}`, ...inner.slice(1)];
  });
}

function isFilled(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function scalar(value: unknown, pad: string): string {
  if (typeof value !== "string") return JSON.stringify(value ?? null);
  if (value.includes("\n") && !notBlock.test(value)) {
    const ends = value.endsWith("\n");
    const body = ends ? value.slice(0, -1) : value;
    return `${ends ? "|" : "|-"}\n${body.replace(/^(?=.)/gm, `${pad}  `)}`;
  }
  return isPlain(value) ? value : quoted(value);
}

function keyText(key: string): string {
  return isPlain(key) ? key : quoted(key);
}

function isPlain(text: string): boolean {
  return plain.test(text) && !text.endsWith(" ") && !notText.test(text);
}

/** A JSON string, with the characters that JSON leaves bare and YAML does not allow written as escapes. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\uFEFF\uFFFE\uFFFF]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
