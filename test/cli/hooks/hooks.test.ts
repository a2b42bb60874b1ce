// `hooks add | list | remove` with stand-ins for gh, glab and stripe, which behave as these programs do.

import { execFileSync } from "node:child_process";
import { chmod, copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CommandContext } from "../../../src/cli/context.ts";
import { realContext } from "../../../src/cli/real-context.ts";
import { type Finished, runHere } from "../../support/command-line.ts";
import { createProject, type Project } from "../../support/router.ts";

const config = `public_url: https://hooks.example.com
use:
  ci:
    recipe: github-ci-failed
    with:
      secret: "\${GITHUB_WEBHOOK_SECRET}"
  pay:
    recipe: stripe-test
    with:
      secret: "\${STRIPE_WEBHOOK_SECRET}"
  lab:
    recipe: gitlab-pipeline-failed
    with:
      secret: "\${GITLAB_WEBHOOK_TOKEN}"
sources:
  plain:
    type: http
    path: /plain
  own:
    type: http
    path: /own
    verify:
      scheme: github
      secret: "prefix-\${OWN_SECRET}"
  shop:
    type: http
    path: /shop
    verify:
      scheme: shopify
      secret: "\${SHOPIFY_SECRET:-a-default-secret}"
`;

interface Call {
  readonly program: string;
  readonly argv: readonly string[];
  readonly input: string;
}
type Hook = Record<string, unknown> & { readonly id: unknown };

let project: Project;
let programs: string;
let stateFile: string;

beforeEach(async () => {
  project = await createProject(() => config);
  programs = join(project.state, "..", "bin");
  stateFile = join(project.state, "..", "sender.json");
  await mkdir(programs, { recursive: true });
  const folder = fileURLToPath(new URL("../../support/senders", import.meta.url));
  for (const name of ["gh", "glab", "stripe"]) {
    await copyFile(join(folder, `${name}.mjs`), join(programs, name));
    await chmod(join(programs, name), 0o755);
  }
  await copyFile(join(folder, "fake.mjs"), join(programs, "fake.mjs"));
  await writeFile(join(programs, "package.json"), '{"type":"module"}');
  await reset();
});
afterEach(() => project.remove());

async function reset(hooks: readonly object[] = []): Promise<void> {
  await writeFile(stateFile, JSON.stringify({ hooks, calls: [] }));
}

async function sender(): Promise<{ hooks: Hook[]; calls: Call[] }> {
  return JSON.parse(await readFile(stateFile, "utf8"));
}

