// Bytes in pieces, however small, in one buffer.

import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { createByteBuffer } from "../src/byte-buffer.ts";

test("gives what was put in, whatever the pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.nat(50_000), (pieces, expectedBytes) => {
      const buffer = createByteBuffer({ maxBytes: 100_000, expectedBytes });
      for (const piece of pieces) expect(buffer.append(piece)).toBe("kept");
      const whole = Buffer.concat(pieces);
      expect(buffer.length).toBe(whole.length);
      expect(buffer.take().equals(whole)).toBe(true);
      expect([buffer.length, buffer.take().length]).toEqual([0, 0]);
    }),
  );
});

test("keeps no more than it may, and nothing of a piece that is too long", () => {
  const buffer = createByteBuffer({ maxBytes: 10 });
  expect(buffer.append(Buffer.from("12345678"))).toBe("kept");
  expect(buffer.append(Buffer.from("9ab"))).toBe("too-long");
  expect(buffer.append(Buffer.from("9a"))).toBe("kept");
  expect(buffer.take().toString()).toBe("123456789a");
});

test("asks for what it takes, gives back what it leaves, and never takes more than twice its bytes", () => {
  let held = 0;
  const buffer = createByteBuffer({
    maxBytes: 1024 * 1024,
    reserve: (bytes) => {
      held += bytes;
      return true;
    },
    release: (bytes) => {
      held -= bytes;
    },
  });
  const piece = Buffer.from("x");
  for (let count = 1; count <= 200_000; count++) {
    buffer.append(piece);
    if (held < count || held > Math.max(2 * count, 4_096)) throw new Error(`${held} for ${count}`);
  }
});

test("does not believe an announced length before a part of it is there", () => {
  const asked: number[] = [];
  const buffer = createByteBuffer({
    maxBytes: 64 * 1024 * 1024,
    expectedBytes: 1024 * 1024,
    reserve: (bytes) => asked.push(bytes) > 0,
  });
  buffer.append(Buffer.alloc(100));
  expect(asked).toEqual([4_096]);
  buffer.append(Buffer.alloc(300 * 1024));
  expect(asked).toEqual([4_096, 1024 * 1024]);
});

test("keeps what it has when it gets no room", () => {
  const buffer = createByteBuffer({ maxBytes: 1_000_000, reserve: (bytes) => bytes <= 4_096 });
  expect(buffer.append(Buffer.alloc(4_000, "a"))).toBe("kept");
  expect(buffer.append(Buffer.alloc(4_000, "b"))).toBe("no-room");
  expect(buffer.take().toString()).toBe("a".repeat(4_000));
});

test("reads many short pieces out of one allocation, and lets a large one go", () => {
  const allocate = vi.spyOn(Buffer, "allocUnsafeSlow");
  try {
    const buffer = createByteBuffer({ maxBytes: 1_000_000 });
    for (let n = 0; n < 1_000; n++) {
      buffer.append(Buffer.from(`line ${n}`));
      expect(buffer.read((bytes) => bytes.toString())).toBe(`line ${n}`);
    }
    expect(allocate).toHaveBeenCalledTimes(1);
    buffer.append(Buffer.alloc(500_000));
    expect(buffer.read((bytes) => bytes.length)).toBe(500_000);
    buffer.append(Buffer.from("a"));
    expect(allocate).toHaveBeenCalledTimes(3);
  } finally {
    allocate.mockRestore();
  }
});
