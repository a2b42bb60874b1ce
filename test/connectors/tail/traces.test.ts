// Which lines are one event, for the traces of each language, alone and between other lines.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { createRecords } from "../../../src/connectors/tail/records.ts";
import { beginsOf } from "../../../src/connectors/tail/source.ts";
import { loadRegex } from "../../../src/filters/regex.ts";

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
  "java, nested":
    "java.lang.RuntimeException: mail.SendFailedException: no;\n  nested exception is:\nmail.AddressException: 550\n\tat a.B.c(B.java:1)",
  "java, with a detail on a line of its own":
    "org.postgresql.util.PSQLException: ERROR: relation missing\n  Position: 8\n\tat a.B.c(B.java:1)\nCaused by: x.Y: z\n\tat d.E.f(E.java:2)",
  "c#, inner":
    "Unhandled exception. System.InvalidOperationException: no\n ---> System.IO.IOException: inner\n   at App.Run()\n   --- End of inner exception stack trace ---\n   at App.Main()",
  "javascript, with fields":
    "Error [ERR_X]: no\n    at f (/app/x.js:3:9) {\n  code: 'ERR_X',\n  [cause]: Error: inner\n      at g (/app/y.js:1:1)\n}",
  "javascript, with its source":
    "/app/x.js:3\nthrow new Error('no');\n      ^\n\nError: no\n    at f (/app/x.js:3:9)\n\nNode.js v22.12.0",
  "python, a group":
    '  + Exception Group Traceback (most recent call last):\n  |   File "x.py", line 1, in f\n  | ExceptionGroup: two (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n    | ValueError: no',
  "python, syntax": '  File "x.py", line 1\n    f(\n     ^\nSyntaxError: never closed',
  "rust, an assertion":
    "thread 'main' (1234) panicked at src/main.rs:4:5:\nassertion `left == right` failed\n  left: 1\n right: 2\nnote: run with `RUST_BACKTRACE=1`",
  "rust, before 1.73": "thread 'main' panicked at 'no', src/main.rs:4:5\nnote: run with `RUST_BACKTRACE=1`",
  "rust, an error with its causes": "Error: no\n\nCaused by:\n    0: one\n    1: two",
  rails:
    " ActiveRecord::RecordNotFound (Couldn't find User with id=7):\n  \napp/controllers/users_controller.rb:9:in `show'\nrailties (7.0.1) lib/rails/engine.rb:5:in `call'",
  "php, chained":
    "PHP Fatal error:  Uncaught A: no in /app/x.php:3\nStack trace:\n#0 {main}\n\nNext B: also no in /app/y.php:5\nStack trace:\n#0 {main}\n  thrown in /app/y.php on line 5",
  laravel:
    '[2026-01-05 10:00:00] local.ERROR: no {"exception":"[object] (RuntimeException(code: 0): no at /app/x.php:3)\n[stacktrace]\n#0 /app/y.php(4): f()\n#1 {main}\n"}',
  dart: "Unhandled exception:\nFormatException: bad (at line 3, character 8)\nnot valid\n    ^\n\n#0      main (file:///a.dart:1:1)\n<asynchronous suspension>\n#1      f (dart:async:2)",
};

const recipe = parse(
  readFileSync(new URL("../../../recipes/dev-server-log.yaml", import.meta.url), "utf8"),
) as {
  sources: { log: { multiline: { indent: boolean; traces: boolean } } };
  inputs: { errors: { default: string }; ignore: { default: string } };
};

const modes = { traces: { traces: true }, "indent and traces": recipe.sources.log.multiline };

function events(lines: readonly string[], mode: keyof typeof modes = "traces"): string[] {
  const multiline = { ...modes[mode], maxLines: 500, flushMs: 1_000 };
  const records = createRecords({ begins: beginsOf(multiline, undefined), maxBytes: 1e6, ...multiline });
  const complete = records.push(
    lines.map((text) => ({ text, cut: 0, end: 0 })),
    0,
  );
  const last = records.flush();
  return [...complete, ...(last === undefined ? [] : [last])].map(({ text }) => text);
}

const onlyIndented = new Set(["java, with a detail on a line of its own"]);
const cases = Object.entries(traces).flatMap(([name, trace]) =>
  (["traces", "indent and traces"] as const)
    .filter((mode) => mode !== "traces" || !onlyIndented.has(name))
    .map((mode) => ({ name, trace, mode })),
);

describe.each(cases)("a trace of $name with $mode", ({ trace, mode }) => {
  test("is one event", () => {
    expect(events(trace.split("\n"), mode)).toEqual([trace]);
  });

  test("is an error for the recipe dev-server-log", async () => {
    const regex = await loadRegex();
    expect(regex(recipe.inputs.errors.default).test(trace)).toBe(true);
    expect(regex(recipe.inputs.ignore.default).test(trace)).toBe(false);
  });

  test("ends where another line begins, and takes none from before", () => {
    const lines = ["10:00 ready", ...trace.split("\n"), "10:01 request", "10:02 done"];
    expect(events(lines, mode)).toEqual(["10:00 ready", trace, "10:01 request", "10:02 done"]);
  });

  // Without a head of its own, it could as well go on with the first.
  test.skipIf(trace.startsWith("  File"))("is parted from a trace that follows at once", () => {
    expect(events([...trace.split("\n"), ...trace.split("\n")], mode)).toEqual([trace, trace]);
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
