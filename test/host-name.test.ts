// One spelling for a host, however it is written: what is compared must be what a client would connect to.

import fc from "fast-check";
import { expect, test } from "vitest";
import { hostNamed, hostOfUrl } from "../src/host-name.ts";

test.each<[string, string | undefined]>([
  ["https://api.example.com/a/{{cursor}}", "api.example.com"],
  ["HTTPS://API.Example.COM:443/", "api.example.com"],
  ["http://api.example.com:80", "api.example.com"],
  ["https://api.example.com:8443", "api.example.com:8443"],
  ["wss://gateway.example.com?v=10", "gateway.example.com"],
  ["https://good.example@evil.example/", "evil.example"],
  ["https://good.example:pass@evil.example", "evil.example"],
  ["https://evil.example\\@good.example/", "evil.example"],
  ["https://evil.example#@good.example/", "evil.example"],
  ["https://bücher.example/", "xn--bcher-kva.example"],
  ["http://0x7f.1/", "127.0.0.1"],
  ["http://2130706433/", "127.0.0.1"],
  ["http://[::1]:8080/", "[::1]:8080"],
  ["https://ev\til.example/", undefined],
  ["https://{{data.host}}/", undefined],
  ["imaps://mail.example:993", "mail.example"],
  ["imap://mail.example:143", "mail.example"],
  ["imap://mail.example:80", "mail.example:80"],
  ["imaps://mail.example:443", "mail.example:443"],
  ["https://api.example.com:143", "api.example.com:143"],
  ["imaps://mail.example:1993", "mail.example:1993"],
  ["https://%65vil.example/", undefined],
  ["https:evil.example", undefined],
  ["https:/evil.example", undefined],
  ["https:///evil.example", undefined],
  ["//evil.example", undefined],
  ["file:///etc/passwd", undefined],
  ["javascript:alert(1)", undefined],
  ["https://api.example.com./", "api.example.com."],
])("the host of %j is %j", (url, host) => {
  expect(hostOfUrl(url)).toBe(host);
});

test.each<[string, string | undefined]>([
  ["api.example.com", "api.example.com"],
  ["API.example.com:8443", "api.example.com:8443"],
  ["localhost:3000", "localhost:3000"],
  ["api.example.com:443", "api.example.com:443"],
  ["api.example.com:080", "api.example.com:80"],
  ["[::1]:443", "[::1]:443"],
  ["[::1]", "[::1]"],
  ["*.example.com", undefined],
  ["*", undefined],
  ["https://api.example.com", undefined],
  ["api.example.com/path", undefined],
  ["user@api.example.com", undefined],
  ["api.example.com?x", undefined],
  ["", undefined],
  ["http://api.example.com", "http://api.example.com"],
  ["http://API.example.com:8123", "http://api.example.com:8123"],
  ["http://http://api.example.com", undefined],
  ["http://api.example.com/", undefined],
  ["http://*.example.com", undefined],
  ["ws://api.example.com", undefined],
])("the host named %j is %j", (text, host) => {
  expect(hostNamed(text)).toBe(host);
});

test.each<[string, string | undefined]>([
  ["https://api.example.com/a", "api.example.com"],
  ["http://api.example.com/a", "http://api.example.com"],
  ["WS://api.example.com:8123", "http://api.example.com:8123"],
  ["wss://api.example.com", "api.example.com"],
])("an input with the URL %j allows %j", (url, host) => {
  expect(hostNamed(url, true)).toBe(host);
});

test("a host that is found in a URL is the one that the URL parser of clients finds", () => {
  const parts = fc.constantFrom(..."ab.:@/\\?#%[]0{}-_\t é".split(""));
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 14 }), (rest) => {
      const url = `https://${rest.join("")}`;
      const found = hostOfUrl(url);
      if (found === undefined || !URL.canParse(url)) return;
      const { hostname, port } = new URL(url);
      expect(found).toBe(port === "" || port === "80" ? hostname : `${hostname}:${port}`);
    }),
    { numRuns: 2_000 },
  );
});
