// Files that grow, are renamed, emptied and gone, as a tail sees them.

import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { tail } from "../../../src/connectors/tail/index.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { temporaryFolders } from "../../files/folder.ts";
import { type Reading, readingFiles } from "../reading-files.ts";

const newFolder = temporaryFolders();
const read = readingFiles(tail);
const lines = ({ arrivals }: Reading) => arrivals.map(({ text }) => text);

function inFolder(folder = newFolder()) {
  const at = (name: string) => join(folder, name);
  return {
    folder,
    at,
    write: (name: string, text: string) => writeFileSync(at(name), text),
    append: (name: string, text: string) => appendFileSync(at(name), text),
    rename: (from: string, to: string) => renameSync(at(from), at(to)),
  };
}

const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();

it.each([
  ["utf-8 by its mark, whatever is said", "latin1", Buffer.from("\ufeffgrün\n")],
  ["utf-16le by its mark", "utf-8", Buffer.from("\ufeffgrün\n", "utf16le")],
  ["utf-16be by its mark", "utf-8", utf16be("\ufeffgrün\n")],
  ["utf-16le", "utf-16le", Buffer.from("grün\n", "utf16le")],
  ["utf-16be", "utf-16be", utf16be("grün\n")],
  ["latin1", "latin1", Buffer.from("grün\n", "latin1")],
  ["utf-8", "utf-8", Buffer.from("grün\n")],
])("a file is read as %s", async (_, encoding, bytes) => {
  const { folder, at } = inFolder();
  writeFileSync(at("a.log"), bytes);
  const reading = await read(folder, { files: "a.log", from: "start", encoding });
  const mark = [0xef, 0xfe, 0xff].includes(bytes[0] as number);
  writeFileSync(at("a.log"), mark ? bytes.subarray(bytes[0] === 0xef ? 3 : 2) : bytes, { flag: "a" });
  await reading.look();
  expect(lines(reading)).toEqual(["grün", "grün"]);
});

it("a file that is written anew to the same length is read from its start, also when that was done while down", async () => {
  const { folder, write, at } = inFolder();
  write("a.log", "old\n");
  utimesSync(at("a.log"), 1, 1);
  const reading = await read(folder, { files: "a.log" });
  write("a.log", "new\n");
  await reading.look();
  await reading.look();
  expect(lines(reading)).toEqual(["new"]);
  await reading.stop();
  write("a.log", "top\n");
  await reading.start();
  await reading.look();
  expect(lines(reading)).toEqual(["new", "top"]);
  utimesSync(at("a.log"), 2, 2);
  await reading.look();
  expect(lines(reading)).toEqual(["new", "top"]);
});

it("a blank line is no event", async () => {
  const { folder, append, write } = inFolder();
  write("a.log", "");
  const reading = await read(folder, { files: "a.log" });
  append("a.log", "one\n \t\n\r\n  two\n");
  await reading.look();
  expect(lines(reading)).toEqual(["one", "  two"]);
});

describe("reading begins", () => {
  it("at the end of what is there at the very first start, and at the start of what comes later", async () => {
    const { folder, write, append } = inFolder();
    write("old.log", "history\n");
    const reading = await read(folder, { files: "*.log" });
    append("old.log", "news\n");
    write("late.log", "first\nsecond\n");
    await reading.look();
    expect(lines(reading).sort()).toEqual(["first", "news", "second"]);
    expect(reading.arrivals.find(({ text }) => text === "news")).toMatchObject({
      data: { line: "news", file: "old.log" },
      trust: "local",
    });
  });

  it("at the start with from: start", async () => {
    const { folder, write } = inFolder();
    write("a.log", "one\ntwo\n");
    expect(lines(await read(folder, { files: "a.log", from: "start" }))).toEqual(["one", "two"]);
  });

  it("where it ended before a restart; files that appeared in between are read from their start", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "history\n");
    const reading = await read(folder, { files: "*.log" });
    append("a.log", "one\n");
    await reading.look();
    await reading.stop();
    append("a.log", "two\n");
    write("b.log", "three\n");
    await reading.start();
    expect(lines(reading)).toEqual(["one", "two", "three"]);
    expect(reading.emitted).toHaveLength(3);
  });

  it("at the end of files that a pattern added later finds, and where it was in the others", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    write("a.txt", "history\n");
    const reading = await read(folder, { files: "a.log" });
    await reading.stop();
    append("a.log", "one\n");
    await reading.start({ files: ["a.log", "*.txt"] });
    append("a.txt", "two\n");
    await reading.look();
    expect(lines(reading)).toEqual(["one", "two"]);
  });

  it("in folders that appear later", async () => {
    const { folder, at, write } = inFolder();
    const reading = await read(folder, { files: "logs/*/app.log" });
    mkdirSync(at("logs/deep"), { recursive: true });
    write("logs/deep/app.log", "hello\n");
    await reading.look();
    expect(reading.arrivals[0]?.data).toEqual({ line: "hello", file: "logs/deep/app.log" });
  });
});

