import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract.ts";
import type { PlannedDelivery } from "../../src/plan/plan.ts";
import { compileOf, mailbox } from "./plan-of.ts";

const hour = 3_600_000;
const arrivedMs = Date.UTC(2026, 0, 5, 9);

async function deliver(
  channel: Parameters<typeof mailbox>[0][string],
  arrival = {},
): Promise<PlannedDelivery> {
  const box = await mailbox({ all: channel });
  return box.send({ data: {}, ...arrival }).deliveries[0] as PlannedDelivery;
}

describe("the terms of a delivery", () => {
  test("are the config's defaults where the channel says nothing", async () => {
    expect(await deliver({})).toMatchObject({
      priority: "normal",
      untilMs: arrivedMs + 24 * hour,
      terms: { source: "post", to: "one" },
    });
  });

  test("are what the channel says, with the conversation of the event", async () => {
    const delivery = await deliver(
      {
        priority: "high",
        ttlMs: hour,
        receipt: { ackWithinMs: 5_000, attempts: 2 },
        to: { label: "night" },
      },
      { conversation: "chat:7" },
    );
    expect(delivery).toMatchObject({ priority: "high", untilMs: arrivedMs + hour });
    expect(delivery.terms).toEqual({
      source: "post",
      to: { label: "night" },
      receipt: { ackWithinMs: 5_000, attempts: 2 },
      conversation: "chat:7",
    });
  });

  test("are plain data: what comes back from JSON is the same", async () => {
    const { terms } = await deliver({ receipt: { ackWithinMs: 5_000, attempts: 2 }, to: { session: "s" } });
    const data: JsonObject = terms;
    expect(JSON.parse(JSON.stringify(data))).toEqual(terms);
  });

  test("take the time that the source gives, unless the channel itself says another", async () => {
    expect((await deliver({}, { ttlMs: 30_000 })).untilMs).toBe(arrivedMs + 30_000);
    expect((await deliver({ ttlMs: hour }, { ttlMs: 30_000 })).untilMs).toBe(arrivedMs + hour);
  });

  test("end at a number that is exact, however long the ttl is", async () => {
    expect((await deliver({ ttlMs: Number.MAX_SAFE_INTEGER })).untilMs).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe("which events can be answered", () => {
  const sources = (answered: boolean) => ({
    sources: { post: { type: "letter", enabled: true, options: { answered } } },
  });
  const answers = async (reply: boolean | undefined, answered: boolean) => {
    const { plan, issues } = await compileOf(
      { all: reply === undefined ? {} : { reply } },
      sources(answered),
    );
    return { answers: plan.channels[0]?.answers, issues };
  };

  test("those of a source that answers, unless the channel says reply: false", async () => {
    expect(await answers(undefined, true)).toEqual({ answers: ["post"], issues: [] });
    expect(await answers(true, true)).toEqual({ answers: ["post"], issues: [] });
    expect(await answers(false, true)).toEqual({ answers: [], issues: [] });
    expect(await answers(undefined, false)).toEqual({ answers: [], issues: [] });
  });

  test("reply: true where no source can be answered is a mistake in the config", async () => {
    expect((await answers(true, false)).issues).toMatchObject([
      { path: ["channels", "all", "reply"], message: "no event of post can be answered" },
    ]);
  });

  test("the channel that a source gets without being named answers too", async () => {
    const { plan } = await compileOf({}, sources(true));
    expect(plan.channels[0]).toMatchObject({ name: "post", answers: ["post"], to: "one" });
  });
});

test("a project glob that cannot be understood is told at its place", async () => {
  const { issues } = await compileOf({ all: { to: { project: "/code/[a" } } });
  expect(issues).toMatchObject([{ path: ["channels", "all", "to", "project"], code: "E_CONFIG_VALUE" }]);
});
