// Files of container runtimes: the program's own lines come out of them, whole, once, and with what the runtime says of them.

import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { createUnwrapper, readPiece } from "../../../src/connectors/tail/container.ts";
import { tail } from "../../../src/connectors/tail/index.ts";
import { temporaryFolders } from "../../files/folder.ts";
import { type Reading, readingFiles } from "../reading-files.ts";

const newFolder = temporaryFolders();
const read = readingFiles(tail);
const texts = ({ arrivals }: Reading) => arrivals.map(({ text }) => text);
const time = "2026-01-05T10:00:00.123456789Z";

const docker = (text: string, stream = "stdout", end = "\n") =>
  `${JSON.stringify({ log: `${text}${end}`, stream, time })}\n`;
const cri = (text: string, stream = "stdout", flag = "F") => `${time} ${stream} ${flag} ${text}\n`;

const forms = {
  docker: { whole: docker, part: (text: string, stream?: string) => docker(text, stream, "") },
  cri: { whole: cri, part: (text: string, stream?: string) => cri(text, stream, "P") },
};

describe.each(Object.entries(forms))("%s", (name, { whole, part }) => {
  it("is known by how a file begins; stream and time are fields", async () => {
    const folder = newFolder();
    const file = join(folder, "a.log");
    writeFileSync(file, whole("first"));
    const reading = await read(folder, { files: "*.log", from: "start" });
    appendFileSync(file, whole('  an "error" <b>', "stderr") + whole(""));
    writeFileSync(join(folder, "plain.log"), "no container\n");
    await reading.look();
    expect(texts(reading)).toEqual(["first", '  an "error" <b>', "no container"]);
    expect(reading.arrivals[1]?.data).toEqual({
      line: '  an "error" <b>',
      file: "a.log",
      stream: "stderr",
      time,
    });
  });

  it("has no meaning with container: none", async () => {
    const folder = newFolder();
    writeFileSync(join(folder, "a.log"), whole("first"));
    const reading = await read(folder, { files: "*.log", from: "start", container: "none" });
    expect(texts(reading)).toEqual([whole("first").trimEnd()]);
  });

  it("joins the pieces of a line, on each stream by itself, and keeps a trace of them together", async () => {
    const folder = newFolder();
    const file = join(folder, "a.log");
    writeFileSync(file, whole("Traceback (most recent call last):", "stderr"));
    const reading = await read(folder, { files: "a.log", from: "start", multiline: { traces: true } });
    appendFileSync(file, part('  File "x.py", ', "stderr") + whole("line 1, in f", "stderr"));
    appendFileSync(file, whole("ValueError: \x1b[31mno\x1b[0m", "stderr") + whole("next"));
    await reading.look();
    await reading.clock.advance(2_000);
    await reading.look();
    expect(texts(reading)).toEqual([
      'Traceback (most recent call last):\n  File "x.py", line 1, in f\nValueError: no',
      "next",
    ]);
  });

  it("reads a line again whose last piece came after a restart, and makes no second event of others", async () => {
    const folder = newFolder();
    const file = join(folder, "a.log");
    writeFileSync(file, "");
    const reading = await read(folder, { files: "a.log", from: "start" });
    appendFileSync(file, part("begun ", "stderr") + whole("other"));
    await reading.look();
    await reading.stop();
    appendFileSync(file, whole("and ended", "stderr"));
    await reading.start();
    await reading.look();
    const byId = new Map(reading.arrivals.map(({ deliveryId, text }) => [deliveryId, text]));
    expect([...byId.values()].sort()).toEqual(["begun and ended", "other"]);
  });

  it("bounds a line of pieces that never ends", async () => {
    const folder = newFolder();
    const file = join(folder, "a.log");
    writeFileSync(file, part("a".repeat(16_000)).repeat(50));
    const reading = await read(folder, { files: "a.log", from: "start", max_line: "20KiB" });
    await reading.clock.advance(11_000);
    await reading.look();
    expect(texts(reading).map(({ length }) => length)).toEqual([20_480]);
    expect(reading.arrivals[0]?.data).toMatchObject({ cut: 50 * 16_000 - 20_480 });
  });

  test("any lines in any pieces come out as they were written", () => {
    const line = fc.record({
      stream: fc.constantFrom("stdout", "stderr"),
      pieces: fc.array(
        fc.string({ maxLength: 8, unit: "grapheme" }).map((text) => text.replaceAll(/\s/g, "_")),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.infiniteStream(fc.boolean()), (written, choice) => {
        const queues = { stdout: [] as string[], stderr: [] as string[] };
        for (const { stream, pieces } of written) {
          const of = queues[stream as "stdout" | "stderr"];
          for (const [index, piece] of pieces.entries())
            of.push(index === pieces.length - 1 ? whole(piece, stream) : part(piece, stream));
        }
        const unwrapper = createUnwrapper(name as "docker" | "cri", 0, 65_536);
        const got: { stream: string; text: string; start: number }[] = [];
        let at = 0;
        while (queues.stdout.length + queues.stderr.length > 0) {
          const first = choice.next().value ? queues.stdout : queues.stderr;
          const raw = first.shift() ?? queues.stdout.shift() ?? (queues.stderr.shift() as string);
          const text = raw.slice(0, -1);
          at += Buffer.byteLength(raw);
          for (const { origin, text: out, start = -1, end } of unwrapper.push([{ text, cut: 0, end: at }])) {
            got.push({ stream: origin?.stream ?? "", text: out, start });
            expect(end).toBeLessThanOrEqual(at);
          }
        }
        expect(unwrapper.pending()).toBe(false);
        for (const stream of ["stdout", "stderr"])
          expect(got.filter((one) => one.stream === stream).map(({ text }) => text)).toEqual(
            written.filter((one) => one.stream === stream).map(({ pieces }) => pieces.join("")),
          );
        expect(new Set(got.map(({ start }) => start)).size).toBe(got.length);
      }),
    );
  });
});

test("what is not of the form is nothing of a runtime", () => {
  for (const line of ["", "{", "[]", '{"log":1,"stream":"stdout"}', '{"log":"a\\n","stream":"other"}', "{}"])
    expect(readPiece("docker", line)).toBeUndefined();
  for (const line of [
    "",
    "ERROR",
    `${time} stdin F a`,
    `${time} stdout X a`,
    "2026-01-05 10:00:00 stdout F a",
  ])
    expect(readPiece("cri", line)).toBeUndefined();
  expect(readPiece("cri", `${time} stdout F`)).toMatchObject({ text: "", isLast: true });
  expect(readPiece("cri", "2026-01-05T10:00:00+01:00 stderr P:tag  a")).toMatchObject({
    text: " a",
    isLast: false,
  });
});

it("with format: json, the program's JSON is read inside the container's", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "a.log"), docker('{"level":"error","time":7}'));
  writeFileSync(join(folder, "b.log"), docker("plain"));
  const reading = await read(folder, { files: "*.log", from: "start", format: "json" });
  const [a, b] = reading.arrivals.map(({ data }) => data);
  expect(a).toMatchObject({ level: "error", time: 7, stream: "stdout" });
  expect(b).toMatchObject({ log: "plain\n", stream: "stdout", time });
});

test("a file of Docker is known whatever the order of its keys", async () => {
  const entry = { log: "first\n", stream: "stdout", time, attrs: { tag: "web" } };
  const keys = ["log", "stream", "time", "attrs"] as const;
  for (const first of keys) {
    const folder = newFolder();
    const sorted = { [first]: entry[first], ...entry };
    writeFileSync(join(folder, "a.log"), `${JSON.stringify(sorted)}\n`);
    expect(texts(await read(folder, { files: "*.log", from: "start" })), first).toEqual(["first"]);
  }
});
