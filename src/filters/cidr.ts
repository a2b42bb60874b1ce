// Address ranges (`10.0.0.0/8`, `2001:db8::/32`, or one address). An IPv4 address inside IPv6 counts as IPv4.

import { BlockList, isIP } from "node:net";
import { operandError } from "./operand-error.ts";

/** Throws an ExpressionError, as operandError makes it, when a range is malformed. */
export function compileCidr(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) add(list, range);
  return (address) => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
  };
}

function add(list: BlockList, range: string): void {
  const parts = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(range);
  const address = parts?.[1] ?? "";
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const bits = parts?.[2] === undefined ? longest : Number(parts[2]);
  if (version === 0 || bits > longest) throw operandError(`takes a range such as 10.0.0.0/8, not "${range}"`);
  list.addSubnet(address, bits, version === 4 ? "ipv4" : "ipv6");
}
