import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRemoteReader } from "../../../src/connectors/http/remote.ts";
import { serve } from "./serving.ts";

const from = (peer: string | undefined, forwarded?: string, proxies?: string[]) =>
  createRemoteReader(proxies)({
    socket: { remoteAddress: peer } as never,
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  });

describe("where a request comes from", () => {
  it("is the other end of its connection, whatever its headers say", async () => {
    const hook = await serve({ verify: { scheme: "bearer", secret: "a-secret-of-mine" } });
    const headers = { authorization: "Bearer a-secret-of-mine", "x-forwarded-for": "203.0.113.9" };
    await hook.send({ headers, body: "x" });
    expect(hook.arrivals[0]?.remote).toEqual({ address: "127.0.0.1" });
  });

  it("is what a trusted proxy reports", async () => {
    const hook = await serve({
      verify: { scheme: "bearer", secret: "a-secret-of-mine" },
      proxies: ["127.0.0.1"],
    });
    const headers = {
      authorization: "Bearer a-secret-of-mine",
      "x-forwarded-for": "198.51.100.1, 203.0.113.9",
    };
    await hook.send({ headers, body: "x" });
    expect(hook.arrivals[0]?.remote).toEqual({ address: "203.0.113.9", proxy: "127.0.0.1" });
  });

  it.each([
    ["::ffff:192.0.2.1", undefined, undefined, { address: "192.0.2.1" }],
    [undefined, "203.0.113.9", ["0.0.0.0/0"], undefined],
    ["10.0.0.1", "203.0.113.9, 10.0.0.2", ["10.0.0.0/8"], { address: "203.0.113.9", proxy: "10.0.0.1" }],
    ["10.0.0.1", "1.1.1.1, 203.0.113.9", ["10.0.0.0/8"], { address: "203.0.113.9", proxy: "10.0.0.1" }],
    ["10.0.0.1", "203.0.113.9:4711", ["10.0.0.0/8"], { address: "203.0.113.9", proxy: "10.0.0.1" }],
    ["10.0.0.1", "[2001:db8::1]:80", ["10.0.0.0/8"], { address: "2001:db8::1", proxy: "10.0.0.1" }],
    // Nobody knows who it was, so no rule for an address matches.
    ["10.0.0.1", "203.0.113.9, unknown", ["10.0.0.0/8"], undefined],
    ["10.0.0.1", "203.0.113.9, unknown, 10.0.0.2", ["10.0.0.0/8"], undefined],
    ["10.0.0.1", "0313.0.0161.9", ["10.0.0.0/8"], undefined],
    ["10.0.0.1", "3405803785", ["10.0.0.0/8"], undefined],
    ["10.0.0.1", " , ", ["10.0.0.0/8"], { address: "10.0.0.1" }],
    ["10.0.0.1", "203.0.113.9, ", ["10.0.0.0/8"], { address: "203.0.113.9", proxy: "10.0.0.1" }],
    ["10.0.0.1", "::ffff:cb00:7109", ["10.0.0.0/8"], { address: "203.0.113.9", proxy: "10.0.0.1" }],
    ["10.0.0.1", "203.0.113.9, ::ffff:a00:1", ["10.0.0.0/8"], { address: "203.0.113.9", proxy: "10.0.0.1" }],
    ["10.0.0.1", "2001:DB8:0:0::1", ["10.0.0.0/8"], { address: "2001:db8::1", proxy: "10.0.0.1" }],
    ["10.0.0.1", undefined, ["10.0.0.0/8"], { address: "10.0.0.1" }],
    ["192.0.2.1", "203.0.113.9", ["10.0.0.0/8"], { address: "192.0.2.1" }],
  ])("connection from %s, X-Forwarded-For %s, proxies %j", (peer, forwarded, proxies, expected) => {
    expect(from(peer, forwarded, proxies)).toEqual(expected);
  });

  it("cannot be chosen by what a sender puts before what the proxy adds", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 50 }), (claimed) => {
        const header = [...claimed, "203.0.113.9"].join(", ");
        expect(from("10.0.0.1", header, ["10.0.0.0/8"])).toEqual({
          address: "203.0.113.9",
          proxy: "10.0.0.1",
        });
      }),
    );
  });
});
