// The command sink with real programs.

import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/clock.ts";
import { commandSink } from "../../../src/connectors/command/sink/index.ts";
import type { OutgoingCommand } from "../../../src/contract/sink.ts";
import type { JsonObject } from "../../../src/contract.ts";
import { lent } from "../../support/host.ts";
import { isAlive } from "../../support/processes.ts";
import { eventually } from "../../support/router.ts";
import { outgoing, planSink, proveSink } from "../../support/sink.ts";
import { testSink } from "../sink-conformance.ts";

const folder = mkdtempSync(join(tmpdir(), "router-command-"));
afterAll(() => rmSync(folder, { recursive: true }));
const host = { ...lent(systemClock, folder), clock: systemClock };
const text = { type: "string" };

async function call(options: JsonObject, input: JsonObject = {}, signal = new AbortController().signal) {
  const sink = await planSink(commandSink, { input: { a: text, b: text }, options });
  const made = commandSink.create("tested", sink.options as never, host);
  return made.send({ ...(outgoing(sink, input) as OutgoingCommand), cwd: folder }, signal);
}

const script = (body: string) => [process.execPath, "-e", body];
/** A program of its own, so that its arguments may hold values. */
const executable = (name: string, body: string) => {
  const path = join(folder, name);
  writeFileSync(path, `#!${process.execPath}\n${body}`, { mode: 0o755 });
  return path;
};

describe("conformance", () => {
  const file = join(folder, "done");
  const append = "require('fs').appendFileSync(process.env.FILE, 'x'); console.log('ok')";
  testSink({
    type: commandSink,
    written: () => ({
      input: { a: text },
      options: {
        command: [executable("append.cjs", append), "--", "{{input.a}}"],
        env: { FILE: file },
        cwd: folder,
      },
    }),
    input: { a: "-x" },
    host: async () => host,
    done: async () => (existsSync(file) ? readFileSync(file, "utf8").length : 0),
  });
});

