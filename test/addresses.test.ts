import { isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compileRanges, plainAddress } from "../src/addresses.ts";

const holds = (address: string, ...ranges: string[]) => {
  const compiled = compileRanges(ranges);
  return "malformed" in compiled ? compiled : compiled.contains(address);
};

describe("ranges of addresses", () => {
  it.each([
    ["10.1.2.3", "10.0.0.0/8", true],
    ["11.1.2.3", "10.0.0.0/8", false],
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.9.9.9/8", true],
    ["::ffff:10.1.2.3", "10.0.0.0/8", true],
    ["::ffff:a01:203", "10.0.0.0/8", true],
    ["10.1.2.3", "::ffff:10.0.0.0/104", true],
    ["2001:db8::1", "2001:db8::/32", true],
    ["2001:0DB8:0::1", "2001:db8::/32", true],
    ["2001:db9::1", "2001:db8::/32", false],
    ["fe80::1%eth0", "fe80::/10", true],
    ["::1", "0.0.0.0/0", false],
    ["203.0.113.9", "0.0.0.0/0", true],
    ["localhost", "0.0.0.0/0", false],
    ["", "::/0", false],
    ["010.0.0.1", "0.0.0.0/0", false],
  ])("%s in %s: %s", (address, range, expected) => expect(holds(address, range)).toBe(expected));

  it.each([
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0/8",
    "10.0.0.0/",
    "/8",
    "",
    " 10.0.0.0/8",
    "::/129",
    "fe80::1%eth0",
    "x",
  ])("%j is malformed", (range) => expect(holds("10.0.0.1", range)).toEqual({ malformed: range }));

  it("of IPv4 hold the addresses whose leading bits are theirs", () => {
    const bytes = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const number = (parts: readonly number[]) => parts.reduce((sum, part) => sum * 256 + part, 0);
    fc.assert(
      fc.property(bytes, bytes, fc.nat(32), fc.boolean(), (one, other, bits, isMapped) => {
        const near = one.map((part, index) => (index < 2 ? part : (other[index] as number)));
        const size = 2 ** (32 - bits);
        const isInside = Math.floor(number(one) / size) === Math.floor(number(near) / size);
        const address = (isMapped ? "::ffff:" : "") + near.join(".");
        expect(holds(address, `${one.join(".")}/${bits}`)).toBe(isInside);
      }),
    );
  });
});

it("an address is shown as IPv4 where it is one, and without its interface", () => {
  expect(
    ["::ffff:127.0.0.1", "127.0.0.1", "::1", "fe80::1%lo", "unknown", ""].map((address) =>
      plainAddress(address),
    ),
  ).toEqual(["127.0.0.1", "127.0.0.1", "::1", "fe80::1", undefined, undefined]);
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
      const plain = plainAddress(text);
      expect(plain === undefined || isIP(plain) !== 0).toBe(true);
    }),
  );
});
