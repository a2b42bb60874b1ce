// The docs hold: every config in them passes `check`, every error code is explained, what the README shows is what the
// program prints.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadPlan } from "../src/daemon/start/load-plan.ts";
import { errorCodes } from "../src/errors.ts";
import { createProject, eventually, type Project } from "./support/router.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = [
  "README.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((file) => `docs/${file}`),
]
  .filter((file) => file.endsWith(".md"))
  .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));

let project: Project;
beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project.remove());

/** Variables that the examples name; any value of the kind will do. */
const variablesIn = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name]) => [
      name as string,
      name?.endsWith("_URL") ? "https://example.com/hook" : "an-example-value",
    ]),
  );

describe("configs in the docs pass check", () => {
  const configs = pages.flatMap(({ file, text }) =>
    [...text.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, indent = "", body = ""], index) => ({
      name: `${file} #${index + 1}`,
      text: body.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    })),
  );
  test.each([
    ...configs,
    { name: "channels.example.yaml", text: readFileSync(join(root, "channels.example.yaml"), "utf8") },
  ])("$name", async ({ text }) => {
    const file = await project.write("example.yaml", text);
    const { loaded, issues } = await loadPlan(file, { HOME: project.folder, ...variablesIn(text) });
    expect([...issues, ...loaded.warnings].map((issue) => loaded.frame(issue))).toEqual([]);
  });
});

test.each(["docs/architecture.md", "CONTRIBUTING.md"])("every source file that %s names is there", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const named = [...text.matchAll(/`((?:[\w-]+\/)+[\w-]+\.ts)`/g)].map(([, path = ""]) => path);
  const inSource = named
    .map((path) => path.replace(/^src\//, ""))
    .filter((path) => !path.startsWith("test/"));
  expect(inSource.length).toBeGreaterThan(8);
  expect(inSource.filter((path) => !existsSync(join(root, "src", path)))).toEqual([]);
});

test("docs/errors.md explains every code with its meaning, and no other", () => {
  const text = readFileSync(join(root, "docs/errors.md"), "utf8");
  const rows = Object.fromEntries(
    [...text.matchAll(/^\| `([EW]_[A-Z_]+)` \| (.+?) \| /gm)].map(([, code, meaning]) => [
      code,
      meaning?.replaceAll("`", ""),
    ]),
  );
  expect(rows).toEqual(errorCodes);
});

test("every code is used somewhere", () => {
  const source = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && file !== "errors.ts")
    .map((file) => readFileSync(join(root, "src", file), "utf8"))
    .join("\n");
  expect(Object.keys(errorCodes).filter((code) => !source.includes(code))).toEqual([]);
});