describe("a program", () => {
  test("gets its arguments, its input and its variables, and gives back what it says", async () => {
    const body =
      "let t=''; process.stdin.on('data', (d) => { t += d; }).on('end', () => console.log(JSON.stringify({ args: process.argv.slice(2), in: t, env: process.env.NOTE, cwd: process.cwd() })));";
    const { text: said, response } = await call(
      {
        command: [executable("show.cjs", body), "--", "{{input.a}}", "$HOME `id` {{input.b}}"],
        stdin: "<{{input.a}}>",
        env: { NOTE: "n {{input.b}}" },
      },
      { a: "--x\n; rm -rf /", b: "é" },
    );
    expect(JSON.parse(said)).toEqual({
      args: ["--", "--x\n; rm -rf /", "$HOME `id` é"],
      in: "<--x\n; rm -rf /> ".trim(),
      env: "n é",
      cwd: folder,
    });
    expect(response).toMatchObject({ code: 0, stderr: "", data: { env: "n é" } });
  });

  test("that says nothing is told as done", async () => {
    expect((await call({ command: ["true"] })).text).toBe("done, exit code 0");
  });

  test("that fails is an error with its code and what it said last", async () => {
    await expect(
      call({ command: script("console.error('no\\nway'); process.exit(3)") }),
    ).rejects.toMatchObject({
      code: "E_SINK_FAILED",
      message: expect.stringMatching(/exited with code 3$/),
      hint: "output: no way",
      retryable: false,
    });
    const { text: said } = await call({ command: script("process.exit(3)"), exit_codes: [0, 3] });
    expect(said).toBe("done, exit code 3");
  });

  test("that is not there is an error that says so", async () => {
    await expect(call({ command: ["no-such-program-here"] })).rejects.toMatchObject({
      message: expect.stringContaining("no such program"),
    });
  });

  test("that says too much is heard to the end, and cut", async () => {
    const { response } = await call({
      command: script("process.stdout.write('x'.repeat(3e6))"),
      max_output: "1KiB",
    });
    expect(response.text).toHaveLength(1_024);
  });

  test("that takes too long is ended with all that it started", async () => {
    const pids = join(folder, "pids");
    const child = `require('fs').appendFileSync(${JSON.stringify(pids)}, process.pid + ' '); setInterval(() => {}, 1000)`;
    const body = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' }); ${child}`;
    const started = Date.now();
    await expect(call({ command: script(body), timeout: "2s" })).rejects.toMatchObject({
      message: expect.stringMatching(/was killed: it ran longer than 2 s$/),
    });
    expect(Date.now() - started).toBeLessThan(15_000);
    const both = readFileSync(pids, "utf8").trim().split(" ").map(Number);
    expect(both).toHaveLength(2);
    await eventually(() => both.every((pid) => !isAlive(pid)));
  });

  test("is ended at once when the router stops", async () => {
    const ending = new AbortController();
    const running = call({ command: ["sleep", "60"] }, {}, ending.signal);
    setTimeout(() => ending.abort(), 100);
    await expect(running).rejects.toMatchObject({ message: "sleep was killed: the router stopped" });
  });

  test("that leaves something running behind itself is not waited for", async () => {
    const body =
      "require('child_process').spawn('sleep', ['20'], { stdio: 'inherit' }).unref(); console.log('off')";
    const started = Date.now();
    expect((await call({ command: script(body) })).text).toBe("off");
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe("a link to an interpreter", () => {
  test.each([
    ["straight", "straight", "/bin/sh"],
    ["by another link", "second", "first"],
    ["in the search path", "third", "/bin/sh"],
  ])("gets no value: %s", async (how, name, target) => {
    if (target === "first") symlinkSync("/bin/sh", join(folder, "first"));
    symlinkSync(target, join(folder, name));
    const program = how === "in the search path" ? name : `./${name}`;
    const options = {
      command: ["nice", program, "-c", "{{input.a}}"],
      env: { PATH: `${folder}:${process.env.PATH}` },
    };
    await expect(call(options, { a: "echo hello" })).rejects.toMatchObject({
      code: "E_SINK_FAILED",
      message: expect.stringContaining("runs text as a program"),
      retryable: false,
    });
    expect((await call({ ...options, command: [program, "-c", "echo hello"] })).text).toBe("hello");
  });

  test("is no matter where one program has many names", async () => {
    writeFileSync(join(folder, "busybox"), '#!/bin/sh\necho "$@"\n', { mode: 0o755 });
    symlinkSync("busybox", join(folder, "say"));
    expect((await call({ command: ["./say", "{{input.a}}"] }, { a: "hello" })).text).toBe("hello");
  });
});

describe("an argument", () => {
  const argument = async (item: string, a: string, before: readonly string[] = []) => {
    const sink = await planSink(commandSink, {
      input: { a: text },
      options: { command: ["prog", ...before, item] },
    });
    return (outgoing(sink, { a }) as OutgoingCommand).command.at(-1);
  };

  test.each([
    ["{{input.a}}", "-rf"],
    ["{{input.a}}", "--output=/etc/passwd"],
  ])("%s that would become an option is refused: %s", async (item, a) => {
    await expect(argument(item, a)).rejects.toMatchObject({ code: "E_SINK_REFUSED" });
  });

  test.each([
    ["{{input.a}}", "-rf", ["--"], "-rf"],
    ["--title={{input.a}}", "-x", [], "--title=-x"],
    ["x{{input.a}}", "-x", [], "x-x"],
    ["{{input.a}}", "", [], ""],
    ["-v", "", [], "-v"],
    ["{{input.a}}", "-x", ["--", "prog", "--"], "-x"],
    ["-o{{input.a}}", "x", ["--"], "-ox"],
  ])("%s may be %j after %j", async (item, a, before, becomes) => {
    expect(await argument(item, a, before)).toBe(becomes);
  });

  test.each([
    [["sudo", "--", "prog", "{{input.a}}"], "-x"],
    [["kubectl", "exec", "pod", "--", "prog", "{{input.a}}"], "-x"],
    [["timeout", "--", "5", "prog", "{{input.a}}"], "-x"],
    [["find", "--", "{{input.a}}"], "-delete"],
    [["curl", "-d", "{{input.a}}", "http://127.0.0.1:1"], "@/etc/passwd"],
    [["curl", "-F", "file={{input.a}}", "http://127.0.0.1:1"], "</etc/passwd"],
  ])("%j gets no option and no file: %s", async (command, a) => {
    const sink = await planSink(commandSink, { input: { a: text }, options: { command } });
    expect(() => outgoing(sink, { a })).toThrow(expect.objectContaining({ code: "E_SINK_REFUSED" }));
  });

  test("is one argument, whatever it holds", async () => {
    const sink = await planSink(commandSink, {
      input: { a: text },
      options: { command: ["prog", "x", "{{input.a}}", "y"] },
    });
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (a) => {
        try {
          expect((outgoing(sink, { a }) as OutgoingCommand).command).toEqual(["prog", "x", a, "y"]);
          expect(a.startsWith("-") || a.includes("\0")).toBe(false);
        } catch (error) {
          if (!(error instanceof Error) || !("code" in error)) throw error;
          expect(error.code).toBe("E_SINK_REFUSED");
        }
      }),
    );
  });
});

describe("check", () => {
  const told = async (options: JsonObject) =>
    (await proveSink(commandSink, { input: { a: text }, options })).issues.map(
      ({ path, message }) => `${path.slice(2).join(".")}: ${message}`,
    );
  test.each([
    [{ command: ["{{input.a}}"] }, "command.0: the program must be literal"],
    [
      { command: ["sudo", "sh", "-ceu", "echo {{input.a}}"] },
      "command.3: sh runs text as a program: a value in its arguments could become a command",
    ],
    [
      { command: ["bash"], stdin: "{{input.a}}" },
      "stdin: bash would read its program from stdin, and a value in it could become a command",
    ],
    [
      { command: ["./tool"], env: { BASH_ENV: "{{input.a}}" } },
      "env.BASH_ENV: an external value in BASH_ENV could become code: programs interpret this variable",
    ],
    [{ command: ["python3", "x.py"], stdin: "{{input.a}}" }, undefined],
    [{ command: ["cat"], timeout: "2h" }, "timeout: must be at most 30m"],
  ])("%j", async (options, message) => {
    expect(await told(options as JsonObject)).toEqual(message === undefined ? [] : [message]);
  });

  test("asks for consent for the whole command line, its folder and its variables", async () => {
    const { sink } = await proveSink(commandSink, {
      input: { a: text },
      options: {
        command: ["gh", "pr", "it's", "{{input.a}}"],
        cwd: "sub",
        env: { A: "1", T: "2" },
        stdin: "{{input.a}}\n",
      },
    });
    expect(sink.powers.map(({ power, value }) => `${power} ${value}`)).toEqual([
      "command A=1 T=2 gh pr 'it'\\''s' {{input.a}} <<< '{{input.a}} ' (in /project/sub)",
    ]);
  });
});
