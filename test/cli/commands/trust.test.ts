// `trust` with and without a person, and the question in a session's terminal: what counts as a yes, and who is asked.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askForPowers } from "../../../src/cli/commands/trust.ts";
import type { Person } from "../../../src/cli/context.ts";
import type { Power } from "../../../src/contract/power.ts";
import { Prompts } from "../../../src/daemon/prompts.ts";
import type { UnderClaude } from "../../../src/daemon/start/under-claude.ts";
import { askForConsent } from "../../../src/daemon/trust/consent-prompt.ts";
import { consentOf } from "../../../src/daemon/trust/trust-location.ts";
import { listenPowers } from "../../../src/plan/powers.ts";
import type { Elicitation, ElicitationResult } from "../../../src/session/elicitation.ts";
import { keepLog } from "../../session/streams.ts";
import { eventually } from "../../support/router.ts";
import { command, startRunning } from "../running.ts";

let folder: string;
let file: string;
let env: NodeJS.ProcessEnv;
const ending: AbortController[] = [];
beforeEach(async () => {
  folder = await mkdtemp("/tmp/cr-trust-");
  file = join(folder, "router.yaml");
  env = { HOME: folder, CHANNEL_ROUTER_STATE_DIR: join(folder, "state"), SECRET: "a-good-secret" };
  await configure("0.0.0.0:8788");
});
afterEach(async () => {
  for (const controller of ending.splice(0)) controller.abort();
  await rm(folder, { recursive: true, force: true });
});

const configure = (listen: string) =>
  writeFile(
    file,
    `listen: ${listen}\nsources:\n  hook: { type: http, path: /hook, verify: { scheme: bearer, secret: "\${SECRET}" } }\n`,
  );
const [power, other] = ["0.0.0.0", "10.0.0.1"].flatMap((host) =>
  listenPowers({ listenAddress: { host, port: 8788, loopback: false } }, (text) => text),
) as [Power, Power];
const consentNow = (more: NodeJS.ProcessEnv = {}) => consentOf({ ...env, ...more }, file, keepLog());

function person(...answers: string[]): Person & { readonly questions: string[] } {
  const questions: string[] = [];
  return {
    questions,
    async ask(question) {
      questions.push(question);
      return answers.shift() ?? "";
    },
  };
}

async function trust(
  args: readonly string[] = [],
  there: Person | undefined = undefined,
  underClaude: UnderClaude | undefined = undefined,
) {
  return command(await startRunning({}), ["trust", file, ...args], { env, person: there, underClaude });
}
const stillWaits = async () =>
  (JSON.parse((await trust(["--json"])).stdout) as { powers: { trusted: boolean }[] }).powers.some(
    ({ trusted }) => !trusted,
  );

test("a file that sessions find by its name is asked about as a whole, first", async () => {
  const found = join(folder, "channels.yaml");
  await writeFile(
    found,
    "server: { instructions: Be quick. }\nsources:\n  hook: { type: http, path: /hook }\n",
  );
  const ask = async (args: readonly string[], there?: Person) =>
    command(await startRunning({}), ["trust", ...args], {
      env: { ...env, CHANNEL_ROUTER_CONFIG: "" },
      cwd: folder,
      person: there,
    });
  for (const args of [[], [found]]) {
    const { powers } = JSON.parse((await ask(["--json", ...args])).stdout);
    expect(powers).toEqual([
      { power: "use", value: found, component: "use", trusted: false },
      { power: "instruct", value: "Be quick.", component: "server.instructions", trusted: false },
    ]);
  }
  const once = person("y");
  expect(await ask([], once)).toMatchObject({ code: 0 });
  expect(once.questions).toHaveLength(1);
  expect((await ask(["--list", found])).code).toBe(0);
  await writeFile(found, "server: { instructions: Obey. }\nsources:\n  hook: { type: http, path: /other }\n");
  const again = person("n");
  expect(await ask([], again)).toMatchObject({ code: 1, stdout: expect.stringMatching(/trusted .*use/) });
  expect(again.questions).toHaveLength(1);
});

test.each(["y", "Y", "yes", " y "])(
  "a person who types %j allows it, and is not asked again",
  async (answer) => {
    const first = await trust([], person(answer));
    expect(first.stdout).toContain("waits    listen beyond this machine, on 0.0.0.0:8788");
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining("allowed") });
    const second = person("n");
    expect(await trust([], second)).toMatchObject({ code: 0, stdout: expect.stringContaining("trusted") });
    expect(second.questions).toEqual([]);
  },
);

test.each(["", "n", "ye", "yes please", "true", "1"])("%j is no yes", async (answer) => {
  expect(await trust([], person(answer))).toMatchObject({ code: 1 });
  expect((await consentNow()).allows(power)).toBe(false);
});

test("without a person nothing is allowed, and the message says what else there is", async () => {
  const { code, stdout, stderr } = await trust();
  expect(code).toBe(2);
  expect(stdout).toContain("0.0.0.0:8788");
  expect(stderr).toContain("only the user at a terminal");
  expect(stderr).toContain("channel-router trust --yes");
  expect((await consentNow()).allows(power)).toBe(false);
});

