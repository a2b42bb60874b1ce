// What is proven about flow control when a config is loaded.

import { expect, test } from "vitest";
import { compileOf, mailbox } from "./plan-of.ts";

const day = 86_400_000;
const hour = 3_600_000;
const minute = 60_000;

async function problems(...input: Parameters<typeof compileOf>): Promise<string[]> {
  const { issues } = await compileOf(...input);
  return issues.map(({ path, message, hint }) => `${path.slice(2).join(".")}: ${message} [${hint}]`);
}

test.each([
  [
    { quiet: [{ from: "22:00", to: "07:00", tz: "Europe/Berln" }] },
    'quiet.tz: unknown time zone "Europe/Berln" [did you mean "Europe/Berlin"?]',
  ],
  [
    { quiet: [{ from: "08:00", to: "08:00", tz: "UTC" }] },
    "quiet: it is always quiet: these windows leave no time between them [leave a gap, or give urgent events a channel with  priority: high]",
  ],
  [
    { digest: { everyMs: minute, waitMs: 2 * minute } },
    "digest.wait: the first digest would come later than `every`, which is 1m [at most 1m]",
  ],
  [
    { digest: { everyMs: hour }, ttlMs: hour },
    "ttl: events would expire before their digest: it may take 1h [more than 1h, or no ttl at all]",
  ],
  [
    { throttle: { max: 1, perMs: hour, overflow: "digest" as const }, ttlMs: minute },
    "ttl: events would expire before their digest: it may take 1h [more than 1h, or no ttl at all]",
  ],
  [
    { throttle: { max: 1, perMs: hour, by: "{{dta.x}}", overflow: "digest" as const } },
    "throttle.by: dta is not a root of the event [did you mean data.x?]",
  ],
  [
    { digest: { everyMs: hour, by: "{{nope}}" } },
    "digest.by: nope is not a root of the event [did you mean data.nope?]",
  ],
  [
    { digest: { everyMs: hour, content: "{{uper text}}" } },
    "digest.content: unknown function uper [did you mean upper?]",
  ],
  [{ supersede: "{{nope}}" }, "supersede: nope is not a root of the event [did you mean data.nope?]"],
  [{ thread: "{{nope}}" }, "thread: nope is not a root of the event [did you mean data.nope?]"],
])("%j is told with its place and a hint", async (channel, problem) => {
  expect(await problems({ all: channel })).toEqual([problem]);
});

test("of several windows the one with the wrong zone is named", async () => {
  const quiet = [
    { from: "22:00", to: "07:00", tz: "UTC" },
    { from: "12:00", to: "13:00", tz: "Nowhere" },
  ];
  const { issues } = await compileOf({ all: { quiet } });
  expect(issues.map(({ path }) => path.join("."))).toEqual(["channels.all.quiet.1.tz"]);
});

test("the usual ttl is made longer by what may be held back; one that is written is kept", async () => {
  const { plan } = await compileOf({
    plain: {},
    digest: { digest: { everyMs: hour } },
    quiet: { quiet: [{ days: ["sat", "sun"], from: "00:00", to: "24:00", tz: "UTC" }] },
    own: { digest: { everyMs: hour }, ttlMs: 2 * hour },
  });
  expect(plan.channels.map(({ ttlMs }) => ttlMs)).toEqual([day, day + hour, 3 * day, 2 * hour]);
});

test("the memory of a digest's cadence and of a throttle's windows belongs to their own options", async () => {
  const scopes = async (channel: Parameters<typeof compileOf>[0][string]) => {
    const { plan } = await compileOf({ all: channel });
    const { options, throttle } = plan.channels[0]?.shaping ?? {};
    return [options?.digest?.scope, throttle?.scope];
  };
  const digest = { everyMs: hour, by: "{{data.a}}" };
  const throttle = { max: 1, perMs: hour, overflow: "digest" as const };
  const before = await scopes({ digest, throttle });
  expect(await scopes({ digest: { ...digest, content: "x" }, throttle, content: "new" })).toEqual(before);
  const [otherDigest, sameThrottle] = await scopes({ digest: { ...digest, by: "{{data.b}}" }, throttle });
  expect(otherDigest).not.toBe(before[0]);
  expect(sameThrottle).toBe(before[1]);
});

test("a thread is an attribute and a term of the delivery, and what the loop guard counts by; else the dedupe key is", async () => {
  const box = await mailbox({
    threads: { match: { "data.pr": { exists: true } }, thread: "pr-{{data.pr}}" },
    keys: { dedupe: { key: "{{data.id}}", forMs: hour } },
  });
  const [thread] = box.send({ data: { pr: 7 } }).deliveries;
  expect(thread?.meta.thread).toBe("pr-7");
  expect(thread?.terms).toMatchObject({ thread: "pr-7" });
  const [key] = box.send({ data: { id: "x" } }).deliveries;
  expect(key?.terms).toMatchObject({ loopKey: "x" });
  expect(key?.meta).not.toHaveProperty("thread");
});
