// Parses the text of a `.env` file. Node's parseEnv is not used: it ends a quoted value at the first inner
// quote, escaped or not (nodejs/node#54134), and reads a line without `=` as the beginning of the next line's
// name. An invalid line is a problem, never a shorter value: it may be a credential.

export interface Dotenv {
  readonly variables: Readonly<Record<string, string>>;
  readonly problems: readonly DotenvLineProblem[];
}

/** Never quotes the file: a bad line may be half of a secret. */
export interface DotenvLineProblem {
  /** From 1. */
  readonly line: number;
  readonly message: string;
  readonly hint: string;
}

const assignment = /^\s*(?:export\s+)?([\w.-]+)\s*=[^\S\n]*/;
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\", $: "$" };

/**
 * `NAME=value`, one per line, with optional `export`. A value without quotes ends at ` #` or the end of its
 * line and is trimmed. One in single quotes or backticks is literal; in double quotes `\n \r \t \" \\ \$` are
 * escapes. Quoted values may span lines. The last of several values of one name wins.
 */
export function parseDotenv(text: string): Dotenv {
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const variables: Record<string, string> = Object.create(null);
  const problems: DotenvLineProblem[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] as string;
    if (/^\s*(#|$)/.test(line)) continue;
    const [start, name] = assignment.exec(line) ?? [];
    if (start === undefined || name === undefined) {
      problems.push({
        line: index + 1,
        message: "this line of the .env file is not NAME=value",
        hint: "write NAME=value, or begin the line with # to make it a comment",
      });
      continue;
    }
    const rest = line.slice(start.length);
    const quote = rest[0] ?? "";
    if (!['"', "'", "`"].includes(quote)) {
      variables[name] = rest.replace(/(^|\s)#.*$/, "").trim();
      continue;
    }
    const value = quotedValue(lines, index, rest.slice(1), quote);
    if (typeof value === "string") {
      problems.push({ line: index + 1, message: value, hint: hintFor(quote) });
      continue;
    }
    variables[name] = value.text;
    index = value.lastIndex;
  }
  return { variables, problems };
}

/** From after the opening quote at `index`; a text is an error message. */
function quotedValue(
  lines: readonly string[],
  index: number,
  first: string,
  quote: string,
): { readonly text: string; readonly lastIndex: number } | string {
  const pieces: string[] = [];
  for (let at = index; at < lines.length; at++) {
    const line = at === index ? first : (lines[at] as string);
    const end = closingQuote(line, quote);
    if (end === -1) {
      pieces.push(line);
      continue;
    }
    if (!/^\s*(#.*)?$/.test(line.slice(end + 1)))
      return `the value on this line of the .env file continues after its closing ${quote}`;
    const text = [...pieces, line.slice(0, end)].join("\n");
    return {
      text:
        quote === '"' ? text.replace(/\\([nrt"\\$])/g, (_, letter: string) => escapes[letter] ?? "") : text,
      lastIndex: at,
    };
  }
  return `the value on this line of the .env file has no closing ${quote}`;
}

function closingQuote(line: string, quote: string): number {
  for (let at = 0; at < line.length; at++) {
    if (line[at] === quote) return at;
    if (quote === '"' && line[at] === "\\") at++;
  }
  return -1;
}

function hintFor(quote: string): string {
  return quote === '"'
    ? 'put the value in single quotes, or write \\" for each quote inside it'
    : `put the value in other quotes: a ${quote} cannot be inside it`;
}
