// Files that come, change and go, and a drop folder that is emptied.

import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { watch } from "../../../src/connectors/watch/index.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { temporaryFolders } from "../../files/folder.ts";
import { type Reading, readingFiles } from "../reading-files.ts";

const newFolder = temporaryFolders();
const read = readingFiles(watch);
const told = ({ arrivals }: Reading) =>
  arrivals.map(({ data }) => {
    const { event, file } = data as { event: string; file: string };
    return `${event} ${file}`;
  });

function inFolder(folder = newFolder()) {
  const at = (name: string) => join(folder, name);
  return { folder, at, write: (name: string, text: string) => writeFileSync(at(name), text) };
}

/** Long enough for what has happened to settle. */
async function settle(reading: Reading): Promise<void> {
  for (let look = 0; look < 4; look++) await reading.look(1_500);
}

describe("a watch", () => {
  it("tells what is created and changed, not what was there before", async () => {
    const { folder, write, at } = inFolder();
    write("old.txt", "old");
    const reading = await read(folder, { files: "*.txt" });
    await settle(reading);
    write("new.txt", "new");
    appendFileSync(at("old.txt"), "er");
    await settle(reading);
    expect(told(reading).sort()).toEqual(["changed old.txt", "created new.txt"]);
    expect(reading.arrivals[0]).toMatchObject({ trust: "local", text: told(reading)[0] });
  });

  it("tells what is removed when it is asked to", async () => {
    const { folder, write, at } = inFolder();
    write("a.txt", "a");
    const reading = await read(folder, { files: "*.txt", events: ["removed"] });
    write("b.txt", "b");
    await settle(reading);
    rmSync(at("a.txt"));
    rmSync(at("b.txt"));
    await settle(reading);
    expect(told(reading).sort()).toEqual(["removed a.txt", "removed b.txt"]);
  });

  it("waits until a file is not written to any more", async () => {
    const { folder, at } = inFolder();
    const reading = await read(folder, { files: "*.txt", settle: "3s" });
    for (let part = 0; part < 10; part++) {
      appendFileSync(at("slow.txt"), "more");
      await reading.look(1_000);
    }
    expect(told(reading)).toEqual([]);
    await settle(reading);
    expect(told(reading)).toEqual(["created slow.txt"]);
  });

  it("takes a file that an editor replaces for changed", async () => {
    const { folder, write, at } = inFolder();
    write("a.txt", "a");
    const reading = await read(folder, { files: "*.txt", events: ["created", "changed", "removed"] });
    write("a.txt~", "b");
    rmSync(at("a.txt"));
    await reading.look(500);
    renameSync(at("a.txt~"), at("a.txt"));
    await settle(reading);
    expect(told(reading)).toEqual(["changed a.txt"]);
  });

  it("tells afterwards what happened while it was down, and nothing twice", async () => {
    const { folder, write, at } = inFolder();
    write("a.txt", "a");
    write("b.txt", "b");
    const reading = await read(folder, { files: "*.txt", events: ["created", "changed", "removed"] });
    await settle(reading);
    await reading.crash();
    write("c.txt", "c");
    write("a.txt", "other");
    rmSync(at("b.txt"));
    await reading.start();
    await settle(reading);
    expect(told(reading).sort()).toEqual(["changed a.txt", "created c.txt", "removed b.txt"]);
    await reading.crash();
    await reading.start();
    await settle(reading);
    expect(reading.emitted).toHaveLength(3);
  });

  it("does not take a folder that may not be entered for empty", async () => {
    const { folder, at } = inFolder();
    const outside = inFolder();
    mkdirSync(at("in"));
    writeFileSync(at("in/a.txt"), "a");
    const reading = await read(folder, { files: "in/a.txt", events: ["removed"] });
    await settle(reading);
    renameSync(at("in"), at("away"));
    outside.write("a.txt", "a");
    symlinkSync(outside.folder, at("in"));
    await settle(reading);
    expect(told(reading)).toEqual([]);
    expect(reading.source().health?.().lastError).toContain(
      "outside of the folders that this source may read",
    );
  });

  it("has the text of a file on request, when it is small and text", async () => {
    const { folder, write } = inFolder();
    const reading = await read(folder, { files: "*", text: true, max_text: "10B" });
    write("small", "grüße");
    write("large", "x".repeat(11));
    writeFileSync(join(folder, "binary"), Buffer.from([1, 0, 2]));
    writeFileSync(join(folder, "latin1"), Buffer.from([0xe4, 0x62]));
    await settle(reading);
    const data = Object.fromEntries(
      reading.arrivals.map(({ data: one }) => [(one as { file: string }).file, one]),
    );
    expect(data).toEqual({
      small: { file: "small", event: "created", text: "grüße" },
      large: { file: "large", event: "created" },
      binary: { file: "binary", event: "created" },
      latin1: { file: "latin1", event: "created" },
    });
  });
});