describe("a file that is renamed", () => {
  it("is read on for 10 s, and the one in its place from its start", async () => {
    const { folder, write, append, rename } = inFolder();
    write("app.log", "");
    const reading = await read(folder, { files: "app.log" });
    append("app.log", "one\n");
    rename("app.log", "app.log.1");
    write("app.log", "three\n");
    append("app.log.1", "two\n");
    await reading.look();
    append("app.log.1", "late\n");
    await reading.look(5_000);
    expect(lines(reading).sort()).toEqual(["late", "one", "three", "two"]);
    expect(reading.arrivals.find(({ text }) => text === "late")?.data).toMatchObject({ file: "app.log" });
    for (let second = 0; second < 12; second++) await reading.look();
    append("app.log.1", "too late\n");
    await reading.look();
    expect(lines(reading)).not.toContain("too late");
  });

  it("to a name that fits too is the same file", async () => {
    const { folder, write, append, rename } = inFolder();
    write("app.log", "");
    const reading = await read(folder, { files: "app.log*" });
    append("app.log", "one\n");
    await reading.look();
    rename("app.log", "app.log.1");
    await reading.look();
    append("app.log.1", "two\n");
    await reading.look(20_000);
    expect(reading.emitted.map(({ text }) => text)).toEqual(["one", "two"]);
  });

  it("while nobody looks is found again by its inode", async () => {
    const { folder, write, append, rename } = inFolder();
    write("app.log", "");
    const reading = await read(folder, { files: "app.log" });
    append("app.log", "one\n");
    await reading.look();
    await reading.stop();
    append("app.log", "two\n");
    rename("app.log", "app.log.1");
    write("app.log", "three\n");
    await reading.start();
    await reading.look();
    expect(lines(reading).sort()).toEqual(["one", "three", "two"]);
  });

  it("and removed is read to its end all the same", async () => {
    const { folder, at, write, append } = inFolder();
    write("app.log", "");
    const reading = await read(folder, { files: "app.log" });
    append("app.log", "one\n");
    await reading.look();
    append("app.log", "two\n");
    rmSync(at("app.log"));
    await reading.look();
    expect(lines(reading)).toEqual(["one", "two"]);
  });

  it("and compressed is not read again", async () => {
    const { folder, write } = inFolder();
    const reading = await read(folder, { files: "*" });
    writeFileSync(join(folder, "app.log.1.gz"), gzipSync("one\n"));
    writeFileSync(join(folder, "app.log.1"), gzipSync("one\n"));
    write("app.log", "two\n");
    await reading.look();
    expect(lines(reading)).toEqual(["two"]);
  });
});

describe("a file that is emptied", () => {
  it("is read from its start", async () => {
    const { folder, at, write, append } = inFolder();
    write("app.log", "");
    const reading = await read(folder, { files: "app.log" });
    append("app.log", "one\ntwo\n");
    await reading.look();
    copyFileSync(at("app.log"), at("app.log.1"));
    truncateSync(at("app.log"));
    append("app.log", "new\n");
    await reading.look();
    expect(lines(reading)).toEqual(["one", "two", "new"]);
  });

  it("is so also when it has grown beyond its old length before the next look", async () => {
    const { folder, at, write, append } = inFolder();
    write("app.log", "");
    const reading = await read(folder, { files: "app.log" });
    append("app.log", "one\n");
    await reading.look();
    truncateSync(at("app.log"));
    append("app.log", "another\nand another\n");
    await reading.look();
    expect(lines(reading)).toEqual(["one", "another", "and another"]);
  });

  it("and written as before makes the same lines again, for they are new", async () => {
    const { folder, at, write, append } = inFolder();
    write("app.log", "");
    const reading = await read(folder, { files: "app.log" });
    append("app.log", "same\nsame\n");
    await reading.look();
    truncateSync(at("app.log"));
    await reading.look();
    append("app.log", "same\n");
    await reading.look();
    expect(lines(reading)).toEqual(["same", "same", "same"]);
  });

  it("while nobody looks is so too", async () => {
    const { folder, write, append } = inFolder();
    write("app.log", "");
    const reading = await read(folder, { files: "app.log" });
    append("app.log", "one\n");
    await reading.look();
    await reading.stop();
    write("app.log", "something else\n");
    await reading.start();
    expect(lines(reading)).toEqual(["one", "something else"]);
  });
});

