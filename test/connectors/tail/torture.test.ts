// Random renames, truncations, appends, removals, restarts and crashes: every line comes exactly once, apart from what was cut off
// or removed before anybody read it.

import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { tail } from "../../../src/connectors/tail/index.ts";
import { temporaryFolders } from "../../files/folder.ts";
import { type Reading, readingFiles } from "../reading-files.ts";

const newFolder = temporaryFolders();
const read = readingFiles(tail);

const files = ["a.log", "b.log"];
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("append"),
      file: fc.nat(1),
      count: fc.integer({ min: 1, max: 40 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("half"), file: fc.nat(1), count: fc.constant(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("rename"), file: fc.nat(1), count: fc.constant(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("truncate"), file: fc.nat(1), count: fc.constant(1) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove"), file: fc.nat(1), count: fc.constant(1) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("look"),
      file: fc.constant(0),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("restart"), file: fc.constant(0), count: fc.constant(1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("crash"), file: fc.constant(0), count: fc.constant(1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("down"), file: fc.constant(0), count: fc.constant(1) }),
  },
);

/** What a test knows of the files, and so of the lines that must come. */
class World {
  readonly written = new Set<string>();
  /** Gone before anybody can be sure to have read them. */
  readonly destroyed = new Set<string>();
  /** A look has found what stands at this name now. */
  readonly seen = new Set<string>();
  readonly half = new Map<string, string>();
  number = 0;
  rotated = 0;

  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  append(file: string, count: number): void {
    let text = "";
    for (let n = 0; n < count; n++) {
      const line = this.half.get(file) ?? this.newLine();
      text += `${this.half.has(file) ? line.slice(half(line).length) : line}\n`;
      this.half.delete(file);
      this.written.add(line);
    }
    appendFileSync(join(this.folder, file), text);
  }

  newLine(): string {
    this.number += 1;
    return `line ${this.number} ${"ü😀x".repeat(this.number % 7)}`;
  }

  beginLine(file: string): void {
    if (this.half.has(file)) return;
    const line = this.newLine();
    this.half.set(file, line);
    appendFileSync(join(this.folder, file), half(line));
  }

  lose(path: string): void {
    for (const line of readFileSync(path, "utf8").split("\n")) this.destroyed.add(line);
  }
}

const half = (line: string) => line.slice(0, 6);

/** One line in seven lacks it. */
const needed = [[{ texts: ["x"], folds: false }]];

async function run(
  steps: readonly { do: string; file: number; count: number }[],
  isSifted: boolean,
): Promise<void> {
  const world = new World(newFolder());
  const at = (name: string) => join(world.folder, name);
  const options = { files: "*.log", from: "start", partial: "1h" };
  const reading: Reading = await read(world.folder, options, isSifted ? needed : undefined);
  let isUp = true;
  const start = async () => {
    if (!isUp) await reading.start();
    isUp = true;
    for (const file of files) if (existsSync(at(file))) world.seen.add(file);
  };

  for (const { do: action, file: index, count } of steps) {
    const file = files[index] as string;
    if (action === "append") world.append(file, count);
    if (action === "half" && existsSync(at(file))) world.beginLine(file);
    // A name that nobody has looked up yet stands for a file that nobody knows.
    if (action === "rename" && existsSync(at(file)) && world.seen.has(file)) {
      if (world.half.has(file)) world.append(file, 1);
      renameSync(at(file), at(`${file}.${++world.rotated}`));
      world.seen.delete(file);
    }
    if (action === "truncate" && existsSync(at(file))) {
      if (world.half.has(file)) world.append(file, 1);
      world.lose(at(file));
      truncateSync(at(file));
    }
    if (action === "remove") {
      const old = readdirSync(world.folder).find((name) => /\.\d+$/.test(name));
      if (old !== undefined) {
        world.lose(at(old));
        rmSync(at(old));
      }
    }
    if (action === "look" && isUp) {
      for (let turn = 0; turn < count; turn++) await reading.look();
      await start();
    }
    if (action === "restart" || action === "down") {
      await reading.stop();
      isUp = false;
      if (action === "restart") await start();
    }
    if (action === "crash") {
      await reading.crash();
      isUp = false;
      await start();
    }
  }
  for (const file of files) if (world.half.has(file)) world.append(file, 1);
  await start();
  for (let turn = 0; turn < 3; turn++) await reading.look();

  const came = reading.arrivals.map(({ text }) => text);
  const isPartOfDestroyed = (line: string) => [...world.destroyed].some((one) => one.startsWith(line));
  expect(came.filter((line) => !world.written.has(line) && !isPartOfDestroyed(line))).toEqual([]);
  expect(came.filter((line, index) => came.indexOf(line) !== index)).toEqual([]);
  const passed = new Set(reading.passed.map(({ text }) => text));
  const missing = [...world.written].filter(
    (line) => !came.includes(line) && !passed.has(line) && !world.destroyed.has(line),
  );
  expect(missing).toEqual([]);
  expect([...passed].filter((line) => line.includes("x") || !world.written.has(line))).toEqual([]);
  await reading.stop();
}

test("every line comes exactly once, whatever happens to the files and to the router", async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.boolean(), run), {
    numRuns: 60,
    interruptAfterTimeLimit: 10_000,
  });
});
