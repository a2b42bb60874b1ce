import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { type ImportOptions, importSettings } from "../../../src/cli/import/import-settings.ts";
import { importHooks } from "../../../src/cli/import/webhook-hooks.ts";
import { loadPlan } from "../../../src/daemon/start/load-plan.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp("/tmp/cr-import-");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function run(
  what: string,
  options: Partial<ImportOptions> = {},
  more: { folder?: string; underClaude?: boolean } = {},
) {
  let printed = "";
  const code = await importSettings(what, more.folder, { output: "channels.yaml", ...options }, {
    env: { CHANNEL_ROUTER_STATE_DIR: join(folder, "state"), CLAUDE_CONFIG_DIR: join(folder, "claude") },
    cwd: folder,
    print: (text: string) => {
      printed += text;
    },
    person: undefined,
    underClaude: more.underClaude ? { sign: "the test says so", pid: 1 } : undefined,
  } as never);
  return { code, printed };
}

async function plugin(
  type: string,
  access: unknown,
  env = "",
  at = join(folder, "claude", "channels", type),
) {
  await mkdir(at, { recursive: true });
  await writeFile(join(at, "access.json"), typeof access === "string" ? access : JSON.stringify(access));
  await writeFile(join(at, ".env"), env);
  return at;
}

const config = async (file = "channels.yaml") => parse(await readFile(join(folder, file), "utf8"));
const secrets = async () => parseEnv(await readFile(join(folder, "state", ".env"), "utf8"));

/** What `check` finds in the written file. */
async function problems(file = "channels.yaml"): Promise<unknown[]> {
  const path = join(folder, file);
  const variables = [...(await readFile(path, "utf8")).matchAll(/\$\{([A-Z_0-9]+)\}/g)].map(
    ([, name]) => name,
  );
  const values = Object.fromEntries(
    variables.map((name) => [name, "123456789:AAHfiqksKZ8WmR2zSjiQ7_v4TMAKdiHm9T0"]),
  );
  const { loaded, issues } = await loadPlan(path, { HOME: folder, ...values });
  return issues.map((issue) => loaded.frame(issue));
}