describe("a file that vanishes", () => {
  it("and comes back is read on where it was", async () => {
    const { folder, at, append } = inFolder();
    mkdirSync(at("logs"));
    append("logs/a.log", "");
    const reading = await read(folder, { files: "logs/*.log" });
    append("logs/a.log", "one\n");
    await reading.look();
    renameSync(at("logs"), at("elsewhere"));
    for (let second = 0; second < 30; second++) await reading.look();
    renameSync(at("elsewhere"), at("logs"));
    append("logs/a.log", "two\n");
    await reading.look();
    expect(reading.emitted.map(({ text }) => text)).toEqual(["one", "two"]);
  });
});

describe("lines", () => {
  it("that are not finished are waited for, then taken as they are", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    const reading = await read(folder, { files: "a.log" });
    append("a.log", "half");
    await reading.look();
    append("a.log", " and half\nlast");
    await reading.look();
    expect(lines(reading)).toEqual(["half and half"]);
    await reading.look(9_000);
    expect(lines(reading)).toEqual(["half and half"]);
    await reading.look(2_000);
    expect(lines(reading)).toEqual(["half and half", "last"]);
  });

  it("that belong together are one event, complete when the next begins or nothing comes", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    const reading = await read(folder, { files: "a.log", multiline: { indent: true } });
    append("a.log", "Error: a\n  at b\n");
    await reading.look(500);
    append("a.log", "  at c\nError: d\n");
    await reading.look(500);
    expect(lines(reading)).toEqual(["Error: a\n  at b\n  at c"]);
    await reading.look(1_000);
    expect(lines(reading)).toEqual(["Error: a\n  at b\n  at c", "Error: d"]);
  });

  it("that belong together are whole also when a restart came between them", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    const reading = await read(folder, { files: "a.log", multiline: { start: "^Error" } });
    append("a.log", "Error: a\nmore\n");
    await reading.look(100);
    await reading.stop();
    append("a.log", "rest\nError: b\n");
    await reading.start();
    expect(lines(reading)).toEqual(["Error: a\nmore\nrest"]);
  });

  it("in UTF-16 are known by the byte order mark, also after a restart", async () => {
    const { folder, at, write } = inFolder();
    write("a.log", "\ufeff");
    const reading = await read(folder, { files: "b.log" });
    writeFileSync(at("b.log"), Buffer.from("\ufeffgrüße\r\n", "utf16le"));
    await reading.look();
    await reading.stop();
    appendFileSync(at("b.log"), Buffer.from("日本\n", "utf16le"));
    await reading.start();
    expect(lines(reading)).toEqual(["grüße", "日本"]);
  });

  it("that are empty are no events", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    const reading = await read(folder, { files: "a.log" });
    append("a.log", "\n\r\none\n\n");
    await reading.look();
    expect(lines(reading)).toEqual(["one"]);
  });
});

describe("what is not taken", () => {
  it("is offered again, nothing is read past it, and a crash in between loses nothing", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    const reading = await read(folder, { files: "a.log" });
    reading.answer(() => Promise.reject(new DeliveryError("E_JOURNAL_FULL", "the disk is full")));
    append("a.log", "one\n");
    await reading.look();
    append("a.log", "two\n");
    await reading.clock.advance(3_000);
    expect(reading.emitted.every(({ text }) => text === "one")).toBe(true);
    expect(reading.source().health?.().detail).toContain("the disk is full");
    await reading.crash();
    reading.answer(undefined);
    await reading.start();
    expect(lines(reading)).toEqual(["one", "two"]);
  });

  it("is accepted in its turn once there is room", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    const reading = await read(folder, { files: "a.log" });
    let refusals = 2;
    reading.answer(async () => {
      if (refusals-- > 0) throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
      reading.answer(undefined);
      throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
    });
    append("a.log", "one\n");
    await reading.look();
    append("a.log", "two\n");
    for (let second = 0; second < 20; second++) await reading.clock.advance(1_000);
    await reading.look();
    expect(lines(reading)).toEqual(["one", "two"]);
  });

  it("holds reading back: no more than 256 lines are under way", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    const reading = await read(folder, { files: "a.log" });
    reading.answer(() => new Promise(() => undefined));
    append("a.log", "line\n".repeat(100_000));
    await reading.clock.advance(1_000);
    await expect.poll(() => reading.emitted.length).toBe(256);
  });
});

