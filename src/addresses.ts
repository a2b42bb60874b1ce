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

/** As it is shown and compared: `10.0.0.1` of `::ffff:10.0.0.1`, `fe80::1` of `fe80::1%eth0`. Undefined for what is not an address. */
export function plainAddress(address: string): string | undefined {
  const plain = withoutZone(address);
  if (isIP(plain) === 0) return undefined;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1] ?? plain;
}

/** The interface that a link-local address belongs to is not a part of it for others. */
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
  ...["::/128", "::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"],
]);

/** Not this machine, its network, or a range that no host on the internet has. */
export function isPublicAddress(address: string): boolean {
  const plain = plainAddress(address);
  return plain !== undefined && "contains" in privateRanges && !privateRanges.contains(plain);
}

/** As `dns.lookup`, but for a name that leads to no public address there is none. */
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
