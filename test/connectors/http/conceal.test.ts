// What a request repeats of its own proof is not kept, in whatever form it is repeated.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concealPayload, createConcealer } from "../../../src/connectors/http/verify/conceal.ts";
import type { Json } from "../../../src/contract.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { processorTime } from "../../support/processor-time.ts";
import { createPublished } from "./published.ts";
import { serve } from "./serving.ts";
import { documents, now, publicUrl, senders, secret as shared } from "./signing.ts";

const b64 = (text: string) => Buffer.from(text).toString("base64");
const json = (text: string) => JSON.stringify(text).slice(1, -1);
const unicode = (text: string) =>
  text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");

/** Ways in which software writes one text into another; each can be undone. */
const forms: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  encodeURIComponent,
  "in a form": (text) => new URLSearchParams({ k: text }).toString(),
  "every byte percent-encoded": percent,
  "percent-encoded twice": (text) => encodeURIComponent(encodeURIComponent(text)),
  "in JSON": json,
  "in JSON, as PHP writes it": (text) => json(text).replaceAll("/", "\\/"),
  "in JSON, as Python writes it": unicode,
  "in JSON in a form": (text) => encodeURIComponent(JSON.stringify({ k: text })),
  "in HTML": (text) => text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;"),
  "in base64": b64,
  "in base64url": (text) => Buffer.from(text).toString("base64url"),
  "in base64, after one byte": (text) => b64(`:${text}`),
  "in base64, after two bytes": (text) => b64(`u:${text}`),
  "in base64, in the midst": (text) => b64(`user:${text} and more`),
  "in base64, in a link": (text) => encodeURIComponent(b64(`user:${text}`)),
  "in hex": (text) => Buffer.from(text).toString("hex"),
};