it("does not mix what several sources read at one time", async () => {
  const made = ["a", "b", "c"].map((letter) => {
    const files = inFolder();
    const expected = Array.from({ length: 30_000 }, (_, n) => `${letter.repeat(40)} ${n}`);
    files.write("app.log", `${expected.join("\n")}\n`);
    return { ...files, expected };
  });
  const readings = await Promise.all(
    made.map(({ folder }) => read(folder, { files: "app.log", from: "start" })),
  );
  for (const [index, reading] of readings.entries()) {
    for (let looks = 0; reading.arrivals.length < 30_000 && looks < 20; looks++) await reading.look();
    expect(lines(reading)).toEqual(made[index]?.expected);
  }
});

describe("after a crash", () => {
  it("what was accepted comes again with the id that it had, and what was not comes for the first time", async () => {
    const { folder, write, append } = inFolder();
    write("a.log", "");
    const reading = await read(folder, { files: "a.log" });
    append("a.log", "one\ntwo\n");
    await reading.look();
    await reading.crash();
    append("a.log", "three\n");
    await reading.start();
    expect(lines(reading)).toEqual(["one", "two", "three"]);
    expect(reading.emitted.length).toBeGreaterThanOrEqual(3);
  });
});

describe("a file that may not be read", () => {
  it("is told once, and read once it may be", async () => {
    const { folder, at, write } = inFolder();
    const outside = inFolder();
    outside.write("secret.log", "secret\n");
    write("ok.log", "");
    symlinkSync(outside.at("secret.log"), at("link.log"));
    const reading = await read(folder, { files: "*.log", from: "start" });
    for (let second = 0; second < 5; second++) await reading.look();
    expect(reading.warnings.filter((line) => line.includes("link.log"))).toHaveLength(1);
    expect(reading.source().health?.().detail).toContain("refused: link.log leads to");
    rmSync(at("link.log"));
    write("link.log", "fine\n");
    await reading.look();
    expect(lines(reading)).toEqual(["fine"]);
  });

  it("is a failure of the source when there is no other", async () => {
    const { folder, at } = inFolder();
    symlinkSync("/etc/passwd", at("a.log"));
    const reading = await read(folder, { files: "a.log" });
    expect(reading.source().health?.()).toMatchObject({
      state: "waiting",
      lastError: expect.stringContaining("no file can be read"),
    });
  });
});

it("follows where a link leads to, and what it led to before to its end", async () => {
  const { folder, at, append } = inFolder();
  for (const release of ["1", "2"]) {
    mkdirSync(at(release));
    append(`${release}/app.log`, "");
  }
  symlinkSync("1", at("current"));
  const reading = await read(folder, { files: "current/app.log" });
  append("1/app.log", "one\n");
  rmSync(at("current"));
  symlinkSync("2", at("current"));
  append("2/app.log", "two\n");
  await reading.look();
  expect(lines(reading).sort()).toEqual(["one", "two"]);
});

it("a file is not closed while it is read, even if the source has to stop before the read ends", async () => {
  const { folder, at, write, append } = inFolder();
  write("a.log", "one\n");
  const reading = await read(folder, { files: "a.log", from: "start" });
  expect(lines(reading)).toEqual(["one"]);
  const sample = await open(at("a.log"));
  const handles = Object.getPrototypeOf(sample) as FileHandle;
  await sample.close();
  const { read: readNow } = handles;
  let proceed = (): void => {};
  const held = new Promise<void>((resolve) => {
    proceed = resolve;
  });
  const failures: unknown[] = [];
  let handle: FileHandle | undefined;
  let underWay = 0;
  const reads = vi.spyOn(handles, "read").mockImplementation(async function (this: FileHandle, ...args) {
    handle = this;
    underWay += 1;
    await held;
    const result = readNow.apply(this, args as never);
    result.catch((error: unknown) => failures.push(error)).finally(() => (underWay -= 1));
    return result as never;
  });
  try {
    append("a.log", "two\n");
    await reading.clock.advance(1_000);
    await vi.waitUntil(() => handle !== undefined, { timeout: 20_000 });
    await reading.source().stop(AbortSignal.abort());
    proceed();
    await vi.waitUntil(() => handle?.fd === -1 && underWay === 0, { timeout: 20_000 });
    expect([failures, reading.warnings]).toEqual([[], []]);
  } finally {
    reads.mockRestore();
  }
});
