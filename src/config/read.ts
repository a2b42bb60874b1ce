// Reads the config file and parses it once. Every fault of the file or its YAML is reported as a problem,
// never as an exception; values come later (tree.ts). Depth is checked before the nodes are built, because
// the parser recurses and a stack overflow inside a regular expression ends the process. No turn of the event
// loop takes long, whatever the file contains: tokens are read in slices, and their number is limited,
// because nodes are built from them in one go.

import { Composer, type CST, Lexer, LineCounter, type ParsedNode, Parser } from "yaml";
import { createPacer, yieldToEventLoop } from "../yield-to-event-loop.ts";
import { packedRecipe } from "./recipe/bundled.ts";
import { type FileResult, readBounded } from "./yaml/bounded-file.ts";
import type { ParsedDocument, Problem } from "./yaml/problem.ts";
import { syntaxProblems } from "./yaml/syntax.ts";
import { maxEntries } from "./yaml/tree.ts";

/** Of a config or a recipe. */
export const maxFileBytes = 1024 * 1024;
const maxDepth = 64;
/** A config of 1,000 channels has about 100,000. */
const maxTokens = 300_000;
/** Tokens that the parser has open besides those of collections: the document, and the scalar that it reads. */
const openBesides = 2;
/** Items of one collection, of which some are comments. Nodes are not built for more; the tree has the exact bound. */
const maxItems = 2 * maxEntries;
/** Maximum of YAML parser errors: far more than are shown. Each is an object with a message. */
const maxErrors = 1_000;

export interface ParsedFile {
  readonly reading: FileResult;
  /** Empty when the file could not be read, or must not be shown. */
  readonly text: string;
  readonly lines: LineCounter;
  /** Absent when the YAML is broken: a guessed tree would only cause more, wrong, problems. */
  readonly document?: ParsedDocument;
  /** A partial tree of a broken file: good enough to find secrets in, not to read values from. */
  readonly remains?: ParsedDocument;
  readonly problems: readonly Problem[];
}

/** An earlier valid text, by path: used instead of the current file. */
export type KeptTexts = ReadonlyMap<string, { readonly text: string; readonly sha256: string }>;

/** `what`: its name in messages. */
export async function readYamlFile(
  file: string,
  what: "config file" | "recipe",
  kept?: KeptTexts,
): Promise<ParsedFile> {
  const before = kept?.get(file);
  const reading: FileResult =
    before === undefined
      ? (packedRecipe(file) ?? readBounded(file, maxFileBytes))
      : { ok: true, bytes: Buffer.from(before.text), sha256: before.sha256 };
  const lines = new LineCounter();
  const failed = (problem: Omit<Problem, "path" | "at">, at = 0, text = ""): ParsedFile => ({
    reading,
    text,
    lines,
    problems: [{ at, path: [], ...problem }],
  });
  if (!reading.ok) {
    return failed({
      code: "E_CONFIG_FILE",
      message: `the ${what} ${reading.problem}`,
      hint:
        reading.missing && what === "config file" ? "create it, or name another with --config" : undefined,
    });
  }
  const decoded = decode(reading.bytes);
  if ("problem" in decoded) {
    for (const start of decoded.lineStarts) lines.addNewLine(start);
    return failed(decoded.problem, decoded.at, decoded.text);
  }
  return { reading, lines, ...(await parse(decoded.text, lines, what)) };
}

async function parse(
  text: string,
  lines: LineCounter,
  what: string,
): Promise<Pick<ParsedFile, "text" | "document" | "remains" | "problems">> {
  let tokens: CST.Token[];
  try {
    tokens = await readTokens(text, lines);
  } catch (error) {
    if (!(error instanceof Excess)) throw error;
    const { code, at, reason, isShown } = error;
    const message = at === 0 ? `the ${what} ${reason}` : reason;
    return { text: isShown ? text : "", problems: [{ at, path: [], code, message }] };
  }
  await yieldToEventLoop();
  const deep = tooDeep(tokens);
  if (deep !== undefined) {
    const { code, reason: message } = nestedTooDeep(deep);
    return { text, problems: [{ at: deep, path: [], code, message }] };
  }
  await yieldToEventLoop();
  const documents = compose(tokens, text.length);
  const document = documents[0];
  await yieldToEventLoop();
  const problems = syntaxProblems(documents, text, lines);
  if (problems.length > 0)
    return { text, problems, ...(document === undefined ? {} : { remains: document }) };
  if (document === undefined || isBlank(document)) {
    const hint = what === "recipe" ? 'begin with "recipe:"' : 'begin with "sources:"';
    const message = `the ${what} has no content`;
    return { text, problems: [{ at: 0, path: [], code: "E_CONFIG_EMPTY", message, hint }] };
  }
  return { text, document, problems: [] };
}

/** More than is parsed. */
class Excess extends Error {
  readonly code: "E_CONFIG_SIZE" | "E_CONFIG_SYNTAX";
  readonly at: number;
  readonly reason: string;
  /** Whether the file is worth quoting. */
  readonly isShown: boolean;

