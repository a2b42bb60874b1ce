// What a text must hold for a pattern to be found in it: to look for plain text is many times quicker than to ask RE2, and
// nearly all lines of a log hold none of it. Read from the pattern itself, and only where that is certain.

/** False: the pattern is not in the text, for certain. True: perhaps. */
export type MayMatch = (text: string) => boolean;

/** Undefined when no text can be named without which nothing matches. `pattern` is one that RE2 accepts. */
export function requiredTexts(pattern: string, ignoreCase: boolean): MayMatch | undefined {
  const flags = /^\(\?([imsU]+)\)/.exec(pattern);
  const rest = flags === null ? pattern : pattern.slice(flags[0].length);
  const folds = ignoreCase || (flags?.[1] as string | undefined)?.includes("i") === true;
  // Flags further in change what a character stands for from there on, and \Q what stands for itself.
  if (/\(\?(?!:|P?<[A-Za-z])|\\[QE]/.test(rest)) return undefined;
  const texts = readChoice({ pattern: rest, at: 0 });
  if (texts === undefined || texts.length > maxTexts) return undefined;
  return folds ? foldedTest(texts) : plainTest(texts);
}

const maxTexts = 16;

function plainTest(texts: readonly string[]): MayMatch {
  const [only] = texts;
  if (only !== undefined && texts.length === 1) return (text) => text.includes(only);
  return (text) => {
    for (const one of texts) if (text.includes(one)) return true;
    return false;
  };
}

/** Case is folded by RE2 beyond ASCII too: to k belongs the Kelvin sign, which toLowerCase knows, and to s the long s, which it does not. */
function foldedTest(texts: readonly string[]): MayMatch | undefined {
  if (texts.some((text) => /[^\0-\x7f]/.test(text))) return undefined;
  const folded = texts.map((text) => text.toLowerCase());
  const test = plainTest(folded.some((text) => text.includes("s")) ? [...folded, "\u017f"] : folded);
  return (text) => test(text.toLowerCase());
}

/** The longest of the texts that stand one after another, or the texts of all branches. Undefined: none is certain. */
type Texts = readonly string[] | undefined;

interface Reading {
  readonly pattern: string;
  at: number;
}

/** Up to the end, or to the bracket that closes the group. */
function readChoice(reading: Reading): Texts {
  const all: string[] = [];
  let isCertain = true;
  for (;;) {
    const branch = readBranch(reading);
    if (branch === undefined) isCertain = false;
    else all.push(...branch);
    if (reading.pattern[reading.at] !== "|") return isCertain ? all : undefined;
    reading.at += 1;
  }
}

function readBranch(reading: Reading): Texts {
  const { pattern } = reading;
  let best: Texts;
  let run = "";
  const offer = (texts: Texts) => {
    if (texts !== undefined && (best === undefined || shortest(texts) > shortest(best))) best = texts;
  };
  const endRun = () => {
    if (run !== "") offer([run]);
    run = "";
  };
  while (reading.at < pattern.length && pattern[reading.at] !== "|" && pattern[reading.at] !== ")") {
    if (pattern[reading.at] === "(") {
      endRun();
      const texts = readGroup(reading);
      if (readRepeat(reading) !== "may be absent") offer(texts);
      continue;
    }
    const character = readCharacter(reading);
    const repeat = readRepeat(reading);
    if (character !== undefined && repeat !== "may be absent") run += character;
    if (character === undefined || repeat !== "once") endRun();
  }
  endRun();
  return best;
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map((text) => text.length));
}

function readGroup(reading: Reading): Texts {
  const opening = /\((?:\?(?::|P?<\w+>))?/y;
  opening.lastIndex = reading.at;
  reading.at += opening.exec(reading.pattern)?.[0].length ?? 1;
  const texts = readChoice(reading);
  reading.at += 1; // The closing bracket.
  return texts;
}

/** One character that stands for itself; undefined for whatever else stands there. */
function readCharacter(reading: Reading): string | undefined {
  const { pattern } = reading;
  const character = String.fromCodePoint(pattern.codePointAt(reading.at) as number);
  if (character === "[") {
    reading.at = endOfClass(pattern, reading.at);
    return undefined;
  }
  if (character === "\\") {
    const escaping = /\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[0-7]{1,3}|.)/suy;
    escaping.lastIndex = reading.at;
    const whole = escaping.exec(pattern)?.[0] ?? character;
    reading.at += whole.length;
    const escaped = whole.slice(1);
    return /^[^\w\s]$/.test(escaped) ? escaped : undefined;
  }
  reading.at += character.length;
  return ".^$".includes(character) ? undefined : character;
}

function endOfClass(pattern: string, from: number): number {
  let at = from + 1;
  if (pattern[at] === "^") at += 1;
  if (pattern[at] === "]") at += 1;
  while (at < pattern.length && pattern[at] !== "]") {
    if (pattern[at] === "\\") at += 2;
    else if (pattern.startsWith("[:", at)) at = Math.max(at + 2, pattern.indexOf(":]", at) + 2);
    else at += 1;
  }
  return at + 1;
}

function readRepeat(reading: Reading): "once" | "at least once" | "may be absent" {
  const repeat = /(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/y;
  repeat.lastIndex = reading.at;
  const found = repeat.exec(reading.pattern);
  if (found === null) return "once";
  reading.at += found[0].length;
  if (found[0].startsWith("+")) return "at least once";
  return Number(found[1] ?? 0) > 0 ? "at least once" : "may be absent";
}
