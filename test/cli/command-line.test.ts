// What the built program makes of its command line.

import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../support/claude-process.ts";
import { createProject, eventually, type Project, program } from "../support/router.ts";

let project: Project;
beforeAll(async () => {
  project = await createProject();
  await project.write("x.yaml", "listen: 127.0.0.1:0\nsources:\n  a: { type: http, path: /a }\n");
});
afterAll(() => project.remove());

test.each([
  ["run", "--help"],
  ["run", "-h"],
  ["-c", "x.yaml", "--help"],
  ["run", "--label", "me", "-h"],
])("%s %s prints the help of run and exits 0", async (...args) => {
  const { code, stdout, stderr } = await project.run(args.filter((arg) => arg !== undefined));
  expect(stdout).toContain("Usage: channel-router run");
  expect(stdout).toContain("--label");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

const initialize = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
};

test.each([[["-c", "x.yaml"]], [["--config=x.yaml"]], [["run", "-c", "x.yaml"]]])(
  "%j is the stdio server of that config",
  async (args) => {
    const server = startServer({
      command: process.execPath,
      args: [program, ...args],
      project: project.folder,
      env: project.env,
    });
    let printed = "";
    server.stdout.on("data", (chunk) => {
      printed += chunk;
    });
    server.stdin.write(`${JSON.stringify(initialize)}\n`);
    await eventually(() => printed.includes("\n"));
    await server.interrupt();
    expect(JSON.parse(printed.split("\n")[0] as string)).toMatchObject({ id: 1, result: {} });
  },
);

test("check takes its file as --config too", async () => {
  expect(await project.run(["check", "--config", "x.yaml"])).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("x.yaml is valid"),
  });
});

test("check prints warnings and exits with 0, and with 1 for --strict", async () => {
  const text = "sources:\n  w: { type: http, path: /w }\nchannels:\n  w:\n    content: PR #{{data.number}}\n";
  await project.write("warned.yaml", text);
  const { stdout, code } = await project.run(["check", "warned.yaml"]);
  expect(code).toBe(0);
  expect(stdout).toContain("warned.yaml:5:17 channels.w.content: warning: the value ends before this");
  expect(stdout).toContain(
    "  5 |     content: PR #{{data.number}}\n    |                 ^\n  hint: quote the whole value",
  );
  expect(stdout).toMatch(/warned.yaml is valid: 1 source, 1 channel, 1 warning\n$/);
  const json = await project.run(["check", "warned.yaml", "--json"]);
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toMatchObject({
    ok: true,
    issues: [],
    warnings: [{ line: 5, column: 17, path: "channels.w.content", code: "W_CONFIG_YAML" }],
  });
  expect((await project.run(["check", "warned.yaml", "--strict"])).code).toBe(1);
  const strict = await project.run(["check", "warned.yaml", "--strict", "--json"]);
  expect(strict.code).toBe(1);
  expect(JSON.parse(strict.stdout)).toMatchObject({ ok: false, issues: [] });
});

test("schema takes --json, as the others do", async () => {
  const { code, stdout } = await project.run(["schema", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).$id).toBe("channels.schema.json");
  const ofRecipe = await project.run(["schema", "--recipe"]);
  expect(JSON.parse(ofRecipe.stdout).$id).toBe("recipe.schema.json");
});

test("a channel without filters is traced as taken", async () => {
  const { code, stdout } = await project.run(["explain", "a", '{"x":1}', "-c", "x.yaml"]);
  expect(code).toBe(0);
  expect(stdout).toContain("accepted\n  yes a\n");
  expect(stdout).not.toContain("no channel takes");
});