describe("a drop folder", () => {
  const written = { files: "drop/*", move_to: "drop/done" };

  function dropFolder() {
    const made = inFolder();
    mkdirSync(made.at("drop"));
    const names = (folder: string) =>
      readdirSync(made.at(folder), { withFileTypes: true })
        .filter((one) => one.isFile())
        .map(({ name }) => name)
        .sort();
    return { ...made, names };
  }

  it("is emptied: what was there before too becomes an event and is moved", async () => {
    const { folder, write, names, at } = dropFolder();
    write("drop/a.txt", "do a");
    const reading = await read(folder, written);
    await settle(reading);
    write("drop/b.txt", "do b");
    await settle(reading);
    expect(reading.arrivals.map(({ text }) => text)).toEqual(["do a", "do b"]);
    expect([names("drop"), names("drop/done")]).toEqual([[], ["a.txt", "b.txt"]]);
    expect(readFileSync(at("drop/done/b.txt"), "utf8")).toBe("do b");
  });

  it("never overwrites what was moved before", async () => {
    const { folder, write, names, at } = dropFolder();
    const reading = await read(folder, written);
    for (const text of ["one", "two", "three"]) {
      write("drop/task.txt", text);
      await settle(reading);
    }
    expect(names("drop/done")).toEqual(["task-1.txt", "task-2.txt", "task.txt"]);
    expect(readFileSync(at("drop/done/task-2.txt"), "utf8")).toBe("three");
    expect(reading.arrivals).toHaveLength(3);
  });

  it.each(["package.json", "CLAUDE.md", "Makefile", "run.sh"])(
    "does not move %s, on which programs or Claude act",
    async (name) => {
      const { folder, write, names } = dropFolder();
      write(`drop/${name}`, "x");
      write("drop/a.txt", "do a");
      const reading = await read(folder, written);
      await settle(reading);
      expect([names("drop"), names("drop/done")]).toEqual([[name], ["a.txt"]]);
    },
  );

  it("moves nothing through a link into a folder that programs act on", async () => {
    const { folder, write, names, at } = dropFolder();
    mkdirSync(at(".git/hooks"), { recursive: true });
    symlinkSync(at(".git/hooks"), at("drop/done"));
    write("drop/post-commit", "x");
    const reading = await read(folder, written);
    await settle(reading);
    expect([names("drop"), names(".git/hooks")]).toEqual([["post-commit"], []]);
  });

  it("keeps a file until its event is safe", async () => {
    const { folder, write, names } = dropFolder();
    const reading = await read(folder, written);
    reading.answer(() => Promise.reject(new DeliveryError("E_JOURNAL_FULL", "the disk is full")));
    write("drop/a.txt", "do a");
    const detail = async () => {
      await reading.clock.advance(1_000);
      return reading.source().health?.().detail;
    };
    await expect.poll(detail).toContain("the disk is full");
    expect(names("drop")).toEqual(["a.txt"]);
    reading.answer(undefined);
    await reading.clock.advance(60_000);
    await settle(reading);
    expect(reading.arrivals.map(({ text }) => text)).toEqual(["do a"]);
    expect(names("drop")).toEqual([]);
  });

  it("keeps what no channel takes, and does not tell it again", async () => {
    const { folder, write, names } = dropFolder();
    const reading = await read(folder, written);
    reading.answer(async () => ({ eventId: "e1", outcome: "unmatched" }));
    write("drop/a.txt", "do a");
    await settle(reading);
    await reading.stop();
    await reading.start();
    await settle(reading);
    expect(reading.emitted).toHaveLength(1);
    expect(names("drop")).toEqual(["a.txt"]);
  });

  it("makes no second event of a file whose move a crash cut off, before it or in its middle", async () => {
    for (const isHalfMoved of [false, true]) {
      const { folder, write, names, at } = dropFolder();
      write("drop/done", "in the way");
      const reading = await read(folder, written);
      write("drop/a.txt", "do a");
      await settle(reading);
      expect(names("drop")).toEqual(["a.txt", "done"]);
      await reading.crash();
      rmSync(at("drop/done"));
      mkdirSync(at("drop/done"));
      if (isHalfMoved) linkSync(at("drop/a.txt"), at("drop/done/a.txt"));
      await reading.start();
      await settle(reading);
      expect(reading.emitted).toHaveLength(1);
      expect([names("drop"), names("drop/done")]).toEqual([[], ["a.txt"]]);
    }
  });

  it("takes a file again that is moved back into it", async () => {
    const { folder, write, at } = dropFolder();
    const reading = await read(folder, written);
    write("drop/a.txt", "do a");
    utimesSync(at("drop/a.txt"), 1, 1);
    await settle(reading);
    renameSync(at("drop/done/a.txt"), at("drop/a.txt"));
    await settle(reading);
    expect(reading.arrivals).toHaveLength(2);
  });

  it("moves no file that is only linked from it", async () => {
    const { folder, write, names, at } = dropFolder();
    write("precious.txt", "keep me");
    symlinkSync("../precious.txt", at("drop/link.txt"));
    const reading = await read(folder, written);
    await settle(reading);
    expect(reading.emitted).toEqual([]);
    expect(names("")).toEqual(["precious.txt"]);
    expect(reading.warnings.join()).toContain("link.txt is a link");
  });

  it("is not emptied into a folder that leads elsewhere", async () => {
    const { folder, write, names, at } = dropFolder();
    const outside = newFolder();
    symlinkSync(outside, at("drop/done"));
    const reading = await read(folder, written);
    write("drop/a.txt", "do a");
    await settle(reading);
    expect(names("drop")).toEqual(["a.txt"]);
    expect(readdirSync(outside)).toEqual([]);
    expect(reading.warnings.join()).toContain("cannot be moved to drop/done");
  });
});
