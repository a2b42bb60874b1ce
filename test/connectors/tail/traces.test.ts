// Which lines are one event, for the traces of each language, alone and between other lines.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { createRecords } from "../../../src/connectors/tail/records.ts";
import { beginsOf } from "../../../src/connectors/tail/source.ts";
import { createTraceDetector } from "../../../src/connectors/tail/traces.ts";
import { loadRegex } from "../../../src/filters/regex.ts";
import { processorTime } from "../../support/processor-time.ts";
import { slowness } from "../../support/slowness.ts";

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
  "java, a circle of causes":
    "java.lang.RuntimeException: x\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: y\n\tat a.B.d(B.java:2)\n\t[CIRCULAR REFERENCE:java.lang.RuntimeException: x]",
  "java, with modules":
    "java.lang.IllegalArgumentException: no\n\tat java.base/java.util.Objects.requireNonNull(Objects.java:233)\n\tat app//com.acme.Main.main(Main.java:3) ~[app.jar:1.0]\n\t... 12 common frames omitted",
  "java, whatever its name":
    "com.acme.OrderRejected: stock empty\n\tat com.acme.Shop.order(Shop.java:10)\n\tat com.acme.Main.main(Main.java:3)",
  "c#, whatever its name":
    "Acme.Orders.OrderRejected: no\n   at Acme.Orders.Shop.Order() in /src/Shop.cs:line 5",
  "c#, several":
    "System.AggregateException: One or more errors occurred. (a) (b)\n ---> System.Exception: a\n   at App.F() in /src/App.cs:line 5\n   --- End of inner exception stack trace ---\n   at App.Main()\n ---> (Inner Exception #1) System.Exception: b<---",
  "c#, thrown again":
    "System.Exception: a\n   at App.F()\n--- End of stack trace from previous location ---\n   at App.G()",
  "kotlin, a coroutine":
    'Exception in thread "DefaultDispatcher-worker-1" java.lang.IllegalStateException: no\n\tat MainKt$main$1.invokeSuspend(Main.kt:5)\n\tSuppressed: kotlinx.coroutines.internal.DiagnosticCoroutineContextException: [StandaloneCoroutine{Cancelling}@1, Dispatchers.Default]',
  "javascript, several":
    "AggregateError [ECONNREFUSED]: \n    at internalConnectMultiple (node:net:1117:18)\n    at afterConnectMultiple (node:net:1684:7) {\n  code: 'ECONNREFUSED',\n  [errors]: [\n    Error: connect ECONNREFUSED ::1:5432\n        at createConnectionError (node:net:1647:14) {\n      errno: -111,\n    },\n    Error: b\n        at f (a.js:1:1)\n  ]\n}",
  "javascript, fields without frames":
    "[Error: ENOENT: no such file or directory, open 'x'] {\n  errno: -2,\n  code: 'ENOENT',\n  path: 'x'\n}",
  "javascript, a rejection":
    "node:internal/process/promises:394\n      triggerUncaughtException(err, true /* fromPromise */);\n      ^\n\n[UnhandledPromiseRejection: This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason \"x\".] {\n  code: 'ERR_UNHANDLED_REJECTION'\n}\n\nNode.js v22.12.0",
  "javascript, a thrown text":
    "/app/x.js:3\nthrow 'x';\n^\nx\n(Use `node --trace-uncaught ...` to show where the exception was thrown)\n\nNode.js v22.12.0",
  "javascript, an assertion":
    "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:\n\n1 !== 2\n\n    at f (/app/x.js:3:9) {\n  generatedMessage: true,\n  code: 'ERR_ASSERTION'\n}",
  "javascript, whatever its name": "NotFound: user 7\n    at load (/app/src/user.ts:14:23)",
  "python, with fields":
    "Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\n    M(x='a')\npydantic_core._pydantic_core.ValidationError: 1 validation error for M\nx\n  Input should be a valid integer [type=int_parsing, input_value='a', input_type=str]\n    For further information visit https://errors.pydantic.dev/2.10/v/int_parsing",
  "python, of a thread":
    'Exception in thread Thread-1 (f):\nTraceback (most recent call last):\n  File "threading.py", line 1, in run\n    f()\nValueError: x',
  "python, of a destructor":
    "Exception ignored in: <function X.__del__ at 0x7f>\nTraceback (most recent call last):\n  File \"x.py\", line 1, in __del__\n    f()\nNameError: name 'f' is not defined",
  "python, with its cause":
    'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    a()\nmy_pkg.errors.Broken: x\n\nThe above exception was the direct cause of the following exception:\n\nTraceback (most recent call last):\n  File "x.py", line 3, in g\n    b()\napp.api.Fault',
  "go, a deadlock":
    "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\n\t/src/x.go:5 +0x1d\nexit status 2",
  "go, recovered":
    "panic: a [recovered]\n\tpanic: b\n\ngoroutine 18 gp=0xc000002380 m=0 mp=0x55 [running]:\ntesting.tRunner.func1.2({0x1, 0x2})\n\t/usr/go/testing.go:1632 +0x230\npanic({0x1?, 0x2?})\n\t/usr/go/panic.go:785 +0x132\ncreated by testing.(*T).Run in goroutine 1\n\t/usr/go/testing.go:1743 +0x390",
  "go, an overflow":
    "runtime: goroutine stack exceeds 1000000000-byte limit\nruntime: sp=0xc0200e0390 stack=[0xc0200e0000, 0xc0400e0000]\nfatal error: stack overflow\n\nruntime stack:\nruntime.throw({0x4b, 0xe})\n\t/usr/go/panic.go:1067 +0x48\n\ngoroutine 1 gp=0xc0 m=0 mp=0x5 [running]:\nmain.f(...)\n\t/src/x.go:4 +0x2\n...additional frames elided...\nmain.main()\n\t/src/x.go:8 +0xf",
  "go, a signal with registers":
    "SIGQUIT: quit\nPC=0x46d2e1 m=0 sigcode=0\n\ngoroutine 0 gp=0x5 m=0 mp=0x5 [idle]:\nruntime.futex()\n\t/usr/go/sys.s:558 +0x21\n\nrax    0xca\nrbx    0x0\nrflags 0x286\ncs     0x33",
  "go, of several goroutines":
    "fatal error: concurrent map writes\n\ngoroutine 6 [running]:\nmain.main.func1()\n\t/src/x.go:9 +0x3c\ncreated by main.main in goroutine 1\n\t/src/x.go:8 +0x45\n\ngoroutine 1 [sleep, 2 minutes]:\ntime.Sleep(0x1)\n\t/usr/go/time.go:285 +0xf2",
  "rust, with a block":
    "thread 'main' panicked at src/main.rs:2:30:\ncalled `Result::unwrap()` on an `Err` value: Error {\n    code: 2,\n}\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
  "rust, before 1.73, an assertion":
    "thread 'main' panicked at 'assertion failed: `(left == right)`\n  left: `1`,\n right: `2`', src/main.rs:2:5\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
  "rust, an error with one cause": "Error: outer\n\nCaused by:\n    inner",
  "ruby 3.4":
    "app.rb:2:in 'Foo#f': no (ArgumentError)\n\tfrom app.rb:5:in 'Integer#times'\n\tfrom app.rb:9:in '<main>'",
  "ruby, with its source":
    "app.rb:2:in `f': undefined method `x' for nil:NilClass (NoMethodError)\n\n    nil.x\n       ^^\n\tfrom app.rb:5:in `<main>'",
  "ruby, reversed":
    "Traceback (most recent call last):\n\t1: from a.rb:5:in `<main>'\na.rb:2:in `f': x (RuntimeError)",
  elixir:
    "** (RuntimeError) oops\n    (app 0.1.0) lib/a.ex:3: A.f/0\n    (elixir 1.17.0) lib/code.ex:1: Code.eval/3",
  "elixir, a process":
    "10:00:00.123 [error] GenServer #PID<0.1.0> terminating\n** (RuntimeError) oops\n    (app 0.1.0) lib/a.ex:3: A.f/0\nLast message: :x\nState: %{}",
  "go, a race":
    "WARNING: DATA RACE\nRead at 0x00c0000b4010 by goroutine 7:\n  main.f()\n      /src/x.go:5 +0x3a\n\nPrevious write at 0x00c0000b4010 by main goroutine:\n  main.main()\n      /src/x.go:9 +0x5c\n==================",
  "rust, an overflow": "thread 'main' has overflowed its stack\nfatal runtime error: stack overflow",
  "c++": "terminate called after throwing an instance of 'std::runtime_error'\n  what():  no",
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