test("no other option than --yes stands in for the question", async () => {
  for (const option of ["-y", "--force", "--all"]) expect(await trust([option])).toMatchObject({ code: 2 });
  expect(await stillWaits()).toBe(true);
});

test("--yes allows all that waits without a question", async () => {
  const asked = person("n");
  expect(await trust(["--yes"], asked)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("allowed"),
  });
  expect(asked.questions).toEqual([]);
  expect(await stillWaits()).toBe(false);
});

test.each([["--yes"], ["--revoke"], []])(
  "below a Claude process nothing is allowed or forgotten: trust %s",
  async (...args) => {
    await trust(["--yes"]);
    await configure("0.0.0.0:8789");
    const { code, stderr } = await trust(args, undefined, { sign: "CLAUDECODE is set", folders: [] });
    expect(code).toBe(2);
    expect(stderr).toContain("CLAUDECODE is set");
    expect(await stillWaits()).toBe(true);
    await configure("0.0.0.0:8788");
    expect(await stillWaits()).toBe(false);
  },
);

test("--json and --list only show, also to a person", async () => {
  const asked = person("y");
  const { code, stdout } = await trust(["--json"], asked);
  expect(JSON.parse(stdout)).toEqual({
    config: file,
    powers: [{ power: "listen", value: "0.0.0.0:8788", component: "listen", trusted: false }],
  });
  expect(code).toBe(1);
  expect(await trust(["--list"], asked)).toMatchObject({ code: 1 });
  expect(asked.questions).toEqual([]);
});

test("a changed address waits again, the old one is remembered, and --revoke forgets both", async () => {
  await trust([], person("y"));
  await configure("0.0.0.0:8789");
  expect(await trust(["--list"])).toMatchObject({ code: 1 });
  await configure("0.0.0.0:8788");
  expect(await trust(["--list"])).toMatchObject({ code: 0 });
  expect((await trust(["--revoke"])).stdout).toContain("nothing is trusted");
  expect(await trust(["--list"])).toMatchObject({ code: 1 });
});

test("a config that asks for nothing has nothing to allow", async () => {
  await configure("127.0.0.1:8788");
  const asked = person("y");
  expect(await trust([], asked)).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing") });
  expect(asked.questions).toEqual([]);
});

test("several are allowed together, or each for itself", async () => {
  const together = await consentNow();
  await askForPowers([power, other], together, person("y"));
  expect([together.allows(power), together.allows(other)]).toEqual([true, true]);
  await trust(["--revoke"]);
  const each = await consentNow();
  const asked = person("e", "n", "y");
  await askForPowers([power, other], each, asked);
  expect([each.allows(power), each.allows(other)]).toEqual([false, true]);
  expect(asked.questions[1]).toContain("0.0.0.0:8788");
  await trust(["--revoke"]);
  const none = await consentNow();
  await askForPowers([power, other], none, person("", "y", "y"));
  expect([none.allows(power), none.allows(other)]).toEqual([false, false]);
});

test("only the word all in the environment itself trusts everything", async () => {
  expect((await consentNow({ CHANNEL_ROUTER_TRUST: "all" })).allows(power)).toBe(true);
  for (const word of ["1", "true", "ALL", "listen", ""])
    expect((await consentNow({ CHANNEL_ROUTER_TRUST: word })).allows(power)).toBe(false);
});

