// Which lines are one event, for the traces of each language, alone and between other lines.

import { describe, expect, test } from "vitest";
import { createTraceDetector } from "../../../src/connectors/tail/traces.ts";

const traces: Readonly<Record<string, string>> = {
  java: "java.lang.IllegalStateException: outer\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: inner\n\tat d.E.f(E.java:2)\n\t... 3 more",
  kotlin:
    'Exception in thread "main" kotlin.KotlinNullPointerException\n\tat MainKt.main(Main.kt:3)\n\tSuppressed: java.lang.Exception: x\n\t\tat MainKt.f(Main.kt:9)',
  "c#": "System.InvalidOperationException: no\n   at App.Run() in /src/App.cs:line 5\n   --- End of inner exception stack trace ---\n   at App.Main()",
  javascript: "TypeError: x is not a function\n    at f (/app/x.js:3:9)\n    at async g (/app/y.js:1:1)",
  python:
    'Traceback (most recent call last):\n  File "/app/x.py", line 3, in <module>\n    f()\n  File "/app/y.py", line 1, in f\n    1 / 0\nZeroDivisionError: division by zero',
  "python, chained":
    'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    a()\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "x.py", line 3, in g\n    b()\nValueError: no',
  go: "panic: runtime error: index out of range [3] with length 2\n\ngoroutine 1 [running]:\nmain.main()\n\t/src/main.go:12 +0x1d",
  "go, with a signal":
    "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x1]\n\ngoroutine 7 [running]:\nmain.(*T).do(...)\n\t/src/t.go:3\ncreated by main.start\n\t/src/main.go:9 +0x5",
  rust: "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds: the len is 3 but the index is 99\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/library/std/src/panicking.rs:1:5\nnote: run with `RUST_BACKTRACE=full`",
  ruby: "app.rb:2:in `f': no (ArgumentError)\n\tfrom app.rb:5:in `g'\n\tfrom app.rb:9:in `<main>'",
  php: "PHP Fatal error:  Uncaught Exception: no in /app/x.php:3\nStack trace:\n#0 /app/y.php(4): f()\n#1 {main}\n  thrown in /app/x.php on line 3",
};

function events(lines: readonly string[]): string[] {
  const { continues } = createTraceDetector();
  const found: string[] = [];
  for (const line of lines) {
    if (continues(line) && found.length > 0) found.push(`${found.pop()}\n${line}`);
    else found.push(line);
  }
  return found;
}

describe.each(Object.entries(traces))("a trace of %s", (_, trace) => {
  test("is one event", () => {
    expect(events(trace.split("\n"))).toEqual([trace]);
  });

  test("ends where another line begins, and takes none from before", () => {
    const lines = ["10:00 ready", ...trace.split("\n"), "10:01 request", "10:02 done"];
    expect(events(lines)).toEqual(["10:00 ready", trace, "10:01 request", "10:02 done"]);
  });

  test("is parted from a trace that follows at once", () => {
    expect(events([...trace.split("\n"), ...trace.split("\n")])).toEqual([trace, trace]);
  });
});

test("lines without a trace stay apart, indented ones too", () => {
  const lines = [
    "GET / 200",
    "  indented",
    "Error rate is 0",
    "",
    "at noon",
    "Caused by: nothing",
    "#1 done",
    "goroutine 5 [idle]:",
  ];
  expect(events(lines)).toEqual(lines);
});
