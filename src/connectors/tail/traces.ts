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
  | "node-thrown"
  | "node-assert"
  | "python"
  | "python-code"
  | "python-between"
  | "python-chained"
  | "python-group"
  | "python-fields"
  | "php"
  | "php-frames"
  | "go-head"
  | "go-panic"
  | "go-goroutine"
  | "go-function"
  | "go-file"
  | "go-race"
  | "rust-message"
  | "rust"
  | "rust-causes"
  | "rust-overflow"
  | "ruby"
  | "rails"
  | "dart"
  | "dart-code"
  | "dart-message"
  | "dart-frames"
  | "elixir-process"
  | "elixir"
  | "c++";

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
  // Of a thread or a destructor: its traceback follows.
  { line: /^Exception (?:in thread .*:\s*$|ignored in\b)/, to: "python-chained" },
  { line: /^(?:runtime: |unexpected fault address |SIG[A-Z]+: )/, to: "go-head" },
  { line: /^WARNING: DATA RACE\s*$/, to: "go-race" },
  { line: /\bpanic: /, to: "go-panic" },
  { line: /\bfatal error: /, to: "go-panic" },
  { line: /http: panic serving /, to: "go-goroutine" },
  { line: /^thread '[^']*' (?:\(\d+\) )?panicked at '.*', [^']*:\d+\s*$/, to: "rust" },
  { line: /^thread '.*' (?:\(\d+\) )?panicked at /, to: "rust-message" },
  { line: /^thread '.*' (?:\(\d+\) )?has overflowed its stack\s*$/, to: "rust-overflow" },
  {
    line: /PHP (?:Notice|Parse error|Fatal error|Warning): |Fatal error: +Uncaught |exception '[^']+' with message '|\{"exception":"\[object\]/,
    to: "php",
  },
  { line: /\.rb:\d+:in [`'][^`']*': .*\([A-Z][\w:]*\)\s*$/, to: "ruby" },
  { line: /^ ?[A-Z]\w*(?:::\w+)* \(.*\):\s*$/, to: "rails", isIndented: true },
  { line: /^Unhandled exception:\s*$/, to: "dart" },
  { line: /^(?:(?:file:\/\/)?\/\S+|[A-Z]:\\\S+|node:\S+):\d+\s*$/, to: "node-place" },
  { line: /^V8 errors stack trace\s*$/, to: "java-after" },
  { line: /^\*\* \([A-Z][\w.]*\)/, to: "elixir" },
  {
    line: /^[\d:.TZ -]{0,40}\[error\] (?:GenServer|Task|Process|State machine) .*(?:terminating|raised an exception)\s*$/,
    to: "elixir-process",
  },
  { line: /^terminate called after throwing an instance of /, to: "c++" },
  { line: /^(?:Uncaught )?AssertionError(?: \[ERR_ASSERTION\])?: .*:\s*$/, to: "node-assert" },
  {
    line: /^\[?(?:Uncaught )?[\w.]{0,200}(?:Exception|Error)(?:: .*\]| \[[^\]]*\]: .*) \{\s*$/,
    to: "js-fields",
  },
  // Java, Kotlin, Scala, C#, JavaScript.
  { line: /(?:Exception|Error|Throwable)(?:\s*$|[:[]| \[)/, to: "java-after" },
];

/** Frames that nothing but a trace has: the line before is its head, whatever its words. */
const frames: readonly Begin[] = [
  // Java, Kotlin, Scala.
  { line: /^[\t ]+at [^\s(]+\((?:Native Method|Unknown Source|[\w$.-]+\.\w+(?::\d+)?)\)/, to: "java" },
  // C#.
  { line: /^ {3,}at [\w.`+<>[\]]+\([^()]*\)(?: in .*:line \d+)?\s*$/, to: "java" },
  // JavaScript.
  { line: /^[\t ]+at (?:[^\s].*\()?[^\s()]+:\d+:\d+\) \{\s*$/, to: "js-fields" },
  { line: /^[\t ]+at (?:[^\s].*\()?[^\s()]+:\d+:\d+\)?\s*$/, to: "java" },
];

const follows: readonly Rule[] = [
  { from: ["java-after"], line: /^[\t ]*nested exception is:\s*$/, to: "java-nested" },
  { from: ["java-nested"], line: /\S/, to: "java-after" },
  { from: ["java-after", "java"], line: /^[\t ]+at .*\{\s*$/, to: "js-fields" },
  { from: ["js-fields"], line: /^\}\s*$/, to: "java" },
  { from: ["js-fields"], line: /^[\t ]/, to: "js-fields" },
  { from: ["java-after", "java"], line: /^[\t ]+(?:eval )?at /, to: "java" },
  { from: ["java", "java-after"], line: /^\(Use `node --trace-/, to: "java" },
  { from: ["java", "java-after"], line: /^Node\.js v\d/, to: "none" },
  { from: ["java"], line: /^[\t ]*\[CIRCULAR REFERENCE: ?/, to: "java" },
  { from: ["node-place"], line: /\S/, to: "node-source" },
  { from: ["node-source"], line: /^\s*\^+\s*$/, to: "node-thrown" },
  // Anything can be thrown.
  { from: ["node-thrown"], line: /\{\s*$/, to: "js-fields" },
  { from: ["node-thrown"], line: /\S/, to: "java-after" },
  { from: ["node-assert"], line: /^[\t ]+at .*\{\s*$/, to: "js-fields" },
  { from: ["node-assert"], line: /^[\t ]+at /, to: "java" },
  { from: ["node-assert"], line: /^[-+ {}[\]'"]|^\.\.\.|^\S+ (?:[!=]==?|[!=]=) /, to: "node-assert" },
  { from: ["java-after", "java"], line: /^[\t ]*---> /, to: "java-after" },
  { from: ["java-after", "java"], line: /^[\t ]*--- End of .*stack trace.* ---\s*$/, to: "java" },
  { from: ["java-after"], line: /^Caused by:\s*$/, to: "rust-causes" },
  { from: ["java-after", "java"], line: /^[\t ]*(?:Caused by|Suppressed|Wrapped by):/, to: "java-after" },
  { from: ["java-after", "rust-causes"], line: /^Stack backtrace:/, to: "rust" },
  { from: ["rust-causes"], line: /^[\t ]+\S/, to: "rust-causes" },
  { from: ["java-after", "java"], line: /^[\t ]*\.\.\. \d+ (?:more|common frames omitted)/, to: "java" },
  { from: ["python", "python-between"], line: /^[\t ]+File "/, to: "python-code" },
  { from: ["python", "python-code"], line: /^[\t ]/, to: "python" },
  { from: ["python", "python-code"], line: /^\S+: \d+ validation errors? for /, to: "python-fields" },
  { from: ["python-fields"], line: /^[\w.-]+\s*$|^[\t ]+\S/, to: "python-fields" },
  { from: ["python", "python-code"], line: /^(?:[^\s.():]+\.)*[^\s.():]+(?::|$)/, to: "python-between" },
  {
    from: ["python-between", "python-fields"],
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
  { from: ["go-head"], line: /^(?:runtime: |PC=)/, to: "go-head" },
  { from: ["go-head"], line: /^fatal error: /, to: "go-panic" },
  { from: ["go-head", "go-panic", "go-function"], line: /^runtime stack:\s*$/, to: "go-function" },
  { from: ["go-function"], line: /^\.\.\.(?:additional|\d+) frames elided\.\.\.\s*$/, to: "go-function" },
  { from: ["go-function"], line: /^[a-z]\w{1,6} +0x[0-9a-f]+\s*$/, to: "go-function" },
  {
    from: ["go-race"],
    line: /^(?:Read|Write|Previous (?:read|write)|Goroutine \d+ |[\t ]+\S)/,
    to: "go-race",
  },
  { from: ["go-race"], line: /^={18}\s*$/, to: "none" },
  { from: ["go-panic"], line: /^\s*(?:\[signal |panic: |\t)/, to: "go-panic" },
  {
    from: ["go-head", "go-panic", "go-goroutine", "go-function"],
    line: /^goroutine \d+ .*\[[^\]]+\]:\s*$/,
    to: "go-function",
  },
  { from: ["go-function"], line: /^(?:[^\s:]+\.)*[^\s:]*\(|^created by |^panic\(/, to: "go-file" },
  { from: ["go-file"], line: /^\s/, to: "go-function" },
  { from: ["go-function"], line: /^exit status \d+\s*$/, to: "none" },
  { from: ["rust-message", "rust"], line: /^(?:stack backtrace:|note: |\s+\d+: |\s+at )/, to: "rust" },
  { from: ["rust-message"], line: /\S/, to: "rust" },
  { from: ["rust"], line: /^\s+\S|^[\])}]+[,;]?\s*$/, to: "rust" },
  { from: ["rust-overflow"], line: /^fatal runtime error: /, to: "none" },
  // The source with its marks, and suggestions, come before the frames.
  { from: ["ruby"], line: /^[\t ]+\S|^Did you mean\? /, to: "ruby" },
  { from: ["rails"], line: /^[\t ]*\S.*:\d+:in [`']/, to: "rails" },
  { from: ["dart"], line: /^FormatException: .*\(at /, to: "dart-code" },
  { from: ["dart", "dart-code"], line: /\S/, to: "dart-message" },
  { from: ["dart-message"], line: /^(?:Receiver|Tried calling|Found): |^[\t ]+\S/, to: "dart-message" },
  { from: ["elixir-process"], line: /^\*\* \(/, to: "elixir" },
  { from: ["elixir"], line: /^[\t ]{2}\S|^[\t ]{4}/, to: "elixir" },
  {
    from: ["elixir"],
    line: /^(?:Last message(?: \(from .*\))?|State|Function|Client .*|Initial Call): ?/,
    to: "elixir",
  },
  { from: ["c++"], line: /^[\t ]+what\(\):/, to: "none" },
  { from: ["dart-message", "dart-frames"], line: /^#\d+\s|^<asynchronous suspension>/, to: "dart-frames" },
];

/** Blank lines inside a trace: the next line decides whether they were its end. */
const blanksIn: ReadonlySet<State> = new Set([
  "go-head",
  "go-panic",
  "go-goroutine",
  "go-race",
  "go-function",
  "python-between",
  "python-chained",
  "java-after",
  "java",
  "js-fields",
  "node-source",
  "node-thrown",
  "node-assert",
  "rust-causes",
  "ruby",
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

/** Some patterns take quadratic time, and what they look for is near the ends of a line. */
function endsOf(line: string): string {
  const length = 1_024;
  return line.length <= 2 * length ? line : line.slice(0, length) + line.slice(-length);
}

/** One per file: it has state. `joinsIndented`: indented lines belong to a trace whatever their text. */
export function createTraceDetector(joinsIndented = false): TraceDetector {
  let state: State = "none";
  let beganIndented = false;
  return {
    continues(whole) {
      const line = endsOf(whole);
      beganIndented = false;
      if (state !== "none") {
        if (line.trim() === "" && blanksIn.has(state)) return true;
        const rule = follows.find(({ from, line: pattern }) => from.includes(state) && pattern.test(line));
        if (rule !== undefined) {
          state = rule.to;
          return true;
        }
      }
      const frame = frames.find(({ line: pattern }) => pattern.test(line));
      if (frame !== undefined) {
        state = frame.to;
        return true;
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
