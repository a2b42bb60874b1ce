// Splits a shell script into its parts, as far as is needed to see which words contain the value of a
// variable and what a command reads. It is a second look at a script that the user wrote: a script that hides
// what it does is not detected.

export interface ScriptWord {
  readonly text: string;
  /** Variables whose value is expanded here. */
  readonly variables: readonly string[];
  /** The output of another command is expanded here. */
  readonly hasOutput: boolean;
}

export interface ScriptCommand {
  readonly words: readonly ScriptWord[];
  /**
   * What it reads: the stdin of the script, the output of the previous command, or a word or here-document of
   * the script.
   */
  readonly input: "inherited" | "pipe" | ScriptWord;
}

const maxLength = 16_384;
const maxSubstitutions = 200;
const maxCommands = 500;

/**
 * All simple commands, including those of substitutions. Undefined for a script that is too complex to
 * analyse.
 */
export function commandsOf(script: string): readonly ScriptCommand[] | undefined {
  const substitutions = script.match(/\$\(|`/g)?.length ?? 0;
  if (script.length > maxLength || substitutions > maxSubstitutions) return undefined;
  const found: ScriptCommand[] = [];
  read(script, found);
  return found.length > maxCommands ? undefined : found;
}

interface Draft {
  text: string;
  readonly variables: string[];
  hasOutput: boolean;
  /** Also set by quotes: '' is a word. */
  begun: boolean;
}

const variable = /^\$(?:\{[!#]?)?([A-Za-z_]\w*)/;
const heredoc = /^<<-?[ \t]*(["']?)([\w.-]+)\1/;

function read(script: string, found: ScriptCommand[]): void {
  let words: ScriptWord[] = [];
  let input: ScriptCommand["input"] = "inherited";
  let word = begin();
  /** The next word is a redirection target. */
  let redirection: "in" | "string" | "out" | undefined;
  /** Here-documents whose text follows the line. */
  const documents: { readonly end: string; readonly isLiteral: boolean }[] = [];

  function endWord(): void {
    if (!word.begun) return;
    const { text, variables, hasOutput } = word;
    const done: ScriptWord = { text, variables, hasOutput };
    word = begin();
    if (redirection === undefined) words.push(done);
    else if (redirection !== "out") input = done;
    redirection = undefined;
  }
  function endCommand(next: ScriptCommand["input"] = "inherited"): void {
    endWord();
    if (words.length > 0) found.push({ words, input });
    words = [];
    input = next;
  }

  for (let at = 0; at < script.length; ) {
    const rest = script.slice(at);
    const character = rest[0] as string;
    if (character === "'" || character === '"') {
      const length = quotedLength(rest);
      word.begun = true;
      if (character === "'") word.text += rest.slice(1, length - 1);
      else expand(rest.slice(1, length - 1), word, found);
      at += length;
    } else if (character === "\\") {
      if (rest[1] !== "\n") add(word, rest[1] ?? "");
      at += 2;
    } else if (character === "$" || character === "`") {
      at += expandOne(rest, word, found);
    } else if (character === "#" && !word.begun) {
      at += /^[^\n]*/.exec(rest)?.[0].length ?? 1;
    } else if (rest.startsWith("<<<")) {
      endWord();
      redirection = "string";
      at += 3;
    } else if (heredoc.test(rest)) {
      const [whole, quote = "", end = ""] = heredoc.exec(rest) as unknown as [string, string, string];
      endWord();
      documents.push({ end, isLiteral: quote !== "" });
      input = { text: "", variables: [], hasOutput: false };
      at += whole.length;
    } else if (character === "<" || character === ">") {
      if (/^\d+$/.test(word.text)) word = begin();
      endWord();
      redirection = character === "<" ? "in" : "out";
      at += /^[<>]+&?/.exec(rest)?.[0].length ?? 1;
    } else if (/[\s;|&()]/.test(character)) {
      const operator = /^(?:\|\||&&|\|&|;;|[\s;|&()])/.exec(rest)?.[0] ?? character;
      if (/^[^\S\n]$/.test(operator)) endWord();
      else {
        if (operator === "\n" && documents.length > 0) {
          endWord();
          const { length, text } = readDocuments(script.slice(at + 1), documents.splice(0));
          const draft = begin();
          expand(text, draft, found);
          input = { text, variables: draft.variables, hasOutput: draft.hasOutput };
          at += length;
        }
        endCommand(operator === "|" || operator === "|&" ? "pipe" : "inherited");
      }
      at += operator.length;
    } else {
      add(word, character);
      at += 1;
    }
  }
  endCommand();
}

function begin(): Draft {
  return { text: "", variables: [], hasOutput: false, begun: false };
}

function add(word: Draft, text: string): void {
  word.text += text;
  word.begun = true;
}

function quotedLength(rest: string): number {
  const quote = rest[0] as string;
  for (let at = 1; at < rest.length; at += 1) {
    if (rest[at] === quote) return at + 1;
    if (quote === "'") continue;
    if (rest[at] === "\\") at += 1;
    else if (rest.startsWith("$(", at)) at += closingParenthesis(rest.slice(at + 1));
  }
  return rest.length + 1;
}

/** The text between double quotes, or of a here-document. */
function expand(text: string, word: Draft, found: ScriptCommand[]): void {
  for (let at = 0; at < text.length; ) {
    if (text[at] === "\\") {
      add(word, text[at + 1] ?? "");
      at += 2;
    } else if (text[at] === "$" || text[at] === "`") at += expandOne(text.slice(at), word, found);
    else {
      add(word, text[at] as string);
      at += 1;
    }
  }
}

/** Consumes text that begins with `$` or a backtick; returns its length. */
function expandOne(rest: string, word: Draft, found: ScriptCommand[]): number {
  const length = rest[0] === "`" ? closing(rest, "`") : rest.startsWith("$(") ? closingParenthesis(rest) : 0;
  if (length > 0) {
    word.hasOutput = true;
    read(rest.slice(rest[0] === "`" ? 1 : 2, length - 1), found);
    add(word, rest.slice(0, length));
    return length;
  }
  const name = variable.exec(rest)?.[1];
  if (name !== undefined) word.variables.push(name);
  const taken = rest.startsWith("${") ? closing(rest, "}") : name === undefined ? 1 : name.length + 1;
  add(word, rest.slice(0, taken));
  return taken;
}

function closing(rest: string, end: string): number {
  const at = rest.indexOf(end, 1);
  return at === -1 ? rest.length : at + 1;
}

function closingParenthesis(rest: string): number {
  let depth = 0;
  for (let at = 1; at < rest.length; at += 1) {
    const character = rest[at] as string;
    if (character === "'" || character === '"') at += quotedLength(rest.slice(at)) - 1;
    else if (character === "(") depth += 1;
    else if (character === ")") {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return rest.length;
}

/** `length`: of all lines. `text`: of those in which variables are expanded. */
function readDocuments(
  lines: string,
  documents: readonly { readonly end: string; readonly isLiteral: boolean }[],
): { readonly length: number; readonly text: string } {
  let length = 0;
  let text = "";
  for (const { end, isLiteral } of documents) {
    for (;;) {
      const line = /^[^\n]*\n?/.exec(lines.slice(length))?.[0] ?? "";
      length += line.length;
      if (line === "" || line.trim() === end) break;
      if (!isLiteral) text += line;
    }
  }
  return { length, text };
}