interface Around extends Partial<CommandContext> {
  readonly mode?: string;
  readonly path?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

function hooks(
  args: readonly string[],
  { mode = "", path, variables, ...more }: Around = {},
): Promise<Finished> {
  return runHere(["hooks", ...args], {
    ...realContext(),
    underClaude: undefined,
    env: {
      ...process.env,
      ...project.env,
      CLAUDECODE: undefined,
      PATH: path ?? `${programs}:${process.env.PATH}`,
      FAKE_SENDER_STATE: stateFile,
      FAKE_SENDER_MODE: mode,
      ...variables,
    },
    cwd: project.folder,
    person: undefined,
    ...more,
  });
}

const repo = ["--repo", "acme/app"];
const answers = (text: string) => ({ person: { ask: async () => text } });
const dotenv = () => readFile(join(project.folder, ".env"), "utf8").catch(() => "");

const senders = [
  {
    source: "ci_github",
    target: repo,
    variable: "GITHUB_WEBHOOK_SECRET",
    url: "https://hooks.example.com/github/ci",
    events: ["workflow_run"],
    eventsOf: (hook: Hook) => hook.events,
    urlOf: (hook: Hook) => (hook.config as Hook).url,
    secretOf: (hook: Hook) => (hook.config as Hook).secret,
    spoil: (hook: Hook) => ({ ...hook, events: ["push"] }),
    other: {
      id: 7,
      active: true,
      events: ["push"],
      config: { url: "https://other.example.com/x", content_type: "json" },
    },
  },
  {
    source: "lab_gitlab",
    target: repo,
    variable: "GITLAB_WEBHOOK_TOKEN",
    url: "https://hooks.example.com/gitlab/pipeline",
    events: ["pipeline_events"],
    eventsOf: (hook: Hook) =>
      Object.keys(hook).filter((key) => key.endsWith("_events") && hook[key] === true),
    urlOf: (hook: Hook) => hook.url,
    secretOf: (hook: Hook) => hook.token,
    spoil: (hook: Hook) => ({ ...hook, push_events: true, enable_ssl_verification: false }),
    other: { id: 7, url: "https://other.example.com/x", push_events: true },
  },
  {
    source: "pay_stripe",
    target: [],
    variable: "STRIPE_WEBHOOK_SECRET",
    url: "https://hooks.example.com/stripe",
    events: ["charge.dispute.created", "charge.failed", "customer.subscription.deleted"],
    eventsOf: (hook: Hook) => (hook.enabled_events as string[]).slice(0, 3),
    urlOf: (hook: Hook) => hook.url,
    secretOf: (hook: Hook) => hook.secret,
    spoil: (hook: Hook) => ({ ...hook, status: "disabled" }),
    other: { id: "we_7", url: "https://other.example.com/x", enabled_events: ["*"], status: "enabled" },
  },
] as const;

describe.each(senders)(
  "$source",
  ({ source, target, variable, url, events, eventsOf, urlOf, secretOf, spoil, other }) => {
    const add = (more: readonly string[] = ["--yes"], around: Around = {}) =>
      hooks(["add", source, ...target, ...more], around);

    test("add registers the events that the channels take, with a new secret in .env", async () => {
      const { code, stdout, stderr } = await add();
      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(stdout).toContain(url);
      const { hooks: found } = await sender();
      expect(found.map(urlOf)).toEqual([url]);
      expect(eventsOf(found[0] as Hook)).toEqual(events);
      const value = new RegExp(`^${variable}='([\\w-]{20,})'$`, "m").exec(await dotenv())?.[1];
      expect(value).toBe(secretOf(found[0] as Hook));
      expect((await stat(join(project.folder, ".env"))).mode & 0o777).toBe(0o600);
      const checked = await hooks(["list", source, ...target]);
      expect(checked.stdout).toContain("registered");
      expect(checked.code).toBe(0);
    });

    test("an existing secret is kept, and no secret is printed or passed as an argument", async () => {
      const isMade = source === "pay_stripe";
      if (!isMade)
        await writeFile(join(project.folder, ".env"), `OTHER=1\n${variable}='kept-by-the-user-1234'\n`);
      const { stdout, stderr } = await add();
      const { hooks: found, calls } = await sender();
      const secret = String(secretOf(found[0] as Hook));
      if (!isMade) {
        expect(secret).toBe("kept-by-the-user-1234");
        expect(await dotenv()).toBe(`OTHER=1\n${variable}='kept-by-the-user-1234'\n`);
      }
      expect(JSON.stringify(calls.map(({ argv }) => argv))).not.toContain(secret);
      expect(stdout + stderr).not.toContain(secret);
    });

    test("add is idempotent: it updates a webhook that differs, removes duplicates, and leaves other URLs alone", async () => {
      await reset([other]);
      await add();
      await add();
      const { hooks: after, calls } = await sender();
      expect(after.map(urlOf)).toEqual(["https://other.example.com/x", url]);
      expect(
        calls.filter(({ argv }) => /^(?:POST|post)$/.test(argv.find((one) => /^post$/i.test(one)) ?? ""))
          .length,
      ).toBe(1);
      const ours = after[1] as Hook;
      await reset([other, spoil(ours), { ...ours, id: `${ours.id}9` }]);
      const differs = await hooks(["list", source, ...target]);
      expect(differs.code).toBe(1);
      const { code } = await add();
      expect(code).toBe(0);
      const { hooks: mended } = await sender();
      expect(mended.map(urlOf)).toEqual(["https://other.example.com/x", url]);
      expect(eventsOf(mended[1] as Hook)).toEqual(events);
      expect((await hooks(["list", source, ...target])).code).toBe(0);
    });

    test("add repairs a webhook that differs", async () => {
      await add();
      const { hooks: made } = await sender();
      await reset([spoil(made[0] as Hook)]);
      const listed = await hooks(["list", source, ...target]);
      expect(listed.stdout).toContain("differs");
      expect(listed.code).toBe(1);
      await add();
      const { hooks: mended } = await sender();
      expect(mended).toHaveLength(1);
      expect((await hooks(["list", source, ...target])).code).toBe(0);
    });

    test("remove deletes only the webhook with our URL", async () => {
      await reset([other]);
      await add();
      const { code } = await hooks(["remove", source, ...target, "--yes"]);
      expect(code).toBe(0);
      expect((await sender()).hooks.map(urlOf)).toEqual(["https://other.example.com/x"]);
      expect((await hooks(["remove", source, ...target, "--yes"])).stdout).toContain("has no webhook");
    });

    test("add asks first, and changes nothing if declined", async () => {
      for (const answer of ["n", "", "nope"]) {
        const { code, stdout } = await add([], answers(answer));
        expect(code).toBe(1);
        expect(stdout).toContain("nothing was changed");
      }
      expect((await sender()).hooks).toEqual([]);
      expect(await dotenv()).toBe("");
      expect((await add([], answers("y"))).code).toBe(0);
    });

    test("--dry-run shows the webhook and changes nothing", async () => {
      const { code, stdout } = await add(["--dry-run"]);
      expect(code).toBe(0);
      expect(stdout).toContain(events[0]);
      expect((await sender()).hooks).toEqual([]);
      expect(await dotenv()).toBe("");
    });

    test("existing webhooks are read from several pages", async () => {
      await reset([other]);
      await add();
      expect((await hooks(["list", source, ...target], { mode: "pages" })).code).toBe(0);
    });

    test.each([
      ["signed-out", "is not logged in", "login"],
      ["no-rights", "permission", ""],
      ["rate-limit", "rate limit", "try again"],
      ["old", "too old", "update"],
    ])("%s: is reported, with the manual steps", async (mode, message, hint) => {
      for (const args of [
        ["add", source, "--yes"],
        // All of them ask the same program in the same way.
        ...(source === "ci_github"
          ? [
              ["list", source],
              ["remove", source, "--yes"],
            ]
          : []),
      ]) {
        const { code, stdout, stderr } = await hooks([...args, ...target], { mode });
        expect(code).toBe(1);
        expect(stdout + stderr).toContain(message);
        expect(stdout + stderr).toContain(hint);
        if (args[0] === "add") {
          expect(stdout).toContain("Register it manually");
          expect(stdout).toContain(url);
        }
      }
      expect(await dotenv()).toBe("");
    });

    test("a missing program is reported by name", async () => {
      const { code, stdout } = await add(["--yes"], { path: "/nowhere" });
      expect(code).toBe(1);
      expect(stdout).toContain("is not installed");
      expect(stdout).toContain("Register it manually");
    });

    test("below a Claude process nothing is registered or removed", async () => {
      const under = { underClaude: { sign: "CLAUDECODE is set", folders: [] }, ...answers("y") };
      for (const verb of ["add", "remove"]) {
        const { code, stderr } = await hooks([verb, source, ...target, "--yes"], under);
        expect(code).toBe(2);
        expect(stderr).toContain("CLAUDECODE");
      }
      expect((await sender()).calls).toEqual([]);
    });
  },
);

test("GitHub: a secret that contains a variable is registered completely", async () => {
  const { code } = await hooks(["add", "own", ...repo, "--events", "push", "--yes"]);
  expect(code).toBe(0);
  const { hooks: found } = await sender();
  const [, made] = /^OWN_SECRET='([\w-]{20,})'$/m.exec(await dotenv()) ?? [];
  expect(((found[0] as Hook).config as Hook).secret).toBe(`prefix-${made}`);
});

test.each([
  { host: [], named: "github.com" },
  { host: ["--host", "github.com"], named: "github.com" },
  { host: ["--host", "git.example.com"], named: "git.example.com" },
])("GitHub: gh is asked for $named with $host, whatever its settings are", async ({ host, named }) => {
  await hooks(["add", "ci_github", ...repo, ...host, "--yes"], {
    variables: { GH_HOST: "other.example.com" },
  });
  const { calls } = await sender();
  expect(calls.length).toBeGreaterThan(0);
  for (const { argv } of calls) expect(argv[argv.indexOf("--hostname") + 1]).toBe(named);
});

test.each([
  ["add", "ci_github"],
  ["list", "ci_github"],
  ["remove", "ci_github"],
])(
  "hooks %s: no login goes to a host that only the settings of the repository name",
  async (verb, source) => {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: project.folder });
    git("init", "--quiet");
    git("remote", "add", "origin", "https://git.evil.example/acme/app.git");
    const { code, stdout, stderr } = await hooks([verb, source, ...(verb === "list" ? [] : ["--yes"])]);
    expect(stdout + stderr).toContain("--host git.evil.example");
    expect(code).not.toBe(0);
    expect((await sender()).calls).toEqual([]);
    const named = await hooks([
      verb,
      source,
      "--host",
      "git.evil.example",
      ...(verb === "list" ? [] : ["--yes"]),
    ]);
    if (verb !== "list") expect(named.stdout).toContain("acme/app on git.evil.example");
    expect((await sender()).calls.length).toBeGreaterThan(0);
  },
);

