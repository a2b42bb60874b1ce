// The console of the built program: served by the leader after its sources, on a port that stays, and by its successor.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { ConsoleBrowser } from "../support/console-browser.ts";
import { type Answer, asked, codeOf, consoleOf } from "../support/console-router.ts";
import { createProject, freePort, type Project } from "../support/router.ts";

let project: Project | undefined;
afterEach(async () => {
  await project?.remove();
  project = undefined;
});

const config = (port: number, more = "") =>
  `listen: 127.0.0.1:${port}\nsources: { ci: { type: http, path: /ci } }\n${more}`;

/** Once `dev` has printed it. */
async function devAddress(printed: () => string): Promise<string> {
  await expect
    .poll(() => /"type":"console","url":"([^"]+)"/.exec(printed())?.[1], { timeout: 15_000 })
    .toBeTruthy();
  return /"type":"console","url":"([^"]+)"/.exec(printed())?.[1] as string;
}

describe("the console of a router", () => {
  test("tries, compares, saves and proposes with events of the journal", async () => {
    project = await createProject((port) => config(port));
    const one = project;
    await one.claude();
    const browser = new ConsoleBrowser("anna", await consoleOf(one));
    await browser.enter(await codeOf(one));
    for (const action of ["opened", "opened", "closed"])
      await fetch(`${one.address}/ci`, {
        method: "POST",
        body: JSON.stringify({ action, title: "A title" }),
      });
    const { events } = (await browser.call("events", { limit: 10 })).body;
    const event_id = events[0].event_id;
    const { folder } = await asked(one, "status");
    await expect
      .poll(async () => (await browser.call("overview")).body.channels[0]?.hours.at(-1), { timeout: 10_000 })
      .toBeGreaterThan(0);
    const decided = {
      what: "allow",
      id: "abcde",
      session: "7",
      tool: "Bash",
      people: [{ source: "phone", person: "41" }],
    };
    const time = new Date().toISOString();
    writeFileSync(
      join(folder, "permissions.jsonl"),
      `half a line\n${JSON.stringify({ time, ...decided })}\n`,
    );
    expect((await browser.call("audit")).body.entries).toEqual([
      { time, ...decided, people: ["41 on phone"] },
    ]);
    const { text, sha256, editable, schema } = (await browser.call("config")).body;
    expect([editable, typeof schema]).toEqual([true, "object"]);
    const edited = `${text}channels: { opened: { from: ci, match: { data.action: opened } } }\n`;
    const tried = (await browser.call("try", { text: edited, event: { event_id } })).body;
    expect(tried.channels).toMatchObject([{ name: "opened", taken: true }]);
    expect((await browser.call("try", { text: "sources: 1", event: { event_id } })).body.issues).not.toEqual(
      [],
    );
    const compared = (await browser.call("compare", { text: edited, since_ms: 0 })).body;
    expect(compared.compared).toBe(3);
    expect(compared.newly).toHaveLength(2);
    expect((await browser.call("propose_channel", { event_id })).body.yaml).toContain("from: ci");
    expect((await browser.call("make_test", { event_id })).body.yaml).toContain("send:");
    expect((await browser.call("make_recipe", { event_ids: [event_id] })).body.yaml).toContain("recipe:");
    expect((await browser.call("save", { text: edited, sha256, dry_run: true })).body.diff).toContain(
      "+channels",
    );
    const saved = await browser.call("save", { text: edited, sha256 });
    expect(saved.body.verdict).toMatchObject({ ok: true });
    const [reload] = (await browser.call("overview")).body.reloads;
    expect(reload).toMatchObject({ ok: true, diff: expect.stringContaining("+channels: { opened") });
    expect(readFileSync(join(one.folder, "channels.yaml"), "utf8")).toBe(edited);
    expect(await browser.call("save", { text, sha256 })).toMatchObject({
      status: 409,
      body: { error: { code: "changed" } },
    });
  }, 60_000);

  test("answers nothing with a secret in it, whatever it is asked", async () => {
    const secrets = { HOOK_SECRET: "hook-5f1c9e77aa", SINK_TOKEN: "sink-0b62d1c4ee" };
    project = await createProject(
      (port) => `listen: 127.0.0.1:${port}
sources:
  ci:
    type: http
    path: /ci
    verify: { scheme: bearer, secret: "\${HOOK_SECRET}" }
channels:
  ci: { from: ci, content: "{{text}} {{data.echo}}" }
sinks:
  notify:
    type: http
    description: Notifies.
    request:
      url: "https://notify.example/\${SINK_TOKEN}"
      headers: { authorization: "Bearer \${SINK_TOKEN}" }
`,
    );
    const one = project;
    await one.claude({}, secrets);
    const browser = new ConsoleBrowser("anna", await consoleOf(one));
    await browser.enter(await codeOf(one));
    const answer = await fetch(`${one.address}/ci`, {
      method: "POST",
      headers: { authorization: `Bearer ${secrets.HOOK_SECRET}` },
      body: JSON.stringify({ echo: secrets.SINK_TOKEN, header: secrets.HOOK_SECRET }),
    });
    expect(answer.status).toBeLessThan(300);
    const { events } = (await browser.call("events", { limit: 5 })).body;
    const { event_id } = events[0];
    const { text, sha256 } = (await browser.call("config")).body;
    const shows = text.replace("{{text}}", "${SINK_TOKEN} ${HOOK_SECRET}");
    const asked: readonly [command: string, args?: object][] = [
      ["status"],
      ["sessions"],
      ["events", { limit: 5 }],
      ["why", { event_id }],
      ["recall", { event_id }],
      ["replay", { event_id, dry_run: true }],
      ["powers"],
      ["event", { event_id }],
      ["config"],
      ["overview"],
      ["audit"],
      ["prompts"],
      ["consent"],
      ["browsers"],
      ["access", { request: { do: "list" } }],
      ["try", { text, event: { event_id } }],
      ["try", { text: shows, event: { event_id } }],
      ["compare", { text: shows, since_ms: 0 }],
      ["save", { text: shows, sha256, dry_run: true }],
      ["propose_channel", { event_id }],
      ["make_test", { event_id }],
      ["make_recipe", { event_ids: [event_id] }],
      ["silence", { channel: secrets.HOOK_SECRET, for_ms: 1 }],
      ["send", { source: secrets.SINK_TOKEN, data: "{}", headers: {} }],
    ];
    for (const [command, args = {}] of asked) {
      const { status, body } = await browser.call(command, args);
      expect([command, status, JSON.stringify(body)]).toEqual([
        command,
        status,
        expect.not.stringMatching(/5f1c9e77aa|0b62d1c4ee/),
      ]);
    }
  }, 60_000);

  test("is served by dev, which says what it does not have, and lets nobody in without a user", async () => {
    project = await createProject((port) => config(port));
    const one = project;
    const { process: dev, printed } = one.dev(["--json"]);
    try {
      const address = await devAddress(printed);
      expect(address).not.toContain("#");
      const browser = new ConsoleBrowser("anna", address);
      expect((await browser.call("status")).status).toBe(401);
    } finally {
      await dev.interrupt();
    }
  }, 60_000);

  test("shows an event, tells a changed config, and comes back after a kill with nothing lost or double", async () => {
    // Of its own: when the leader is killed, a router of another test could take a usual one.
    const consolePort = await freePort();
    project = await createProject((port) => config(port, `console: 127.0.0.1:${consolePort}\n`));
    const one = project;
    const [first, second] = [await one.claude(), await one.claude()];
    const address = await consoleOf(one);
    const browser = new ConsoleBrowser("anna", address);
    expect((await browser.enter(await codeOf(one))).status).toBe(200);
    const page = await browser.follow();
    const post = async (number: number) =>
      (await fetch(`${one.address}/ci`, { method: "POST", body: JSON.stringify({ number }) })).status;
    for (let number = 1; number <= 3; number += 1) expect(await post(number)).toBeLessThan(300);
    const numbers = ({ batches }: typeof page) =>
      batches.flatMap(({ events }) => events.map(({ note = "" }) => Number(/\d+/.exec(note)?.[0])));
    await page.until((now) => numbers(now).length === 3);
    const [{ event_id: id } = { event_id: "" }] = page.batches.flatMap(({ events }) => events);
    const detail = (await browser.call("event", { event_id: id })).body;
    expect(detail).toMatchObject({
      event: { id, source: "ci", data: { number: 1 } },
      shown: [{ channel: "ci" }],
      deliveries: [{ channel: "ci" }],
    });
    expect(detail.shown[0].block).toContain("<channel");
    await page.until(({ batches }) =>
      batches.some(({ changes }) => changes.some(({ state }) => state === "sent")),
    );

    const { pid } = await asked(one, "status");
    process.kill(pid, "SIGKILL");
    await page.ended;
    await expect
      .poll(async () => (await asked(one, "status").catch(() => ({}))).pid, { timeout: 15_000 })
      .not.toBe(pid);
    expect(await consoleOf(one)).toBe(address);
    expect(await post(4)).toBeLessThan(300);
    browser.forgetSession();
    const again = await browser.follow(page.lastId);
    await again.until((now) => numbers(now).includes(4));
    expect(again.hello).toMatchObject([{ resumed: true }]);
    expect(numbers(again)).toEqual([4]);
    expect([first, second]).toHaveLength(2);
  }, 60_000);

  test("moves with the config, and ends with console: false; a reload tells open pages", async () => {
    project = await createProject((port) => config(port));
    const one = project;
    await one.claude();
    const address = await consoleOf(one);
    const browser = new ConsoleBrowser("anna", address);
    await browser.enter(await codeOf(one));
    const page = await browser.follow();
    await one.write("channels.yaml", config(one.port, "budget: { event: 400 }\n"));
    await one.ask(["reload"]);
    await page.until(({ others }) => others.includes("config"));
    const port = await freePort();
    await one.write("channels.yaml", config(one.port, `console: 127.0.0.1:${port}\n`));
    await one.ask(["reload"]);
    await expect.poll(async () => (await asked(one, "status")).console).toBe(`http://127.0.0.1:${port}`);
    await page.ended;
    await one.write("channels.yaml", config(one.port, "console: false\n"));
    await one.ask(["reload"]);
    await expect.poll(async () => (await asked(one, "status")).console).toBe(undefined);
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  }, 60_000);

  test("of a file that nobody agreed to is the usual one, whatever the file says, and shows what it asks for", async () => {
    project = await createProject(
      (port) =>
        config(port, "console: { listen: '0.0.0.0:9999', origin: https://evil.example, metrics: true }\n"),
      { consent: "none" },
    );
    const one = project;
    await one.claude();
    const address = await consoleOf(one);
    expect(new URL(address).hostname).toBe("127.0.0.1");
    expect(new URL(address).port).not.toBe("9999");
    const browser = new ConsoleBrowser("anna", address);
    await browser.enter(await codeOf(one));
    const { powers } = (await browser.call("consent")).body;
    expect(powers.map(({ kind }: Answer) => kind)).toEqual(["use", "listen"]);
    // The session declines the form, sooner or later.
    for (const { state } of powers) expect(["waiting", "declined"]).toContain(state);
    expect(await browser.call("agree", { ids: [powers[0].id, "another"], allow: true })).toMatchObject({
      status: 409,
      body: { error: { code: "changed" } },
    });
    expect((await asked(one, "status")).active).toBe("none");
    expect((await browser.call("agree", { ids: [powers[0].id], allow: true })).status).toBe(200);
    await expect.poll(async () => (await asked(one, "status")).active, { timeout: 10_000 }).toBe("file");
    expect((await asked(one, "status")).console).toBe(address);
  }, 60_000);

  test("stays on its port, and console is refused where no user is at a terminal", async () => {
    project = await createProject((port) => config(port));
    const one = project;
    const claude = await one.claude();
    const address = await consoleOf(one);
    const { folder } = await asked(one, "status");
    expect(String(JSON.parse(readFileSync(join(folder, "console.json"), "utf8")).port)).toBe(
      new URL(address).port,
    );
    for (const args of [["console"], ["console", "token"]]) {
      const refused = await one.ask(args);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain("only a user at a terminal");
    }
    expect((await one.ask(["console", "list"])).stdout).toContain("no browser may use the console yet");
    await claude.process.interrupt();
    await one.claude();
    expect(await consoleOf(one)).toBe(address);
  }, 60_000);
});
