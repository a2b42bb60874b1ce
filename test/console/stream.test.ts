// What open pages receive: every decision and every change, in batches, without doubles after a reconnect.

import { get } from "node:http";
import { describe, expect, test } from "vitest";
import type { RouterEvent } from "../../src/contract.ts";
import type { PlannedDelivery } from "../../src/plan/plan.ts";
import { ConsoleBrowser, type Followed } from "../support/console-browser.ts";
import { processorTime } from "../support/processor-time.ts";
import { type OpenedConsole, openConsole } from "./open-console.ts";

const idOf = (number: number) => `e${String(number).padStart(8, "0")}`;

function arrive(
  { host }: OpenedConsole,
  number: number,
  outcome: "accepted" | "unmatched" = "accepted",
): void {
  const event = {
    id: idOf(number),
    source: number % 2 === 0 ? "even" : "odd",
    connector: "http",
    timeMs: host.clock.now(),
    data: { number },
    text: "",
    trust: "local",
  } as RouterEvent;
  const deliveries = [
    { channel: "ci", content: `event ${number}`, tokens: 7 },
  ] as unknown as PlannedDelivery[];
  if (outcome === "accepted") host.observers.stored(event, deliveries);
  host.decisions.add({
    event,
    outcome,
    admission: { deliveries: outcome === "accepted" ? deliveries : [], trace: [] },
  } as never);
}

const eventsOf = ({ batches }: Followed) =>
  batches.flatMap(({ events }) => events.map(({ event_id }) => event_id));

describe("a page", () => {
  test("gets what there was, then each event and each change of it", async () => {
    const console = await openConsole();
    arrive(console, 1);
    const page = await (await console.browser()).follow();
    await page.until(({ batches }) => batches.length === 1);
    expect(page.hello).toMatchObject([{ read_only: false, limited: true, resumed: false }]);
    expect(eventsOf(page)).toEqual([idOf(1)]);
    arrive(console, 2);
    arrive(console, 3, "unmatched");
    const change = { id: idOf(2), channel: "ci", session: "77" };
    console.host.observers.changed({ ...change, state: "held", reason: "no session" });
    console.host.observers.changed({ ...change, state: "sent", attempt: 1 });
    console.host.observers.shown({ id: idOf(2), channel: "ci" }, "77");
    console.host.observers.read(idOf(2), "77");
    console.host.observers.changed({ ...change, state: "acked" });
    await page.until(({ batches }) => batches.length === 2);
    const [, batch] = page.batches;
    expect(batch).toMatchObject({
      events: [
        { event_id: idOf(2), outcome: "accepted", source: "even", note: "event 2", tokens: 7 },
        { event_id: idOf(3), outcome: "unmatched", source: "odd" },
      ],
      counts: { even: 1, odd: 1 },
      left_out: 0,
    });
    expect(batch?.changes.map(({ state }) => state)).toEqual(["held", "sent", "shown", "read", "acked"]);
    expect(batch?.changes[0]).toMatchObject({ channel: "ci", session: "77", reason: "no session" });
  });

  test("is shown no secret of an event", async () => {
    const console = await openConsole({ secrets: ["s3cr3t-of-the-test"] });
    const page = await (await console.browser()).follow();
    const change = { id: idOf(1), channel: "ci", state: "dead" as const };
    console.host.observers.changed({ ...change, reason: "cannot reach http://s3cr3t-of-the-test" });
    await page.until(({ batches }) => batches.some(({ changes }) => changes.length > 0));
    expect(JSON.stringify(page.batches)).toContain("•••");
    expect(JSON.stringify(page.batches)).not.toContain("s3cr3t");
  });

  test("that comes back gets exactly what it missed", async () => {
    const console = await openConsole();
    const browser = await console.browser();
    const first = await browser.follow();
    for (let number = 1; number <= 10; number += 1) arrive(console, number);
    await first.until((page) => eventsOf(page).length === 10);
    first.close();
    await first.ended;
    for (let number = 11; number <= 30; number += 1) arrive(console, number);
    console.host.observers.changed({ id: idOf(3), channel: "ci", state: "sent" });
    const second = await browser.follow(first.lastId);
    await second.until((page) => eventsOf(page).length >= 20);
    arrive(console, 31);
    await second.until((page) => eventsOf(page).includes(idOf(31)));
    expect(second.hello).toMatchObject([{ resumed: true }]);
    expect(eventsOf(second)).toEqual(Array.from({ length: 21 }, (_, index) => idOf(index + 11)));
    expect(second.batches.flatMap(({ changes }) => changes)).toMatchObject([{ event_id: idOf(3) }]);
  });

  test("that comes to another process of the router gets the events after its last one", async () => {
    const before = await openConsole();
    const first = await (await before.browser()).follow();
    for (let number = 1; number <= 5; number += 1) arrive(before, number);
    await first.until((page) => eventsOf(page).length === 5);
    await before.listener.close(AbortSignal.abort());
    const next = await openConsole({ folder: before.folder });
    for (let number = 3; number <= 8; number += 1) arrive(next, number);
    const second = await (await next.browser()).follow(first.lastId);
    await second.until((page) => eventsOf(page).length >= 3);
    expect(second.hello).toMatchObject([{ resumed: true }]);
    expect(eventsOf(second)).toEqual([idOf(6), idOf(7), idOf(8)]);
  });

  test.each(["", "x", "a.b.c", "..", "1.99999999.e1", `${"a".repeat(3_000)}`])(
    "that sends the id %j is answered with what there is",
    async (after) => {
      const console = await openConsole();
      arrive(console, 1);
      const page = await (await console.browser()).follow(after);
      await page.until(({ batches }) => batches.length > 0);
      expect(page.hello).toHaveLength(1);
    },
  );

  test("gets the latest 200 of a flood in one batch, and the number of the others", async () => {
    const console = await openConsole();
    const page = await (await console.browser()).follow();
    await page.until(({ batches }) => batches.length === 1);
    for (let number = 1; number <= 5_000; number += 1) arrive(console, number);
    await page.until(({ batches }) => batches.length === 2);
    const [, batch] = page.batches;
    expect(batch?.events).toHaveLength(200);
    expect(batch?.events.at(-1)?.event_id).toBe(idOf(5_000));
    expect(batch?.left_out).toBe(4_800);
    expect(batch?.counts).toEqual({ even: 2_500, odd: 2_500 });
  });

  test("is one of at most 8 of a browser", async () => {
    const console = await openConsole();
    const browser = await console.browser();
    const pages = await Promise.all(Array.from({ length: 8 }, () => browser.follow()));
    await expect(browser.follow()).rejects.toThrow("429");
    pages[0]?.close();
    await pages[0]?.ended;
    await expect.poll(() => browser.follow().then(() => "open", String)).toBe("open");
  });
});