test("Stripe: an endpoint whose secret is not in .env is not created again", async () => {
  await hooks(["add", "pay_stripe", "--yes"]);
  await writeFile(join(project.folder, ".env"), "");
  const { code, stderr } = await hooks(["add", "pay_stripe", "--yes"]);
  expect(code).toBe(2);
  expect(stderr).toContain("dashboard");
  expect((await sender()).hooks).toHaveLength(1);
});

test("Stripe: a secret that is already set is not replaced", async () => {
  await writeFile(join(project.folder, ".env"), "STRIPE_WEBHOOK_SECRET=whsec_of_listen\n");
  const { code, stderr } = await hooks(["add", "pay_stripe", "--yes"]);
  expect(code).toBe(2);
  expect(stderr).toContain("is already set");
  expect((await sender()).hooks).toEqual([]);
});

test("a secret in a program's output is masked", async () => {
  await writeFile(join(project.folder, ".env"), "GITHUB_WEBHOOK_SECRET=kept-by-the-user-1234\n");
  const { stdout, stderr } = await hooks(["add", "ci_github", "--yes", ...repo], { mode: "echo-secret" });
  expect(stdout).toContain("cannot parse");
  expect(stdout + stderr).not.toContain("kept-by-the-user-1234");
});

test("a sender without a command line tool: prints the URL and exits with 1", async () => {
  const { code, stdout } = await hooks(["add", "shop", "--yes"]);
  expect(code).toBe(1);
  expect(stdout).toContain("webhooks of shopify cannot be registered");
  expect(stdout).toContain("https://hooks.example.com/shop");
});