  constructor(code: Excess["code"], at: number, reason: string, isShown: boolean) {
    super(reason);
    this.code = code;
    this.at = at;
    this.reason = reason;
    this.isShown = isShown;
  }
}

function tooManyTokens(): Excess {
  const reason = `has more than ${maxTokens} YAML tokens: too many keys, values, lines or brackets`;
  return new Excess("E_CONFIG_SIZE", 0, reason, false);
}

function nestedTooDeep(at: number): Excess {
  return new Excess("E_CONFIG_SYNTAX", at, `more than ${maxDepth} levels of nesting`, true);
}

function tooManyItems({ offset }: CST.Token): Excess {
  const reason = `holds more than ${maxItems} entries, and at most ${maxEntries} are read`;
  return new Excess("E_CONFIG_SIZE", offset, reason, true);
}

/**
 * Yields to the event loop at the latest after this many tokens. Rejects when a limit on tokens, nesting or entries is exceeded: the
 * parser is slow to close thousands of open collections.
 */
export async function readTokens(text: string, lines: LineCounter, perTurn = 2_048): Promise<CST.Token[]> {
  const parser = new Parser(lines.addNewLine);
  const pace = createPacer();
  const tokens: CST.Token[] = [];
  let read = 0;
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    read += 1;
    if (read > maxTokens) throw tooManyTokens();
    const { stack } = parser;
    const top = stack.at(-1);
    if (stack.length > maxDepth + 1 + openBesides) throw nestedTooDeep((top as CST.Token).offset);
    if (top !== undefined && "items" in top && top.items.length > maxItems) throw tooManyItems(top);
    if (read % Math.max(1, perTurn) === 0) await yieldToEventLoop();
    else if (read % 64 === 0) await pace();
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

/** The first documents, as many as are parsed. */
function compose(tokens: readonly CST.Token[], length: number): ParsedDocument[] {
  // Duplicate keys are found while the tree is read: the parser's own check takes quadratic time.
  const options = {
    uniqueKeys: false,
    prettyErrors: false,
    resolveKnownTags: false,
    version: "1.2",
  } as const;
  const composer = new Composer<ParsedNode>(options);
  boundErrors(composer);
  const documents: ParsedDocument[] = [];
  for (const document of composer.compose(withFewErrors(tokens), true, length)) {
    documents.push(document as ParsedDocument);
    if (documents.length === 2) break;
  }
  return documents;
}

/** The composer makes an error with its stack of each such token, and a file can hold hundreds of thousands. */
function* withFewErrors(tokens: readonly CST.Token[]): Generator<CST.Token> {
  let errors = 0;
  for (const token of tokens) if (token.type !== "error" || ++errors <= maxErrors) yield token;
}

/** A file can hold an error in every other character. The property is not among the types of the library; a test watches it. */
function boundErrors(composer: Composer<ParsedNode>): void {
  const reporting = composer as unknown as { onError(...about: readonly unknown[]): void };
  const report = reporting.onError;
  let reported = 0;
  reporting.onError = (...about) => {
    reported += 1;
    if (reported <= maxErrors) report(...about);
  };
}

/** Only comments and blank lines: the parser returns an empty scalar for it. */
function isBlank({ contents }: ParsedDocument): boolean {
  return contents === null || (!("items" in contents) && contents.range[0] === contents.range[1]);
}

/**
 * The offset of the first token below the deepest level allowed. Uses an explicit stack, not the call stack.
 */
function tooDeep(tokens: readonly CST.Token[]): number | undefined {
  const open: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > maxDepth) return token.offset;
    if (token.type === "document") {
      if (token.value !== undefined) open.push({ token: token.value, depth });
    } else if ("items" in token) {
      for (const { key, value } of token.items as CST.CollectionItem[]) {
        if (key) open.push({ token: key, depth: depth + 1 });
        if (value) open.push({ token: value, depth: depth + 1 });
      }
    }
  }
  return undefined;
}

type Decoded =
  | { readonly text: string }
  | {
      readonly text: string;
      readonly at: number;
      readonly lineStarts: readonly number[];
      readonly problem: Omit<Problem, "path" | "at">;
    };

function decode(bytes: Buffer): Decoded {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    // Not UTF-8: report where. A line without a valid multi-byte character still has a first invalid byte.
  }
  const text = new TextDecoder("utf-8").decode(bytes);
  const lineStarts = [0];
  for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", end + 1)) lineStarts.push(end + 1);
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return {
    text,
    lineStarts,
    at: wide ? 0 : Math.max(0, text.indexOf("\uFFFD")),
    problem: {
      code: "E_CONFIG_SYNTAX",
      message: wide ? "the file is UTF-16, not UTF-8" : "the file is not UTF-8 from here on",
      hint: "save it as UTF-8",
    },
  };
}