test("a page that does not read costs no memory, and the others go on", async () => {
  const console = await openConsole();
  const [slow, quick] = [await console.browser("slow"), await console.browser("quick")];
  const authorization = await slow.authorize("GET", "/stream", new Uint8Array());
  const stuck = get(`${console.address()}/stream`, { headers: { authorization } }, (answer) =>
    answer.pause(),
  );
  const page = await quick.follow();
  await page.until(({ batches }) => batches.length > 0);
  let number = 0;
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
  for (let round = 0; round < 30; round += 1) {
    for (let count = 0; count < 400; count += 1) {
      number += 1;
      arrive(console, number);
    }
    const wanted = idOf(number);
    await page.until((one) => eventsOf(one).includes(wanted));
  }
  const grown = process.memoryUsage().arrayBuffers + process.memoryUsage().external - before;
  expect(grown).toBeLessThan(8 * 1024 * 1024);
  stuck.destroy();
}, 30_000);

test("1,000 events a second cost an open page little of a processor", async () => {
  const console = await openConsole();
  const page = await new ConsoleBrowser("anna", console.address());
  await page.enter(await console.code());
  const followed = await page.follow();
  await followed.until(({ batches }) => batches.length === 1);
  let number = 0;
  const taken = processorTime();
  const beganMs = performance.now();
  for (let round = 0; round < 30; round += 1) {
    for (let count = 0; count < 100; count += 1) {
      number += 1;
      arrive(console, number);
      console.host.observers.changed({ id: idOf(number), channel: "ci", state: "sent", session: "77" });
    }
    await new Promise((resolve) => setTimeout(resolve, 100 - ((performance.now() - beganMs) % 100)));
  }
  const spent = taken();
  process.stderr.write(`3,000 events: ${spent} ms of a processor, both ends\n`);
  expect(spent).toBeLessThan(1_500);
}, 30_000);
