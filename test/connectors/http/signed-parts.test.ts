// Senders that sign parts of a request and not its bytes: what is signed is what the event says, whatever the body can be read as
// besides, and whatever stands beside the signed parts in the place of one.

import { describe, expect, it } from "vitest";
import type { VerifyOptions } from "../../../src/connectors/http/verify/generic.ts";
import type { Arrival, Json } from "../../../src/contract.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { createPublished } from "./published.ts";
import { serve } from "./serving.ts";
import { documents, hmac, now, publicUrl, type Sender, secret, senders, snsBody, topic } from "./signing.ts";

const parses = [undefined, "auto", "json", "lines", "form", "multipart", "text"] as const;
const types = [
  ...["application/json", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded+json"],
  ...["text/plain", "application/x-ndjson", "application/octet-stream", "multipart/form-data; boundary=b"],
];

async function open(verify: VerifyOptions, parse?: (typeof parses)[number]) {
  const seen: Arrival[] = [];
  const hook = await serve(
    { verify, ...(parse === undefined ? {} : { parse }) },
    {
      ...{ clock: manualClock(now), publicUrl, http: createPublished(documents()).http },
      emit: async (arrival) => {
        seen.push(arrival);
        return { eventId: "e", outcome: "accepted" };
      },
    },
  );
  return {
    /** What became of a body: the data of its event, or the status that it was refused with. */
    async take(body: string, type: string, headers: Record<string, string> = {}): Promise<Json> {
      const before = seen.length;
      const { status } = await hook.send({ headers: { "content-type": type, ...headers }, body });
      return seen.length > before ? (seen.at(-1) as Arrival).data : status;
    },
  };
}

const named = (name: string) => senders.find((one) => one.name === name) as Sender;

describe.each(["travis", "twilio", "mandrill"])("a form of %s", (name) => {
  it("is the form that was signed, whatever else it could be read as", async () => {
    const sender = named(name);
    const signed = sender.body(1, now);
    const headers = sender.headers(signed, now, "id-1");
    const bodies = [
      `{"repository":"evil","n":"evil","x":"&${signed}&y="}`,
      `["evil","&${signed}&y="]`,
      `${signed}&n=evil`,
      `--b\r\ncontent-disposition: form-data; name="n"\r\n\r\nevil&${signed}&\r\n--b--`,
    ];
    for (const parse of parses) {
      const { take } = await open(sender.verify, parse);
      for (const type of types)
        for (const body of bodies)
          expect(JSON.stringify(await take(body, type, headers)), `${parse} ${type} ${body}`).not.toMatch(
            /"(?:n|repository)":(?:"evil|\[)|^\["evil/,
          );
    }
  });
});

it.each(["travis", "twilio", "mandrill"])(
  "a form of very many fields proves nothing for %s",
  async (name) => {
    const sender = named(name);
    const { take } = await open(sender.verify);
    const body = `${sender.body(1, now)}&${"a&".repeat(400_000)}`;
    const type = "application/x-www-form-urlencoded";
    expect(await take(body, type, sender.headers(body, now, "id-1"))).toBe(401);
  },
);

it("fields are those of the event, however the config has the body read", async () => {
  const verify: VerifyOptions = { scheme: "hmac", field: "sig", signed: "{field:a}{field:b}", secret };
  const sig = hmac("sha256", secret, "12");
  const json = JSON.stringify({ a: "1", b: "2", sig, x: "&a=evil&b=evil&c=" });
  const form = `{"a":"evil","b":"evil","x":"&a=1&b=2&sig=${sig}&y="}`;
  const token: VerifyOptions = { scheme: "token", field: "a", secret };
  for (const parse of parses) {
    for (const type of types) {
      const { take } = await open(verify, parse);
      for (const body of [json, form]) {
        const data = await take(body, type);
        if (typeof data !== "number") expect(data).toMatchObject({ a: "1", b: "2" });
      }
      const byToken = await open(token, parse);
      for (const body of [`{"a":"${secret}","b":"&a=x&"}`, `{"a":"x","b":"&a=${secret}&"}`]) {
        const data = await byToken.take(body, type);
        if (typeof data !== "number") expect(data).toMatchObject({ a: "•••" });
      }
    }
  }
});

describe("beside what is signed", () => {
  type Item = Record<string, Json>;
  type Items = { notificationItems: Item[] };
  const edits: readonly [string, (items: Item[], item: Record<string, Json>) => void][] = [
    ["another item after it", (items) => items.push({ NotificationRequestItem: { reason: "evil" } })],
    ["another item before it", (items) => items.unshift({ evil: true })],
    ["an item that is null", (items) => items.push(null as never)],
    ["an object for what was empty", (_, item) => Object.assign(item, { originalReference: { evil: 1 } })],
    ["a list for what was empty", (_, item) => Object.assign(item, { originalReference: ["evil"] })],
    ["a list of what was signed", (_, item) => Object.assign(item, { eventCode: ["AUTHORISATION", "evil"] })],
  ];
  it.each(edits)("of adyen is no %s", async (_, edit) => {
    const sender = named("adyen");
    const { take } = await open(sender.verify);
    const body = sender.body(1, now);
    const changed = JSON.parse(body) as Items;
    const item = changed.notificationItems[0]?.NotificationRequestItem as Record<string, Json>;
    edit(changed.notificationItems, item);
    expect(await take(JSON.stringify(changed), "application/json")).toBe(401);
    expect(await take(body, "application/json")).toHaveProperty("notificationItems.length", 1);
  });

  it("of SNS is no subject that is not text", async () => {
    const { take } = await open({ scheme: "sns", audience: topic });
    const body = snsBody({ MessageId: "m", Timestamp: new Date(now).toISOString() });
    for (const Subject of [{ evil: 1 }, ["evil"], [], "evil"])
      expect(await take(JSON.stringify({ ...JSON.parse(body), Subject }), "text/plain")).toBe(401);
    expect(await take(JSON.stringify({ ...JSON.parse(body), Subject: null }), "text/plain")).toBeTypeOf(
      "object",
    );
  });
});