test("what only looks like a frame is no error for the recipe", async () => {
  const regex = await loadRegex();
  for (const text of [
    "Trace: here\n    at f (/app/x.js:3:9)",
    "(node:1) MaxListenersExceededWarning: Possible leak\n    at f (/app/x.js:3:9)",
    "Meeting\n  at noon 12:30",
    "listening\n  at http://localhost:3000",
  ]) {
    const isError = regex(recipe.inputs.errors.default).test(text);
    expect([text, isError && !regex(recipe.inputs.ignore.default).test(text)]).toEqual([text, false]);
  }
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
    "Meeting",
    "  at noon (12:30)",
    "   at home in (bed)",
    "    at http://localhost:3000/",
    "rax 0x5",
    "Did you mean? this",
    "State: ready",
    "runtime stack:",
  ];
  expect(events(lines)).toEqual(lines);
});

test("a line made to be slow is looked at in a moment", () => {
  const parts = [
    ...[
      "Error: ",
      "Error [",
      "]: ",
      " {",
      "at (",
      "    at a(",
      ":1:1 ",
      ".rb:1:in `",
      "': ",
      "(A",
      "A::",
      "a.",
      " ",
    ],
    ...[
      "PHP ",
      "exception '",
      "' panicked at '",
      "() in ",
      ":line 1 ",
      "goroutine 1 [",
      "[error] Task ",
      "#1 ",
    ],
  ];
  const limitMs = 250 * slowness();
  const heads = [
    "",
    "Error: x",
    "/a:3",
    "panic: x",
    "thread 'x' panicked at a",
    "AssertionError: a:",
    "** (A) x",
  ];
  for (const head of heads) {
    for (const start of ["", "Error [", "thread '"]) {
      for (const part of parts) {
        const detector = createTraceDetector(true);
        detector.continues(head);
        const tookMs = processorTime();
        detector.continues(start + part.repeat(65_536 / part.length));
        expect([start, part, tookMs() < limitMs]).toEqual([start, part, true]);
      }
    }
  }
});
