// IP addresses and ranges of them. An IPv4 address inside IPv6 (::ffff:10.0.0.1) counts as IPv4, as a socket for both families reports it.

import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

/** A test for `10.0.0.0/8`, `2001:db8::/32` or one address, several together; or the first range that is malformed. */
export function compileRanges(
  ranges: readonly string[],
): { readonly contains: (address: string) => boolean } | { readonly malformed: string } {
  const list = new BlockList();
  for (const range of ranges) if (!add(list, range)) return { malformed: range };
  return {
    contains(address) {
      const plain = withoutZone(address);
      const version = isIP(plain);
      return version !== 0 && list.check(plain, version === 4 ? "ipv4" : "ipv6");
    },
  };
}

function add(list: BlockList, range: string): boolean {
  const parts = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(range);
  const address = parts?.[1] ?? "";
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const bits = parts?.[2] === undefined ? longest : Number(parts[2]);
  if (version === 0 || bits > longest) return false;
  list.addSubnet(address, bits, version === 4 ? "ipv4" : "ipv6");
  return true;
}

/**
 * As shown and compared: `10.0.0.1` of `::ffff:10.0.0.1`, `fe80::1` of `fe80::1%eth0`. Undefined for an
 * invalid address.
 */
export function plainAddress(address: string): string | undefined {
  const plain = withoutZone(address);
  if (isIP(plain) === 0) return undefined;
  return isIP(plain) === 6 ? shortest(plain) : plain;
}

/** One spelling for each IPv6 address, and IPv4 for what is that inside. */
function shortest(address: string): string {
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(text);
  if (mapped === null) return text;
  const [high, low] = [mapped[1], mapped[2]].map((part) => Number.parseInt(part as string, 16)) as [
    number,
    number,
  ];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** The interface of a link-local address has no meaning for others. */
function withoutZone(address: string): string {
  const at = address.indexOf("%");
  return at === -1 ? address : address.slice(0, at);
}

const privateRanges = compileRanges([
  ...[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
  ],
  ...["192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"],
  // With those that hold an IPv4 address: compatible, NAT64, Teredo, 6to4.
  ...["::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16"],
  ...["fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"],
]);

/** Not this machine, its network, or a reserved range. */
export function isPublicAddress(address: string): boolean {
  const plain = plainAddress(address);
  return plain !== undefined && "contains" in privateRanges && !privateRanges.contains(plain);
}

/** Like `dns.lookup`, but a name without a public address fails. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "");
    const open = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = open;
    if (first === undefined) return callback(new Error("it leads to an address that is not public"), "");
    if (options.all === true) callback(null, open);
    else callback(null, first.address, first.family);
  });
};