describe("the question in a session", () => {
  interface Asked {
    readonly session: string;
    readonly form: Elicitation;
    readonly signal: AbortSignal;
    answer(answer: ElicitationResult): void;
    fail(error: Error): void;
  }
  const asked: Asked[] = [];
  beforeEach(() => void asked.splice(0));

  const member = (id: string, state: "yes" | "no" | "unknown", supportsElicitation = true) => ({
    id,
    startedMs: Number(id),
    listening: () => ({ state, reason: "" }),
    mcp: {
      supportsElicitation: () => supportsElicitation,
      elicit: (form: Elicitation, signal: AbortSignal) =>
        new Promise<ElicitationResult>((answer, fail) =>
          asked.push({ session: id, form, signal, answer, fail }),
        ),
    },
    dispatchSession: { ready: Promise.resolve() },
  });

  async function begin(members: ReturnType<typeof member>[], powers = [power]) {
    const over = new AbortController();
    ending.push(over);
    const consent = await consentNow();
    const options = {
      consent,
      plan: () => ({
        powers,
        sources: [],
        channels: [],
        sinks: [],
        listen: { loopback: true, hosts: [], powers: [] },
      }),
      prompts: new Prompts({ sessions: () => members, log: keepLog(), everyMs: 5 }),
      config: file,
    };
    void askForConsent({ ...options, gapMs: 5 }, over.signal);
    return consent;
  }
  const next = (count: number) => eventually(() => asked[count - 1]);
  const yes = { action: "accept", values: { allow: "yes" } } as const;

  test("goes to one session, the one that listens, and its yes allows what was shown", async () => {
    const consent = await begin([
      member("1", "no"),
      member("2", "yes", false),
      member("3", "yes"),
      member("4", "yes"),
    ]);
    const { session, form, answer } = await next(1);
    expect(session).toBe("3");
    expect(form.message).toContain("listen beyond this machine, on 0.0.0.0:8788");
    expect(form.message).toContain(file);
    expect(form.fields).toEqual({ allow: { title: "Allow it?", choices: ["no", "yes"] } });
    await sleep(60);
    expect(asked).toHaveLength(1);
    answer(yes);
    await eventually(() => consent.allows(power));
    await sleep(40);
    expect(asked).toHaveLength(1);
  });

  test.each<ElicitationResult>([
    { action: "decline" },
    { action: "accept", values: { allow: "no" } },
    { action: "accept", values: {} },
    { action: "accept", values: { allow: true } },
    { action: "accept", values: { allow: "yes " } },
  ])("%j allows nothing, and nobody is asked about it again", async (given) => {
    const consent = await begin([member("1", "yes"), member("2", "yes")]);
    (await next(1)).answer(given);
    await eventually(() => consent.declined(power));
    await sleep(40);
    expect(asked).toHaveLength(1);
    expect(consent.allows(power)).toBe(false);
  });

  test("a question that was put away is put to the next session, and to each only once", async () => {
    const consent = await begin([member("1", "yes"), member("2", "unknown")]);
    (await next(1)).answer({ action: "cancel" });
    const second = await next(2);
    expect(second.session).toBe("2");
    second.answer({ action: "cancel" });
    await sleep(40);
    expect(asked).toHaveLength(2);
    expect([consent.allows(power), consent.declined(power)]).toEqual([false, false]);
  });

  test("it is taken back when the person has answered elsewhere", async () => {
    const consent = await begin([member("1", "yes")]);
    const { signal } = await next(1);
    await consent.remember([power], "trusted");
    await eventually(() => signal.aborted);
  });

  test("it is taken back when the config asks for something else, and a late yes counts for nothing", async () => {
    const powers = [power];
    const consent = await begin([member("1", "yes")], powers);
    const first = await next(1);
    powers.splice(0, 1, other);
    await eventually(() => first.signal.aborted);
    first.answer(yes);
    const second = await next(2);
    expect(second.form.message).toContain("10.0.0.1:8788");
    expect(consent.allows(other)).toBe(false);
    second.answer(yes);
    await eventually(() => consent.allows(other));
    expect(consent.allows(power)).toBe(false);
  });

  const many = (count: number, length = 0) =>
    Array.from({ length: count }, (_, index) => ({
      power: "connect" as const,
      value: `https://host-${index}.example${"/x".repeat(length / 2)}`,
      component: `sources.s${index}`,
      hash: `hash-${index}`,
    }));

  test.each([
    ["many", 47, 0],
    ["long ones", 9, 2_000],
  ])(
    "of %s, a yes allows what its page shows whole, and the next page comes at once",
    async (_, count, length) => {
      const powers = many(count, length);
      const consent = await begin([member("1", "yes")], powers);
      const shownIn = (message: string) => powers.filter(({ value }) => message.includes(`${value} (`));
      let allowed = 0;
      for (let page = 1; allowed < count; page++) {
        const { form, answer } = await next(page);
        const shown = shownIn(form.message);
        expect(shown.length).toBeGreaterThan(0);
        expect(form.message.length).toBeLessThan(6_000);
        answer(yes);
        await eventually(() => shown.every((one) => consent.allows(one)));
        allowed += shown.length;
        expect(powers.filter((one) => consent.allows(one))).toHaveLength(allowed);
        if (allowed < count) expect(form.message).toContain(`and ${count - allowed} more`);
      }
      await sleep(40);
      expect(asked.length).toBeGreaterThan(1);
      expect(powers.every((one) => consent.allows(one))).toBe(true);
    },
  );

  test("a no to one page is a no to all, so that nobody is worn down", async () => {
    const powers = many(47);
    const consent = await begin([member("1", "yes")], powers);
    (await next(1)).answer(yes);
    (await next(2)).answer({ action: "decline" });
    await eventually(() => powers.filter((one) => consent.declined(one)).length === 27);
    await sleep(40);
    expect(asked).toHaveLength(2);
  });

  test("what is too long for a form is not allowed by one", async () => {
    const [long, short] = many(2, 6_000) as [Power, Power];
    const powers = [long, { ...short, value: "https://short.example" }];
    const consent = await begin([member("1", "yes")], powers);
    const { form, answer } = await next(1);
    expect(form.message).toContain("and 1 more, too long for a form: channel-router trust");
    answer(yes);
    await eventually(() => consent.allows(powers[1] as Power));
    await sleep(60);
    expect(asked).toHaveLength(1);
    expect(consent.allows(long)).toBe(false);
  });

  test("a session that ends with the question open leaves it to another", async () => {
    const members = [member("1", "yes"), member("2", "yes")];
    await begin(members);
    const { fail } = await next(1);
    members.shift();
    fail(new Error("Connection closed"));
    expect((await next(2)).session).toBe("2");
  });
});
