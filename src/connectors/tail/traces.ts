// Recognises the stack traces of languages line by line, also where their lines begin at the margin. The rules are those that Google's
// fluent-plugin-detect-exceptions made common: a state for each kind of line that may follow.

type State =
  | "none"
  | "java-after"
  | "java"
  | "python"
  | "python-code"
  | "python-between"
  | "python-chained"
  | "php"
  | "php-frames"
  | "go-panic"
  | "go-goroutine"
  | "go-function"
  | "go-file"
  | "rust-message"
  | "rust"
  | "ruby";

interface Rule {
  readonly from: readonly State[];
  readonly line: RegExp;
  readonly to: State;
}

const begins: readonly Omit<Rule, "from">[] = [
  { line: /^Traceback \(most recent call last\):\s*$/, to: "python" },
  { line: /\bpanic: /, to: "go-panic" },
  { line: /\bfatal error: /, to: "go-panic" },
  { line: /http: panic serving /, to: "go-goroutine" },
  { line: /^thread '.*' (?:\(\d+\) )?panicked at /, to: "rust-message" },
  { line: /PHP (?:Notice|Parse error|Fatal error|Warning): |exception '[^']+' with message '/, to: "php" },
  { line: /\.rb:\d+:in [`'].*: .*\(\S*(?:Error|Exception)\)\s*$/, to: "ruby" },
  // Java, Kotlin, Scala, C#, JavaScript.
  { line: /(?:Exception|Error|Throwable)(?:\s*$|[:[])/, to: "java-after" },
];

const follows: readonly Rule[] = [
  { from: ["java-after"], line: /^[\t ]*nested exception is:/, to: "java-after" },
  { from: ["java-after", "java"], line: /^[\t ]+(?:eval )?at /, to: "java" },
  { from: ["java-after", "java"], line: /^[\t ]*--- End of .*stack trace.* ---\s*$/, to: "java" },
  { from: ["java-after", "java"], line: /^[\t ]*(?:Caused by|Suppressed|Wrapped by): /, to: "java-after" },
  { from: ["java-after", "java"], line: /^[\t ]*\.\.\. \d+ (?:more|common frames omitted)/, to: "java" },
  { from: ["python", "python-between"], line: /^[\t ]+File "/, to: "python-code" },
  { from: ["python", "python-code"], line: /^[\t ]/, to: "python" },
  { from: ["python"], line: /^(?:[^\s.():]+\.)*[^\s.():]+(?::|$)/, to: "python-between" },
  {
    from: ["python-between"],
    line: /^(?:During handling of the above exception|The above exception was the direct cause)/,
    to: "python-chained",
  },
  { from: ["python-chained"], line: /^Traceback \(most recent call last\):\s*$/, to: "python" },
  { from: ["php"], line: /^(?:PHP )?Stack trace:/, to: "php-frames" },
  { from: ["php", "php-frames"], line: /^(?:PHP +)?(?:#\d|\d+\. )/, to: "php-frames" },
  { from: ["php", "php-frames"], line: /^\s+thrown in /, to: "php-frames" },
  { from: ["go-panic"], line: /^\s*(?:\[signal |panic: |\t)/, to: "go-panic" },
  {
    from: ["go-panic", "go-goroutine", "go-function"],
    line: /^goroutine \d+ .*\[[^\]]+\]:\s*$/,
    to: "go-function",
  },
  { from: ["go-function"], line: /^(?:[^\s:]+\.)*[^\s:]*\(|^created by |^panic\(/, to: "go-file" },
  { from: ["go-file"], line: /^\s/, to: "go-function" },
  { from: ["go-function"], line: /^exit status \d+\s*$/, to: "none" },
  { from: ["rust-message", "rust"], line: /^(?:stack backtrace:|note: |\s+\d+: |\s+at )/, to: "rust" },
  { from: ["rust-message"], line: /\S/, to: "rust" },
  { from: ["ruby"], line: /^[\t ]+(?:\d+: )?from /, to: "ruby" },
];

/** Blank lines that a trace has inside: what follows decides whether they were the end of it. */
const blanksIn: ReadonlySet<State> = new Set([
  "go-panic",
  "go-goroutine",
  "go-function",
  "python-between",
  "python-chained",
  "java-after",
]);

export interface TraceDetector {
  /** Takes the next line: does it go on with the trace that is under way? */
  continues(line: string): boolean;
}

/** One for each file: it remembers what came before. */
export function createTraceDetector(): TraceDetector {
  let state: State = "none";
  return {
    continues(line) {
      if (state !== "none") {
        if (line.trim() === "" && blanksIn.has(state)) return true;
        const rule = follows.find(({ from, line: pattern }) => from.includes(state) && pattern.test(line));
        if (rule !== undefined) {
          state = rule.to;
          return true;
        }
      }
      state = begins.find(({ line: pattern }) => pattern.test(line))?.to ?? "none";
      return false;
    },
  };
}