test("links in the docs lead to files that are there", () => {
  const broken = pages.flatMap(({ file, text }) =>
    [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map(([, link]) => join(root, file, "..", link as string))
      .filter((target) => {
        try {
          readdirSync(target);
          return false;
        } catch (error) {
          return (error as NodeJS.ErrnoException).code !== "ENOTDIR";
        }
      }),
  );
  expect(broken).toEqual([]);
});

describe("what the docs show is what the program prints", () => {
  const example = (name: string) =>
    new RegExp(`(<!-- example:${name} -->\\n\`\`\`console\\n)([\\s\\S]*?)(\`\`\`)`);
  const pageOf = (name: string) => pages.find(({ text }) => example(name).test(text));
  const folder = mkdtempSync("/tmp/cr-readme-");
  afterAll(() => rmSync(folder, { recursive: true }));
  const exampleConfig = readFileSync(join(root, "channels.example.yaml"), "utf8");

  async function holds(name: string, printed: string): Promise<void> {
    const page = pageOf(name);
    if (process.env.UPDATE_DOCS !== undefined && page !== undefined) {
      const path = join(root, page.file);
      const text = readFileSync(path, "utf8");
      writeFileSync(
        path,
        text.replace(example(name), (_, start, _old, end) => `${start}${printed}${end}`),
      );
    } else expect(example(name).exec(page?.text ?? "")?.[2]).toBe(printed);
  }

  test("check", async () => {
    const broken = `sources:
  github:
    type: http
    path: /github
    verify: { scheme: githb, secret: "\${GITHUB_WEBHOOK_SECRT}" }
channels:
  ci_failed:
    from: github
    match: { data.workflow_run.conclusion: failure }
    when: size(data.workflow_run.pull_requests > 0
    content: "{{data.workflow_run.nmae}} failed {{shout data.workflow_run.head_branch}}"
`;
    await project.write("broken.yaml", broken);
    const { code, stdout } = await project.run(["check", "broken.yaml"], {
      env: { GITHUB_WEBHOOK_SECRET: "x" },
    });
    expect(code).toBe(1);
    await holds(
      "check",
      `$ channel-router check broken.yaml\n${stdout.replaceAll(`${project.folder}/`, "")}`,
    );
  });

  test("explain", async () => {
    await project.write("channels.yaml", exampleConfig);
    const payload = JSON.stringify({ action: "completed", workflow_run: { conclusion: "success" } });
    const { code, stdout } = await project.run([
      "explain",
      "github",
      payload,
      "-H",
      "x-github-event: workflow_run",
    ]);
    expect(code).toBe(1);
    await holds(
      "explain",
      `$ channel-router explain github '${payload}' -H 'x-github-event: workflow_run'\n${stdout}`,
    );
  });

  test("dev", async () => {
    await project.write(
      "channels.yaml",
      exampleConfig.replace("# listen: 127.0.0.1:8788", `listen: 127.0.0.1:${project.port}`),
    );
    const { process: dev, printed } = project.dev();
    await eventually(() => printed().includes("waiting for events"));
    const body = JSON.stringify({
      action: "completed",
      workflow_run: {
        name: "CI",
        conclusion: "failure",
        head_branch: "release/2.1",
        display_title: "Bump the parser",
        html_url: "https://github.com/acme/app/actions/runs/93",
        id: 93,
        run_attempt: 1,
      },
      repository: { full_name: "acme/app" },
    });
    const { sign } = await import("@octokit/webhooks-methods");
    const headers = {
      "content-type": "application/json",
      "x-github-event": "workflow_run",
      "x-hub-signature-256": await sign("only-for-trying-it-out", body),
    };
    await fetch(`${project.address}/github`, { method: "POST", headers, body });
    await eventually(() => printed().includes("</channel>"));
    await dev.interrupt();
    const block = printed()
      .slice(printed().indexOf("waiting for events") + "waiting for events\n".length)
      .replace(/^console: .*\n/, "")
      .replace(/^\d\d:\d\d:\d\d/, "09:41:07")
      .replace(/event_id="[^"]+"/, 'event_id="1m8321t0m8zzw"');
    await holds("dev", `${block.trimEnd()}\n`);
  });

  test("second", async () => {
    const own = await createProject((port) => `listen: 127.0.0.1:${port}\n${exampleConfig}`);
    try {
      const first = await own.claude();
      const second = await own.claude({}, { CHANNEL_ROUTER_LABEL: "reviews" });
      // What differs from run to run, and what stands for it.
      const names = [
        [`${first.process.pid}`, "4711"],
        [`${second.process.pid}`, "4822"],
        [own.folder, "/home/me/app"],
      ];
      let transcript = "";
      const show = (typed: string, stdout: string) => {
        const printed = names
          .reduce(
            (text, [real, name]) => text.replaceAll(new RegExp(`${real}\\b`, "g"), name as string),
            stdout,
          )
          .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, "2026-11-24T09:41:07.000Z")
          .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "2026-11-23 09:41:07")
          .replaceAll("delivered before 2026-11-23", "delivered before 2026-11-24")
          .replaceAll(/\b(up )?\d+ m?s( ago)?\b/g, "$11 s$2");
        transcript += `$ ${typed}\n${printed}`;
      };
      const until = (args: readonly string[], isThere: (stdout: string) => boolean): Promise<string> =>
        eventually(async () => {
          const { stdout } = await own.ask(args);
          return isThere(stdout) && stdout;
        });
      const head = (pid: number) =>
        until(["status"], (text) => text.split("\n", 1)[0]?.includes(`pid ${pid},`) === true);
      const showHead = (text: string) =>
        show("channel-router status | head -1", `${text.split("\n", 1)[0]}\n`);

      show("channel-router sessions", await until(["sessions"], (text) => text.split(": yes").length === 3));
      showHead(await head(first.process.pid));
      first.process.kill("SIGKILL");
      await first.process.exited;
      show("kill -9 4711", "");
      showHead(await head(second.process.pid));

      const workflow_run = { name: "CI", conclusion: "failure", head_branch: "main", id: 93, run_attempt: 1 };
      await own.write("run.json", JSON.stringify({ action: "completed", workflow_run }));
      const args = ["send", "github", "-d", `@${own.folder}/run.json`, "-H", "x-github-event: workflow_run"];
      const sent = await until(args, (text) => text.includes("accepted"));
      const eventId = sent.split(" ")[1] as string;
      names.push([eventId, "1m8321t0m8zzw"]);
      show("channel-router send github -d @run.json -H 'x-github-event: workflow_run'", sent);
      const told = await until(["why", eventId], (text) => text.includes("sent to session"));
      // Whether it had to wait for the session to come back is a matter of milliseconds.
      show("channel-router why 1m8321t0m8zzw", told.replaceAll(/^.*: held: .*\n/gm, ""));
      await holds("second", transcript);
    } finally {
      await own.remove();
    }
  });
});
