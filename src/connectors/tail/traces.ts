// Recognises stack traces of many languages line by line, also where their lines are not indented. The rules
// follow Google's fluent-plugin-detect-exceptions: a state for each kind of line that may follow.

type State =
  | "none"
  | "java-after"
  | "java-nested"
  | "java"
  | "js-fields"
  | "node-place"
  | "node-source"
  | "python"
  | "python-code"
  | "python-between"
  | "python-chained"
  | "python-group"
  | "php"
  | "php-frames"
  | "go-panic"
  | "go-goroutine"
  | "go-function"
  | "go-file"
  | "rust-message"
  | "rust"
  | "ruby"
  | "rails"
  | "dart"
  | "dart-code"
  | "dart-message"
  | "dart-frames";

interface Rule {
  readonly from: readonly State[];
  readonly line: RegExp;
  readonly to: State;
}

interface Begin {
  readonly line: RegExp;
  readonly to: State;
  /** It begins a trace even when indented lines belong to the previous line. */
  readonly isIndented?: true;
}

const begins: readonly Begin[] = [
  {
    line: /^[\t ]+\+ Exception Group Traceback \(most recent call last\):\s*$/,
    to: "python-group",
    isIndented: true,
  },
  { line: /^Traceback \(most recent call last\):\s*$/, to: "python" },
  { line: /^[\t ]+File ".*", line \d+\s*$/, to: "python-code", isIndented: true },
  { line: /\bpanic: /, to: "go-panic" },
  { line: /\bfatal error: /, to: "go-panic" },
  { line: /http: panic serving /, to: "go-goroutine" },
  { line: /^thread '.*' (?:\(\d+\) )?panicked at '.*', .*:\d+\s*$/, to: "rust" },
  { line: /^thread '.*' (?:\(\d+\) )?panicked at /, to: "rust-message" },
  {
    line: /PHP (?:Notice|Parse error|Fatal error|Warning): |Fatal error: +Uncaught |exception '[^']+' with message '|\{"exception":"\[object\]/,
    to: "php",
  },
  { line: /\.rb:\d+:in [`'].*: .*\([A-Z]\w*(?:::\w+)*\)\s*$/, to: "ruby" },
  { line: /^ ?[A-Z]\w*(?:::\w+)* \(.*\):\s*$/, to: "rails", isIndented: true },
  { line: /^Unhandled exception:\s*$/, to: "dart" },
  { line: /^(?:(?:file:\/\/)?\/\S+|[A-Z]:\\\S+|node:\S+):\d+\s*$/, to: "node-place" },
  { line: /^V8 errors stack trace\s*$/, to: "java-after" },
  // Java, Kotlin, Scala, C#, JavaScript.
  { line: /(?:Exception|Error|Throwable)(?:\s*$|[:[]| \[)/, to: "java-after" },
];

const follows: readonly Rule[] = [
  { from: ["java-after"], line: /^[\t ]*nested exception is:\s*$/, to: "java-nested" },
  { from: ["java-nested"], line: /\S/, to: "java-after" },
  { from: ["java-after", "java"], line: /^[\t ]+at .*\{\s*$/, to: "js-fields" },
  { from: ["js-fields"], line: /^\}\s*$/, to: "java" },
  { from: ["js-fields"], line: /^[\t ]/, to: "js-fields" },
  { from: ["java-after", "java"], line: /^[\t ]+(?:eval )?at /, to: "java" },
  { from: ["java"], line: /^Node\.js v\d/, to: "none" },
  { from: ["node-place"], line: /\S/, to: "node-source" },
  { from: ["node-source"], line: /^\s*\^+\s*$/, to: "node-source" },
  { from: ["node-source"], line: /^(?:Uncaught )?\w*(?:Error|Exception)\b/, to: "java-after" },
  { from: ["java-after", "java"], line: /^[\t ]*---> /, to: "java-after" },
  { from: ["java-after", "java"], line: /^[\t ]*--- End of .*stack trace.* ---\s*$/, to: "java" },
  { from: ["java-after", "java"], line: /^[\t ]*(?:Caused by|Suppressed|Wrapped by):/, to: "java-after" },
  { from: ["java-after"], line: /^[\t ]+\d+: /, to: "java-after" },
  { from: ["java-after"], line: /^Stack backtrace:/, to: "rust" },
  { from: ["java-after", "java"], line: /^[\t ]*\.\.\. \d+ (?:more|common frames omitted)/, to: "java" },
  { from: ["python", "python-between"], line: /^[\t ]+File "/, to: "python-code" },
  { from: ["python", "python-code"], line: /^[\t ]/, to: "python" },
  { from: ["python", "python-code"], line: /^(?:[^\s.():]+\.)*[^\s.():]+(?::|$)/, to: "python-between" },
  {
    from: ["python-between"],
    line: /^(?:During handling of the above exception|The above exception was the direct cause)/,
    to: "python-chained",
  },
  { from: ["python-chained"], line: /^Traceback \(most recent call last\):\s*$/, to: "python" },
  { from: ["python-group"], line: /^[\t ]+[|+](?! Exception Group)/, to: "python-group" },
  { from: ["php"], line: /^(?:PHP )?Stack trace:|^\[(?:stacktrace|previous exception)\]/, to: "php-frames" },
  { from: ["php-frames"], line: /^Next .* in .*:\d+\s*$|^\[previous exception\]/, to: "php" },
  { from: ["php-frames"], line: /^"\}\s*$/, to: "none" },
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
  { from: ["rust"], line: /^\s+\S/, to: "rust" },
  { from: ["ruby"], line: /^[\t ]+(?:\d+: )?from /, to: "ruby" },
  { from: ["rails"], line: /^[\t ]*\S.*:\d+:in [`']/, to: "rails" },
  { from: ["dart"], line: /^FormatException: .*\(at /, to: "dart-code" },
  { from: ["dart", "dart-code"], line: /\S/, to: "dart-message" },
  { from: ["dart-message"], line: /^(?:Receiver|Tried calling|Found): |^[\t ]+\S/, to: "dart-message" },
  { from: ["dart-message", "dart-frames"], line: /^#\d+\s|^<asynchronous suspension>/, to: "dart-frames" },
];

/** Blank lines inside a trace: the next line decides whether they were its end. */
const blanksIn: ReadonlySet<State> = new Set([
  "go-panic",
  "go-goroutine",
  "go-function",
  "python-between",
  "python-chained",
  "java-after",
  "java",
  "js-fields",
  "node-source",
  "php-frames",
  "rails",
  "dart-message",
]);

export interface TraceDetector {
  /** Takes the next line: does it continue the current trace? */
  continues(line: string): boolean;
  /** Does the last line begin a trace although it is indented? */
  beganIndented(): boolean;
}

/** One per file: it has state. `joinsIndented`: indented lines belong to a trace whatever their text. */
export function createTraceDetector(joinsIndented = false): TraceDetector {
  let state: State = "none";
  let beganIndented = false;
  return {
    continues(line) {
      beganIndented = false;
      if (state !== "none") {
        if (line.trim() === "" && blanksIn.has(state)) return true;
        const rule = follows.find(({ from, line: pattern }) => from.includes(state) && pattern.test(line));
        if (rule !== undefined) {
          state = rule.to;
          return true;
        }
      }
      const begun = begins.find(({ line: pattern }) => pattern.test(line));
      if (state !== "none" && joinsIndented && begun?.isIndented !== true && /^[\t ]{2}/.test(line))
        return true;
      state = begun?.to ?? "none";
      beganIndented = begun?.isIndented === true;
      return false;
    },
    beganIndented: () => beganIndented,
  };
}
