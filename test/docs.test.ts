// The docs hold: every config in them passes `check`, every error code is explained, what the README shows is what the
// program prints.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

/** Variables that the examples name; any value will do. */
const variablesIn = (text: string) =>
  Object.fromEntries(
    [...text.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map(([, name]) => [name as string, "an-example-value"]),
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
    const { code, stdout } = await project.run(["check", file], { env: variablesIn(text) });
    expect(stdout).toContain("is good");
    expect(code).toBe(0);
  });
});

test("docs/errors.md explains every code with its meaning, and no other", () => {
  const text = readFileSync(join(root, "docs/errors.md"), "utf8");
  const rows = Object.fromEntries(
    [...text.matchAll(/^\| `(E_[A-Z_]+)` \| (.+?) \| /gm)].map(([, code, meaning]) => [
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

describe("what the README shows is what the program prints", () => {
  const readme = pages.find(({ file }) => file === "README.md")?.text ?? "";
  const shown = (name: string) =>
    new RegExp(`<!-- example:${name} -->\\n\`\`\`console\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  const folder = mkdtempSync("/tmp/cr-readme-");
  afterAll(() => rmSync(folder, { recursive: true }));
  const example = readFileSync(join(root, "channels.example.yaml"), "utf8");

  async function holds(name: string, printed: string): Promise<void> {
    if (process.env.UPDATE_README !== undefined) {
      const text = readFileSync(join(root, "README.md"), "utf8");
      const pattern = new RegExp(`(<!-- example:${name} -->\\n\`\`\`console\\n)[\\s\\S]*?(\`\`\`)`);
      writeFileSync(
        join(root, "README.md"),
        text.replace(pattern, (_, start, end) => `${start}${printed}${end}`),
      );
    } else expect(shown(name)).toBe(printed);
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
    await project.write("channels.yaml", example);
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
      example.replace("# listen: 127.0.0.1:8788", `listen: 127.0.0.1:${project.port}`),
    );
    const { startServer } = await import("./support/claude-process.ts");
    const { program } = await import("./support/router.ts");
    const dev = startServer({
      command: process.execPath,
      args: [program, "dev"],
      project: project.folder,
      env: project.env,
    });
    let printed = "";
    dev.stdout.on("data", (chunk) => {
      printed += chunk;
    });
    await eventually(() => printed.includes("waiting for events"));
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
    await eventually(() => printed.includes("</channel>"));
    await dev.interrupt();
    const block = printed
      .slice(printed.indexOf("waiting for events") + "waiting for events\n".length)
      .replace(/^\d\d:\d\d:\d\d/, "09:41:07")
      .replace(/event_id="[^"]+"/, 'event_id="1m8321t0m8zzw"');
    await holds("dev", `${block.trimEnd()}\n`);
  });

  test("a second Claude, no fight", async () => {
    const folder = "/home/me/app";
    const own = await createProject(
      (port) => `listen: 127.0.0.1:${port}\n${example.replace(/^listen:.*$/m, "")}`,
    );
    try {
      const first = await own.claude();
      const second = await own.claude({}, { CHANNEL_ROUTER_LABEL: "reviews" });
      const named = new Map<string, string>([
        [`${first.process.pid}`, "4711"],
        [`${second.process.pid}`, "4822"],
        [own.folder, folder],
      ]);
      let clock = 0;
      const steady = (text: string) => {
        let shown = text;
        for (const [real, name] of named) shown = shown.replaceAll(real, name);
        return shown
          .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "2026-11-23 09:41:07")
          .replaceAll(/\b\d+ (ms|s) ago/g, "8 s ago")
          .replaceAll(/since (now|just now)/g, "since 8 s ago");
      };
      let transcript = "";
      const type = async (args: readonly string[], until: (stdout: string) => boolean, typed = args) => {
        const line = typed.map((word) => (/[ {]/.test(word) ? `'${word}'` : word)).join(" ");
        const stdout = await eventually(async () => {
          const finished = await own.run(args);
          return until(finished.stdout) && finished.stdout;
        }, 15_000);
        transcript += `$ channel-router ${line}\n${steady(stdout)}`;
        return stdout;
      };
      const send = async (run: number) => {
        const payload = JSON.stringify({
          action: "completed",
          workflow_run: { name: "CI", conclusion: "failure", head_branch: "main", display_title: "x", id: run, run_attempt: 1 },
        });
        const args = ["send", "github", "-d", payload, "-H", "x-github-event: workflow_run"];
        const typed = ["send", "github", "-d", `@run-${run}.json`, "-H", "x-github-event: workflow_run"];
        const finished = await own.run(args);
        expect(finished.stdout).toContain("accepted");
        named.set(finished.stdout.split(" ")[1] as string, `1m834904bdxm${++clock}`);
        transcript += `$ channel-router ${typed.map((word) => (word.includes(" ") ? `'${word}'` : word)).join(" ")}\n${steady(finished.stdout)}`;
      };
      await type(["sessions"], (stdout) => stdout.split("listening: yes").length === 3);
      await send(93);
      await type(["events"], (stdout) => !/held|accepted github/.test(stdout));
      first.process.kill("SIGKILL");
      await first.process.exited;
      transcript += "$ kill -9 4711\n";
      await send(94);
      await type(["sessions"], (stdout) => stdout.split("listening: ").length === 2);
      await type(["events"], (stdout) => !/held|accepted github/.test(stdout));
      console.log(transcript);
      await holds("second", transcript);
    } finally {
      await own.remove();
    }
  }, 40_000);
});
