// The simulator against servers that have nothing to do with this project: a channel server on the SDK alone, and the
// SDK's own example.
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { connectClaude, type SpawnedClaude, spawnClaude } from "./claude-simulator.ts";

const minimal = {
  command: process.execPath,
  args: [fileURLToPath(new URL("servers/sdk-minimal-channel.mjs", import.meta.url))],
};
const example = (name: string) => ({
  command: process.execPath,
  args: [fileURLToPath(import.meta.resolve(`@modelcontextprotocol/sdk/examples/server/${name}`))],
});
const running: SpawnedClaude[] = [];

async function spawn(...options: Parameters<typeof spawnClaude>): Promise<SpawnedClaude> {
  const claude = await spawnClaude(...options);
  running.push(claude);
  return claude;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((claude) => claude.process.interrupt()));
});

describe("against a channel server on the SDK", () => {
  test("greets, lists, calls, and shows an event as the model would see it", async () => {
    const claude = await spawn(minimal, { bootWindowMs: 0 });
    expect(claude.server).toMatchObject({ name: "minimal", protocolVersion: "2025-11-25" });
    expect(claude.tools.map(({ name }) => name)).toEqual(["send"]);
    await claude.callTool("send", { content: "hi", meta: { repo: "a/b", "x-dropped": "1" } });
    const event = await claude.nextEvent();
    expect(event.meta).toEqual({ repo: "a/b" });
    expect(event.text).toBe('<channel source="router" repo="a/b">\nhi\n</channel>');
    claude.assertCleanWire();
  });

  test("a meta value that is no text rejects the whole event", async () => {
    const claude = await spawn(minimal, { bootWindowMs: 0 });
    await claude.callTool("send", { content: "hi", meta: { pr: 7 } });
    expect(claude.rejected).toMatchObject([{ reason: "meta.pr is not a text" }]);
    expect(claude.events).toEqual([]);
  });

  test("an event within the boot window is lost", async () => {
    const claude = await spawn({ ...minimal, env: { GREET_AT_ONCE: "1" } }, { bootWindowMs: 300 });
    await expect.poll(() => claude.lost).toMatchObject([{ params: { content: "too early" } }]);
    await expect
      .poll(async () => {
        await claude.callTool("send", { content: "in time" });
        return claude.events.at(-1)?.content;
      })
      .toBe("in time");
  });

  test("a session that does not listen ignores events and says nothing", async () => {
    const claude = await spawn(minimal, { listening: false });
    expect((await claude.callTool("send", { content: "hi" })).isError).toBe(false);
    expect(claude.ignored).toMatchObject([{ params: { content: "hi" } }]);
    expect(claude.events).toEqual([]);
  });

  test("the environment is Claude Code's", async () => {
    const print = "console.error(JSON.stringify(process.env)); setTimeout(() => {}, 10_000);";
    const failed = await spawnClaude(
      { command: process.execPath, args: ["-e", print], project: "/tmp" },
      { timeoutMs: 2_000 },
    ).catch((error: Error) => error.message);
    expect(failed).toContain('"CLAUDE_PROJECT_DIR":"/tmp"');
    expect(failed).toMatch(/"CLAUDE_CODE_SESSION_ID":"[0-9a-f-]{36}"/);
    expect(failed).toContain('"CLAUDECODE":"1"');
  });

  test("two instances at once are two sessions", async () => {
    const [one, two] = await Promise.all([
      spawn(minimal, { bootWindowMs: 0 }),
      spawn(minimal, { bootWindowMs: 0 }),
    ]);
    await one!.callTool("send", { content: "for one" });
    expect((await one!.nextEvent()).content).toBe("for one");
    expect(two!.events).toEqual([]);
    expect(one!.process.pid).not.toBe(two!.process.pid);
  });

  test("a reader that stops reads everything afterwards", async () => {
    const claude = await spawn(minimal, { bootWindowMs: 0 });
    claude.pauseReading();
    const calls = Array.from({ length: 50 }, (_, n) =>
      claude.callTool("send", { content: `${n} ${"x".repeat(5000)}` }),
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(claude.events.length).toBeLessThan(50);
    claude.resumeReading();
    await Promise.all(calls);
    expect((await claude.waitForEvents(50)).map(({ content }) => Number.parseInt(content, 10))).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    );
  });

  test("the end is SIGINT with stdin open", async () => {
    const claude = await spawn(minimal);
    const { signal, sent } = await claude.stop();
    // On a busy machine it may take longer to end than the client waits before it sends the next one.
    expect([signal, sent[0]]).toEqual(["SIGINT", "SIGINT"]);
  });

  test("a server that ignores signals is killed after half a second", async () => {
    const script = `process.on("SIGINT", () => {}); process.on("SIGTERM", () => {}); await import(${JSON.stringify(minimal.args[0])});`;
    const claude = await spawn({
      command: process.execPath,
      args: ["--input-type=module", "-e", script],
    });
    const exit = await claude.stop();
    expect(exit).toMatchObject({ signal: "SIGKILL", sent: ["SIGINT", "SIGTERM", "SIGKILL"] });
    expect(exit.afterMs).toBeGreaterThan(450);
  });
});

describe("against the SDK's own examples", () => {
  test("mcpServerOutputSchema: a server with tools and no channel", async () => {
    const claude = await spawn(example("mcpServerOutputSchema.js"));
    expect(claude.server.name).toBe("mcp-output-schema-high-level-example");
    const result = await claude.callTool("get_weather", { city: "Bern", country: "CH" });
    expect(JSON.parse(result.text)).toHaveProperty("temperature.celsius");
    await expect(claude.request("resources/list")).rejects.toMatchObject({ code: -32601 });
    claude.assertCleanWire();
  });

  test("toolWithSampleServer: asks for what the client has not, and its banner on stdout is found", async () => {
    const claude = await spawn(example("toolWithSampleServer.js"));
    const result = await claude.callTool("summarize", { text: "long" });
    expect(result.isError).toBe(true);
    expect(claude.wire.violations).toEqual(["a line on stdout that is not JSON: MCP server is running..."]);
  });
});

test("what breaks the protocol is noted with the line, and the conversation goes on", async () => {
  const [toServer, fromServer] = [new PassThrough(), new PassThrough()];
  let text = "";
  toServer.on("data", (chunk: Buffer) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n")) {
      const message = JSON.parse(text.slice(0, end));
      text = text.slice(end + 1);
      const reply = (rest: object) =>
        fromServer.write(`${JSON.stringify({ jsonrpc: "2.0", id: message.id, ...rest })}\n`);
      if (message.method === "server/discover") reply({ error: { code: -32601, message: "no" } });
      if (message.method === "initialize") {
        fromServer.write(
          '{"jsonrpc":"2.0","method":"notifications/claude/channel","params":{"content":"x"}}\n',
        );
        fromServer.write('npm install finished\n{"jsonrpc":"2.0","id":null,"result":{}}\n');
        reply({
          result: {
            protocolVersion: "2025-11-25",
            capabilities: {},
            serverInfo: { name: "n", version: "1" },
          },
        });
        fromServer.write('{"jsonrpc":"2.0","id":99,"result":{}}\n');
      }
    }
  });
  const claude = await connectClaude(toServer, fromServer, { timeoutMs: 1000 });
  await expect.poll(() => claude.wire.violations).toHaveLength(4);
  expect(claude.wire.violations.join("\n")).toMatch(
    /before notifications\/initialized[\s\S]*npm install[\s\S]*an id that[\s\S]*no request: 99/,
  );
  expect(() => claude.assertCleanWire()).toThrow("broke the protocol");
  expect(claude.ignored).toHaveLength(1);
});
