// What a person said about powers: kept privately, by hash and config file, and worth nothing when it cannot be understood.

import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listenPowers, type Power } from "../../src/plan/powers.ts";
import { openConsent } from "../../src/runtime/consent.ts";
import { forgetAnswers, writeAnswer } from "../../src/runtime/trust-file.ts";
import { keepLog } from "../session/streams.ts";
import { manualClock } from "../support/manual-clock.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/cr-consent-");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const [power, other] = ["0.0.0.0", "10.0.0.1"].flatMap((host) =>
  listenPowers({ listenAddress: { host, port: 8788, loopback: false } }, (text) => text),
) as [Power, Power];
const place = (config = "/p/channels.yaml") => ({ file: join(folder, "s", "trust.json"), config });
const log = keepLog();
const open = (more: Partial<Parameters<typeof openConsent>[0]> = {}) =>
  openConsent({ place: place(), all: false, clock: manualClock(), log, ...more });

test("nothing is allowed before somebody said so", async () => {
  const consent = await open();
  expect(consent.allows(power)).toBe(false);
  await expect(consent.demand([power])).rejects.toMatchObject({
    code: "E_POWER_UNTRUSTED",
    message: "waits for your consent: channel-router trust",
    retryable: true,
  });
  await expect(consent.demand([])).resolves.toBeUndefined();
});

test("consent is remembered for this power, by the next process too, in a file that only we can read", async () => {
  await (await open()).remember([power], "trusted");
  const next = await open();
  expect([next.allows(power), next.allows(other)]).toEqual([true, false]);
  await expect(next.demand([power])).resolves.toBeUndefined();
  await expect(next.demand([power, other])).rejects.toMatchObject({ code: "E_POWER_UNTRUSTED" });
  expect((await stat(place().file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(place().file, "utf8"))).toMatchObject({
    version: 1,
    config: "/p/channels.yaml",
    powers: [{ power: "listen", value: "0.0.0.0:8788", answer: "trusted" }],
  });
});

test("an answer given to another process counts at the next demand", async () => {
  const consent = await open();
  await expect(consent.demand([power])).rejects.toThrow();
  await writeAnswer(place(), [power], "trusted", 0);
  await Promise.all([consent.demand([power]), consent.demand([power])]);
  expect(consent.allows(power)).toBe(true);
});

test("a no is remembered and allows nothing, until it becomes a yes", async () => {
  const consent = await open();
  await consent.remember([power], "declined");
  expect([consent.allows(power), consent.declined(power), consent.declined(other)]).toEqual([
    false,
    true,
    false,
  ]);
  await consent.remember([power], "trusted");
  expect([consent.allows(power), consent.declined(power)]).toEqual([true, false]);
});

test("what was forgotten waits again", async () => {
  const consent = await open();
  await consent.remember([power, other], "trusted");
  await forgetAnswers(place());
  await consent.refresh();
  expect([consent.allows(power), consent.allows(other)]).toEqual([false, false]);
});

test("the environment's word allows everything and writes nothing", async () => {
  const consent = await open({ all: true });
  await consent.demand([power, other]);
  await expect(stat(place().file)).rejects.toThrow();
});

test.each([
  ["half a file", '{"version":1,"config":"/p/chan'],
  ["no JSON", "yes"],
  ["null", "null"],
  ["a list", "[]"],
  ["another version", '{"version":2,"config":"/p/channels.yaml","powers":[]}'],
  ["the words of another config", JSON.stringify({ version: 1, config: "/q", powers: [] })],
  [
    "an answer that is none",
    JSON.stringify({ version: 1, config: "/p/channels.yaml", powers: [{ hash: "a", answer: true }] }),
  ],
])("a file that holds %s counts for nothing, and that is said once", async (_, text) => {
  await writeAnswer(place(), [power], "trusted", 0);
  await writeFile(place().file, text);
  const told = keepLog();
  const consent = await open({ log: told });
  await consent.refresh();
  await expect(consent.demand([power])).rejects.toMatchObject({ code: "E_POWER_UNTRUSTED" });
  expect(told.lines).toEqual([
    expect.stringMatching(/^warn .*trust\.json cannot be used, so nothing is trusted: /),
  ]);
  await consent.remember([power], "trusted");
  expect(consent.allows(power)).toBe(true);
});

test("answers do not pile up without end, and the latest stay", async () => {
  const many = Array.from({ length: 205 }, (_, index) => ({ ...power, hash: `h${index}` }));
  await writeAnswer(place(), many, "trusted", 0);
  await writeAnswer(place(), [power], "trusted", 0);
  const consent = await open();
  expect(consent.allows(power)).toBe(true);
  expect(consent.allows({ ...power, hash: "h204" })).toBe(true);
  expect(consent.allows({ ...power, hash: "h0" })).toBe(false);
});