/** Secrets of every alphabet that people use for them. */
const secret = fc.oneof(
  fc.string({ minLength: 12, maxLength: 60, unit: "grapheme-ascii" }),
  fc.string({ minLength: 12, maxLength: 40, unit: "grapheme" }),
  fc.uint8Array({ minLength: 16, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("base64")),
  fc.stringMatching(/^[a-z0-9]{16,40}$/),
);

describe.each(Object.keys(forms))("a secret %s", (name) => {
  const write = forms[name] as (text: string) => string;

  it("is hidden, and what stands around it is not", () => {
    fc.assert(
      fc.property(secret, fc.constantFrom("", "?key=", "https://x.test/?a=1&key="), (text, before) => {
        fc.pre(text.trim() === text && text.isWellFormed());
        const kept = createConcealer([text])([])(`${before}${write(text)}`, "body");
        expect(kept).toContain("•••");
        expect(kept.startsWith(before)).toBe(true);
        // What is left of base64 is the share of its neighbours: a character or two at each end.
        expect(kept.length - before.length).toBeLessThan(60);
        expect(kept).not.toContain(write(text).slice(4, -4));
      }),
      { numRuns: 200 },
    );
  });
});

describe("a signature", () => {
  it.each([
    ["v1,aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ=", "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ="],
    ["sha256=757107ea0eb2509fc211221cce984b8a", "757107ea0eb2509fc211221cce984b8a"],
    ["t=1700000000,v1=757107ea0eb2509fc211221cce984b8a,v0=1", "757107ea0eb2509fc211221cce984b8a"],
  ])("is hidden as a whole and by itself: %s", (header, digest) => {
    const conceal = (text: string) => createConcealer([])([header])(text, "head");
    expect(conceal(`sent ${header}`)).toBe("sent •••");
    expect(conceal(`x-copy: ${digest}.`)).toBe("x-copy: •••.");
    expect(conceal("t=1700000000")).toBe("t=1700000000");
  });
});

describe("a short secret", () => {
  it("of four to seven characters is hidden as a word, a shorter one as all of a text", () => {
    const conceal = (text: string) => createConcealer(["hook", "pw"])([])(text, "head");
    expect(conceal("hook")).toBe("•••");
    expect(conceal("?key=hook&x=webhook")).toBe("?key=•••&x=webhook");
    expect(conceal(`Basic ${b64("hook")}`)).toBe("Basic •••");
    expect([conceal("pw"), conceal("pw of pwd")]).toEqual(["•••", "pw of pwd"]);
  });

  it("of four to seven characters is hidden in a body only where it is a value", () => {
    const conceal = (text: string) => createConcealer(["hook"])([])(text, "body");
    expect(conceal('{"token":"hook","text":"the hook is off"}')).toBe(
      '{"token":"•••","text":"the hook is off"}',
    );
    expect(conceal("token=hook&text=the+hook")).toBe("token=•••&text=the+hook");
    expect([conceal("hook"), conceal("hook!")]).toEqual(["•••", "hook!"]);
  });
});

describe("a payload", () => {
  it("is walked with its keys, and is the same when it holds nothing", () => {
    const conceal = createConcealer(["1234567890", "s3cret-s3cret"])([]);
    const kept = (data: Json) => concealPayload({ data, text: JSON.stringify(data) }, conceal);
    const held = { a: ["s3cret-s3cret", { "key s3cret-s3cret": 1234567890 }], b: 1, c: null, d: true };
    expect(kept(held)).toEqual({
      data: { a: ["•••", { "key •••": "•••" }], b: 1, c: null, d: true },
      text: '{"a":["•••",{"key •••":•••}],"b":1,"c":null,"d":true}',
    });
    const plain = { a: [1, "x%20y", { b: "\\u0041 &amp; %zz % \\" }] };
    expect(kept(plain)).toEqual({ data: plain, text: JSON.stringify(plain) });
  });

  it("holds nothing in its data that its text does not show", () => {
    fc.assert(
      fc.property(secret, fc.jsonValue(), fc.constantFrom(...Object.values(forms)), (text, around, write) => {
        fc.pre(text.trim() === text && text.isWellFormed());
        const data = { around, deep: [{ v: `x ${write(text)}` }] } as Json;
        const kept = concealPayload({ data, text: JSON.stringify(data) }, createConcealer([text])([]));
        expect(JSON.stringify(kept.data)).toContain("•••");
      }),
      { numRuns: 300 },
    );
  });

  it("that repeats a credential thousands of times is hidden as a whole", () => {
    const conceal = createConcealer(["s3cret-s3cret"])([]);
    expect(conceal("s3cret-s3cret,".repeat(10_000), "body")).toBe("•••,".repeat(10_000));
    expect(conceal("s3cret-s3cret,".repeat(10_001), "body")).toBe("•••");
  });

  it("of a MiB is no long work, whatever it is full of", () => {
    const conceal = createConcealer(["s3cret-s3cret"])(["sha256=757107ea0eb2509fc211221cce984b8a"]);
    for (const piece of ["\\", "%2525", "&amp;", "\\u0073", "s3cret-s3cre", "a"]) {
      const text = piece.repeat(1_048_576 / piece.length);
      const took = processorTime();
      conceal(text, "body");
      expect([piece, took() < 2_000]).toEqual([piece, true]);
    }
  });
});

it.each(
  senders.filter(({ name }) =>
    ["adyen", "mailgun", "sns", "figma", "mattermost", "microsoft_graph"].includes(name),
  ),
)("of $name: a proof in the body is in neither the data nor the text of the event", async (sender) => {
  const clock = manualClock(now);
  const { http } = createPublished(documents());
  const hook = await serve({ verify: sender.verify }, { clock, publicUrl, http });
  const body = sender.body(1, now);
  const headers = { "content-type": sender.contentType, ...sender.headers(body, now, "id-1") };
  expect((await hook.send({ headers, body })).status).toBeLessThan(300);
  const kept = JSON.stringify(hook.arrivals);
  const proofs = [shared, ...(body.match(/(?<="(?:Signature|hmacSignature|signature)":")[^"]+/g) ?? [])];
  for (const proof of proofs) expect(kept).not.toContain(proof);
  expect(kept).toContain("•••");
});
