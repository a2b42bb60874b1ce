// What a person said about powers: kept privately, by hash and config file, and worth nothing when it cannot be understood.

import { execFileSync } from "node:child_process";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Power } from "../../../src/contract/power.ts";
import { openConsent } from "../../../src/daemon/trust/consent.ts";
import { forgetAnswers, writeAnswer } from "../../../src/daemon/trust/trust-file.ts";
import { listenPowers } from "../../../src/plan/powers.ts";
import { keepLog } from "../../session/streams.ts";
import { manualClock } from "../../support/manual-clock.ts";

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
  openConsent({ location: place(), all: false, clock: manualClock(), log, ...more });

test("nothing is allowed before somebody said so", async () => {
  const consent = await open();
  expect(consent.allows(power)).toBe(false);
  await expect(consent.demand([power])).rejects.toMatchObject({
    code: "E_CONSENT_REQUIRED",
    message: "waiting for consent: channel-router trust",
    retryable: true,
  });
  await expect(consent.demand([])).resolves.toBeUndefined();
});

test("consent is remembered for this power, by the next process too, in a file that only we can read", async () => {
  await (await open()).remember([power], "trusted");
  const next = await open();
  expect([next.allows(power), next.allows(other)]).toEqual([true, false]);
  await expect(next.demand([power])).resolves.toBeUndefined();
  await expect(next.demand([power, other])).rejects.toMatchObject({ code: "E_CONSENT_REQUIRED" });
  expect((await stat(place().file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(place().file, "utf8"))).toMatchObject({
    version: 2,
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
  ["a version that never was", '{"version":0,"config":"/p/channels.yaml","powers":[]}'],
  ["the words of another config", JSON.stringify({ version: 2, config: "/q", powers: [] })],
  [
    "an answer that is none",
    JSON.stringify({ version: 2, config: "/p/channels.yaml", powers: [{ hash: "a", answer: true }] }),
  ],
])("a file that holds %s counts for nothing, and that is said once", async (_, text) => {
  await writeAnswer(place(), [power], "trusted", 0);
  await writeFile(place().file, text);
  const told = keepLog();
  const consent = await open({ log: told });
  await consent.refresh();
  await expect(consent.demand([power])).rejects.toMatchObject({ code: "E_CONSENT_REQUIRED" });
  expect(told.lines).toEqual([
    expect.stringMatching(/^warn .*trust\.json cannot be used, so nothing is trusted: /),
  ]);
  await consent.remember([power], "trusted");
  expect(consent.allows(power)).toBe(true);
});

const trusted = () =>
  JSON.stringify({
    version: 2,
    config: "/p/channels.yaml",
    powers: [{ hash: power.hash, answer: "trusted" }],
  });

describe.skipIf(process.platform === "win32")("a file or a folder that others may write", () => {
  async function put(): Promise<string[]> {
    const root = join(folder, "root");
    await mkdir(join(root, "s"), { recursive: true });
    await chmod(root, 0o755);
    await chmod(join(root, "s"), 0o700);
    const file = join(root, "s", "trust.json");
    await writeFile(file, trusted(), { mode: 0o600 });
    return [file, join(root, "s"), root];
  }
  const at = (file: string) => ({ file, config: "/p/channels.yaml" });

  test.each([0o666, 0o620, 0o602])(
    "counts for nothing with mode %o, which is said, and is ours again after an answer",
    async (mode) => {
      for (const which of [0, 1, 2]) {
        const paths = await put();
        const [file, path] = [paths[0] as string, paths[which] as string];
        await chmod(path, which === 0 ? mode : mode | 0o100);
        const told = keepLog();
        const consent = await open({ location: at(file), log: told });
        expect(consent.allows(power)).toBe(false);
        expect(told.lines).toEqual([expect.stringContaining(`others may write ${path} `)]);
        await consent.remember([other], "trusted");
        expect([consent.allows(power), consent.allows(other)]).toEqual([false, true]);
      }
    },
  );

  test("with safe modes counts, and a link in its place does not", async () => {
    const [file] = (await put()) as [string];
    expect((await open({ location: at(file) })).allows(power)).toBe(true);
    await rename(file, `${file}.real`);
    await symlink(`${file}.real`, file);
    expect((await open({ location: at(file) })).allows(power)).toBe(false);
  });

  test.runIf(process.getuid?.() === 0)("counts for nothing when it belongs to another user", async () => {
    for (const which of [0, 1, 2]) {
      const paths = await put();
      await chown(paths[which] as string, 12_345, 12_345);
      expect((await open({ location: at(paths[0] as string) })).allows(power)).toBe(false);
      await chown(paths[which] as string, 0, 0);
    }
  });

  test("a pipe in its place holds nothing up", async () => {
    const [file] = (await put()) as [string];
    await rm(file);
    execFileSync("mkfifo", [file]);
    expect((await open({ location: at(file) })).allows(power)).toBe(false);
  });
});

test("what an earlier version kept counts for nothing, and that is said once, until something is answered", async () => {
  await writeAnswer(place(), [power], "trusted", 0);
  await writeFile(place().file, trusted().replace('"version":2', '"version":1'));
  const [first, second] = [keepLog(), keepLog()];
  const consent = await open({ log: first, migrates: true });
  expect([consent.allows(power), consent.outdated()]).toEqual([false, true]);
  expect(first.lines).toEqual([expect.stringContaining("you are asked again")]);
  const next = await open({ log: second, migrates: true });
  expect([next.allows(power), next.outdated(), second.lines.length]).toEqual([false, true, 0]);
  await next.remember([power], "trusted");
  expect([next.allows(power), next.outdated()]).toEqual([true, false]);
});

test("what a newer version kept stays as it is, and that is said", async () => {
  await writeAnswer(place(), [power], "declined", 0);
  const newer = trusted().replace('"version":2', '"version":3,"later":[1]');
  await writeFile(place().file, newer);
  const consent = await open();
  expect(consent.allows(power)).toBe(false);
  await expect(consent.remember([other], "trusted")).rejects.toMatchObject({
    message: expect.stringContaining("a newer channel-router wrote"),
  });
  expect(await readFile(place().file, "utf8")).toBe(newer);
  await forgetAnswers(place());
  await consent.remember([other], "trusted");
  await consent.refresh();
  expect([consent.allows(power), consent.allows(other)]).toEqual([false, true]);
});

test("a record of all allows whatever is asked, and stays when something is answered", async () => {
  await writeAnswer(place(), [], "trusted", 0);
  await writeFile(
    place().file,
    JSON.stringify({ version: 2, config: "/p/channels.yaml", all: true, powers: [] }),
  );
  const consent = await open();
  await consent.remember([other], "declined");
  expect([consent.allows(power), consent.allows(other)]).toEqual([true, true]);
  await forgetAnswers(place());
  await consent.refresh();
  expect(consent.allows(power)).toBe(false);
});

test("who listens is called when other answers were read, and only then", async () => {
  const consent = await open();
  let calls = 0;
  const end = consent.onChange(() => {
    calls += 1;
  });
  await consent.refresh();
  expect(calls).toBe(0);
  await writeAnswer(place(), [power], "trusted", 0);
  await consent.refresh();
  await consent.refresh();
  expect(calls).toBe(1);
  end();
  await consent.remember([other], "trusted");
  expect(calls).toBe(1);
});

test("answers do not pile up without end, and the latest stay", async () => {
  const many = Array.from({ length: 2_005 }, (_, index) => ({ ...power, hash: `h${index}` }));
  await writeAnswer(place(), many, "trusted", 0);
  await writeAnswer(place(), [power], "trusted", 0);
  const consent = await open();
  expect(consent.allows(power)).toBe(true);
  expect(consent.allows({ ...power, hash: "h2004" })).toBe(true);
  expect(consent.allows({ ...power, hash: "h0" })).toBe(false);
});