test.each([
  [["add", "ci_githb"], 'did you mean "ci_github"?'],
  [["add"], "one of "],
  [["add", "ci_github", "--url", "http://localhost:8788", ...repo], "is the address of this machine"],
  [["add", "ci_github", "--url", "hooks.example.com", ...repo], "is not a URL"],
  [["add", "ci_github"], "--repo OWNER/NAME"],
  [["add", "ci_github", "--repo", "../../user"], "not valid for --repo"],
  [["add", "ci_github", "--repo", "acme/app", "--host", "-x"], "not valid for --host"],
])("%j: says what is wrong", async (args, message) => {
  const { code, stderr } = await hooks([...args, "--yes"]);
  expect(stderr).toContain(message);
  expect(code).toBe(2);
  expect((await sender()).calls).toEqual([]);
});

test("a found config without consent registers nothing", async () => {
  const other = await createProject(() => config, { consent: "none" });
  const before = project;
  project = other;
  try {
    const { code, stderr } = await hooks(["add", "ci_github", "--yes", ...repo]);
    expect(code).toBe(2);
    expect(stderr).toContain("channel-router trust");
  } finally {
    project = before;
    await other.remove();
  }
  expect((await sender()).calls).toEqual([]);
});

test("list shows every source, including those that could not be queried", async () => {
  await hooks(["add", "ci_github", "--yes", ...repo]);
  const { code, stdout } = await hooks(["list", ...repo, "--json"]);
  expect(code).toBe(1);
  const { hooks: listed } = JSON.parse(stdout) as { hooks: { source: string; state: string }[] };
  expect(Object.fromEntries(listed.map(({ source, state }) => [source, state]))).toEqual({
    ci_github: "registered",
    lab_gitlab: "missing",
    own: "unknown",
    pay_stripe: "missing",
    plain: "unknown",
    shop: "unknown",
  });
});
