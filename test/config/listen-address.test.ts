import { describe, expect, test } from "vitest";
import { parseListenAddress } from "../../src/config/listen-address.ts";

const from = { folder: "/project", env: { HOME: "/home/me" } };

describe("listen", () => {
  test.each([
    ["127.0.0.1:8788", { host: "127.0.0.1", port: 8788, loopback: true }],
    ["[::1]:8788", { host: "::1", port: 8788, loopback: true }],
    ["localhost:8788", { host: "localhost", port: 8788, loopback: true }],
    [":8788", { host: "127.0.0.1", port: 8788, loopback: true }],
    [":0", { host: "127.0.0.1", port: 0, loopback: true }],
    ["0.0.0.0:80", { host: "0.0.0.0", port: 80, loopback: false }],
    ["[::]:80", { host: "::", port: 80, loopback: false }],
    ["my-box.local:65535", { host: "my-box.local", port: 65535, loopback: false }],
    ["127.example.com:80", { host: "127.example.com", port: 80, loopback: false }],
    ["unix:/run/router.sock", { unix: "/run/router.sock", loopback: true }],
    ["unix:router.sock", { unix: "/project/router.sock", loopback: true }],
    ["unix:~/router.sock", { unix: "/home/me/router.sock", loopback: true }],
  ])("%s is an address", (text, address) => {
    expect(parseListenAddress(text, from)).toEqual(address);
  });

  test.each([
    ["8788", "needs a host and a port", 'write "127.0.0.1:8788"'],
    ["127.0.0.1", "must be an address with a port", 'write "127.0.0.1:8788"'],
    ["127.0.0.1:", "has no port after the colon", 'write "127.0.0.1:8788"'],
    ["127.0.0.1:65536", "port 65536 is out of range", "a port is 0 to 65535"],
    ["::1", "an IPv6 address needs brackets and a port", 'write "[::1]:8788"'],
    ["[::1", "must be an address with a port", 'write "127.0.0.1:8788"'],
    ["[nonsense]:80", "the brackets must hold an IPv6 address", 'write "127.0.0.1:8788"'],
    ["127.0.1:80", "the host is not an IPv4 address", 'write "127.0.0.1:8788"'],
    ["*:80", '"*" is not a host', 'write "0.0.0.0:80"'],
    ["http://x:80", "must be an address with a port", 'write "127.0.0.1:8788"'],
    ["my host:80", "the host is not a name or an address", 'write "127.0.0.1:8788"'],
    ["unix:", "has no path after unix:", 'write "unix:/path/to/socket"'],
    [`unix:/${"x".repeat(120)}`, "the socket path is too long for the system", "at most 103 bytes"],
  ])("%s is not: %s", (text, problem, hint) => {
    expect(parseListenAddress(text, from)).toEqual({ problem, hint: expect.stringContaining(hint) });
  });
});