describe("an official plugin", () => {
  test("its people, groups and looks come over, and its token goes where only the user reads it", async () => {
    await plugin(
      "telegram",
      {
        dmPolicy: "allowlist",
        allowFrom: ["412587349"],
        groups: {
          "-1001654782309": { requireMention: false, allowFrom: ["412587349"] },
          "-1001654782310": {},
        },
        pending: { abc123: {} },
        mentionPatterns: ["^hey claude\\b", "(?<=x)y"],
        ackReaction: "👀",
        replyToMode: "all",
        textChunkLimit: 2000,
        chunkMode: "length",
      },
      "TELEGRAM_BOT_TOKEN=123456789:secret\n",
    );
    const { printed } = await run("telegram");
    expect(await config()).toEqual({
      version: 1,
      sources: {
        telegram: {
          type: "telegram",
          token: "${TELEGRAM_BOT_TOKEN}",
          access: {
            dm: "allowlist",
            allow: ["412587349"],
            groups: {
              "-1001654782309": { mention: false, allow: ["412587349"] },
              "-1001654782310": { allow: [] },
            },
            mention_patterns: ["(?i)^hey claude\\b"],
          },
          ack_reaction: "👀",
          quote: "all",
          part_length: 2000,
        },
      },
    });
    expect(await problems()).toEqual([]);
    expect(await secrets()).toEqual({ TELEGRAM_BOT_TOKEN: "123456789:secret" });
    expect((await stat(join(folder, "state", ".env"))).mode & 0o777).toBe(0o600);
    expect(printed).not.toContain("123456789:secret");
    for (const note of [
      "group -1001654782310 took messages of every member",
      "the mention pattern (?<=x)y",
      "chunkMode length",
      "1 open pairing code",
    ])
      expect(printed).toContain(note);
  });

  test("without access.json its own defaults hold, from a folder that is named", async () => {
    const at = join(folder, "elsewhere");
    await mkdir(at);
    await writeFile(join(at, ".env"), "DISCORD_BOT_TOKEN='a.b.c'\n");
    await run("discord", {}, { folder: at });
    expect(await config()).toEqual({
      version: 1,
      sources: { discord: { type: "discord", token: "${DISCORD_BOT_TOKEN}", access: { dm: "pairing" } } },
    });
    expect(await secrets()).toEqual({ DISCORD_BOT_TOKEN: "a.b.c" });
  });

  test("imessage keeps what its variables say", async () => {
    await plugin(
      "imessage",
      { allowFrom: ["+15550100"] },
      "IMESSAGE_ALLOW_SMS=true\nIMESSAGE_DB_PATH=/m/chat.db\n",
    );
    await run("imessage");
    expect((await config()).sources.imessage).toEqual({
      type: "imessage",
      access: { dm: "allowlist", allow: ["+15550100"] },
      database: "/m/chat.db",
      services: ["iMessage", "SMS", "RCS"],
      signature: "Sent by Claude",
    });
  });

  test("a token that is set already stays, and below a Claude process none is written", async () => {
    await plugin("telegram", {}, "TELEGRAM_BOT_TOKEN=new\n");
    const { printed } = await run("telegram", {}, { underClaude: true });
    expect(printed).toContain(
      "TELEGRAM_BOT_TOKEN is not written: channel-router configure TELEGRAM_BOT_TOKEN",
    );
    await mkdir(join(folder, "state"), { recursive: true });
    await writeFile(join(folder, "state", ".env"), "TELEGRAM_BOT_TOKEN=old\n");
    await run("telegram", { output: "second.yaml" });
    expect(await secrets()).toEqual({ TELEGRAM_BOT_TOKEN: "old" });
  });

  test("no file is overwritten, and --dry-run writes nothing", async () => {
    await plugin("telegram", {}, "TELEGRAM_BOT_TOKEN=x\n");
    await writeFile(join(folder, "channels.yaml"), "mine: true\n");
    await expect(run("telegram")).rejects.toThrow(/channels\.yaml is there already/);
    const { printed } = await run("telegram", { dryRun: true });
    expect(printed).toContain("type: telegram");
    expect(await readFile(join(folder, "channels.yaml"), "utf8")).toBe("mine: true\n");
    await expect(stat(join(folder, "state", ".env"))).rejects.toThrow("ENOENT");
  });

  test.each([
    ["telegram", undefined, /has neither access\.json nor \.env/],
    ["telegram", "{", /access\.json is not JSON/],
    ["nothing.json", undefined, /there is no file/],
  ])("%s with %s is a clear error", async (what, access, message) => {
    if (access !== undefined) await plugin(what, access);
    await expect(run(what)).rejects.toThrow(message);
  });

  test("settings of any shape are read or noted, never a crash", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), async (access) => {
        await plugin("discord", access);
        const { code } = await run("discord", { dryRun: true });
        expect(code).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

describe("hooks of adnanh/webhook", () => {
  const hooks = [
    {
      id: "redeploy-webhook",
      "execute-command": "/home/adnan/redeploy.sh",
      "pass-arguments-to-command": [
        { source: "payload", name: "head_commit.id" },
        { source: "header", name: "X-Github-Event" },
        { source: "entire-payload" },
      ],
      "trigger-rule": {
        and: [
          {
            match: {
              type: "payload-hmac-sha256",
              secret: "mysecret",
              parameter: { source: "header", name: "X-Hub-Signature-256" },
            },
          },
          {
            match: {
              type: "value",
              value: "refs/heads/master",
              parameter: { source: "payload", name: "ref" },
            },
          },
        ],
      },
    },
    {
      id: "bitbucket",
      "trigger-rule": {
        and: [
          { match: { type: "ip-whitelist", "ip-range": "104.192.143.0/24" } },
          {
            or: [
              {
                match: {
                  type: "regex",
                  regex: "^v\\d+",
                  parameter: { source: "payload", name: "items.0.tag" },
                },
              },
              { not: { match: { type: "value", value: "a", parameter: { source: "url", name: "x-y" } } } },
            ],
          },
        ],
      },
    },
    {
      id: "gitlab",
      "trigger-rule": {
        match: { type: "value", value: "s3cret", parameter: { source: "header", name: "X-Gitlab-Token" } },
      },
    },
    {
      id: "old one",
      "trigger-rule": {
        match: {
          type: "payload-hash-sha1",
          secret: "x",
          parameter: { source: "header", name: "X-Signature" },
        },
      },
    },
  ];

  test("each becomes a source with its signature check and a channel with its rules", async () => {
    await writeFile(join(folder, "hooks.json"), JSON.stringify(hooks));
    const { printed } = await run("hooks.json");
    expect(await problems()).toEqual([]);
    const { sources, channels } = await config();
    expect(sources).toMatchObject({
      redeploy_webhook: {
        path: "/hooks/redeploy-webhook",
        verify: { scheme: "github", secret: "${REDEPLOY_WEBHOOK_SECRET}" },
      },
      gitlab: { verify: { scheme: "token", header: "X-Gitlab-Token" } },
      old_one: { path: "/hooks/old-one", verify: { scheme: "hmac", algorithm: "sha1", prefix: "sha1=" } },
    });
    expect(channels.redeploy_webhook).toEqual({
      from: "redeploy_webhook",
      when: 'string(data.ref) == "refs/heads/master"',
      content:
        "redeploy_webhook\nhead_commit.id: {{data.head_commit.id}}\nX-Github-Event: {{headers.x-github-event}}",
    });
    expect(channels.bitbucket).toMatchObject({
      match: { "remote.address": { cidr: ["104.192.143.0/24"] } },
      when: '(string(data.items[0].tag).matches("^v\\\\d+") || !(string(query["x-y"]) == "a"))',
    });
    expect(await secrets()).toEqual({
      REDEPLOY_WEBHOOK_SECRET: "mysecret",
      GITLAB_SECRET: "s3cret",
      OLD_ONE_SECRET: "x",
    });
    expect(printed).not.toMatch(/mysecret|s3cret/);
    expect(printed).toContain("redeploy-webhook: it ran /home/adnan/redeploy.sh");
  });

  test("a secret is stored to the character, and one that .env cannot hold is left to the user", async () => {
    const hook = (id: string, secret: string) => ({
      id,
      "trigger-rule": {
        match: { type: "payload-hmac-sha256", secret, parameter: { source: "header", name: "X-Signature" } },
      },
    });
    const list = [hook("a", "-"), hook("b", " two words "), hook("c", "it's"), hook("d", "")];
    await writeFile(join(folder, "hooks.json"), JSON.stringify(list));
    const { printed } = await run("hooks.json");
    expect(await secrets()).toEqual({ A_SECRET: "-", B_SECRET: " two words " });
    expect(printed).toContain("C_SECRET is not written: channel-router configure C_SECRET");
    expect(printed).toContain("D_SECRET is not written");
  });

  test.each([
    ["{}", /it is not a list of hooks/],
    ["[1]", /hook 1 is not an object/],
    ["[", /holds no hooks/],
  ])("%s is a clear error", async (text, message) => {
    await writeFile(join(folder, "hooks.json"), text);
    await expect(run("hooks.json")).rejects.toThrow(message);
  });

  test("rules and names of any shape are carried over or noted, and none widens an `or`", async () => {
    const rule = fc.letrec((tie) => ({
      rule: fc.oneof(
        { maxDepth: 3 },
        fc.record({
          match: fc.record({
            type: fc.constantFrom("value", "regex", "ip-whitelist", "payload-hmac-sha256", "odd"),
            value: fc.string(),
            regex: fc.string(),
            parameter: fc.record({
              source: fc.constantFrom("payload", "header", "constructor", "request"),
              name: fc.string(),
            }),
          }),
        }),
        fc.record({ and: fc.array(tie("rule"), { maxLength: 3 }) }),
        fc.record({ or: fc.array(tie("rule"), { maxLength: 3 }) }),
        fc.record({ not: tie("rule") }),
        fc.jsonValue(),
      ),
    })).rule;
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: fc.string(), "trigger-rule": rule }), { maxLength: 4 }),
        (list) => {
          const { config: made } = importHooks(list);
          expect(Object.keys((made as { sources: object }).sources)).toHaveLength(list.length);
          for (const name of Object.keys((made as { sources: object }).sources))
            expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
        },
      ),
    );
  });
});
