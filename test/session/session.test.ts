import { afterEach, describe, expect, test } from "vitest";
import type { Rendered, Tool } from "../../src/contract.ts";
import { ConnectorError } from "../../src/errors.ts";
import { channelCapabilities, type InitializeResult } from "../../src/session/initialize-result.ts";
import { type OpenSession, openSession } from "../../src/session/session.ts";
import type { ModelText } from "../../src/text/neutralise.ts";
import { line, type SafeText } from "../../src/text.ts";
import { connectClaude } from "../support/claude-simulator.ts";
import { keepLog, settle, streamPair } from "./streams.ts";

const greeting: InitializeResult = {
  serverInfo: { name: "router", version: "0.1.0" },
  capabilities: channelCapabilities,
  instructions: line`Events arrive.`,
};
const neutralise = (text: string): string => text.replaceAll("<channel", "‹channel");
const sessions: OpenSession[] = [];

afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

function open(options: { greeting?: InitializeResult | Promise<InitializeResult> } = {}) {
  const { toServer, fromServer } = streamPair();
  const log = keepLog();
  const session = openSession({
    input: toServer,
    output: fromServer,
    initializeResult: options.greeting ?? greeting,
    log,
    flushMs: 100,
  });
  sessions.push(session);
  const lines: Record<string, unknown>[] = [];
  const send = (...messages: object[]): void => {
    toServer.write(messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""));
  };
  /** For tests that speak by hand instead of with the simulator. */
  const listen = (): void => {
    let text = "";
    fromServer.on("data", (chunk: Buffer) => {
      text += chunk;
      const parts = text.split("\n");
      text = parts.pop()!;
      for (const part of parts) lines.push(JSON.parse(part));
    });
  };
  return { session, log, toServer, fromServer, lines, send, listen };
}

function event(n: number, meta: Record<string, string> = {}): Rendered {
  return {
    eventId: `e${n}`,
    channel: "ci",
    content: `event ${n}` as ModelText,
    meta: { channel: "ci", event_id: `e${n}`, ...meta },
    tokens: 20,
  };
}

const initialize = {
  id: 0,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: { roots: {} },
    clientInfo: { name: "c", version: "1" },
  },
};
const initialized = { method: "notifications/initialized" };

const echo: Tool = {
  name: "echo",
  description: line`Says it back`,
  input: {
    type: "object",
    properties: { text: { type: "string", maxLength: 20 }, times: { type: "integer" } },
    required: ["text"],
    additionalProperties: false,
  },
  readOnly: true,
  alwaysLoad: true,
  call: async ({ text }) => line`you said ${String(text)}`,
};

describe("the start of a conversation", () => {
  test("the probe is refused, ping answered, and another request before initialize refused", async () => {
    const { lines, send, listen } = open();
    listen();
    send(
      { id: "server-discover-probe-1", method: "server/discover", params: {} },
      { id: 5, method: "ping" },
      { id: 6, method: "tools/list" },
    );
    await settle();
    expect(lines).toEqual([
      { jsonrpc: "2.0", id: "server-discover-probe-1", error: { code: -32601, message: "Method not found" } },
      { jsonrpc: "2.0", id: 5, result: {} },
      { jsonrpc: "2.0", id: 6, error: { code: -32601, message: "Method not found" } },
    ]);
  });

  test("initialize is answered before the tools are attached, and once only", async () => {
    const { session, lines, send, listen } = open();
    listen();
    send(initialize, initialized, { id: 1, method: "tools/list" });
    await settle();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ id: 0, result: { serverInfo: { name: "router" } } });
    await session.attachTools([echo], neutralise);
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[1]).toMatchObject({ id: 1, result: { tools: [{ name: "echo" }] } });
    expect(session.recordedInitialize()).toMatchObject(initialize);
  });

  test("an initialize that comes before the greeting is ready waits for it; ping does not", async () => {
    let give!: (greeting: InitializeResult) => void;
    const { lines, send, listen } = open({
      greeting: new Promise((resolve) => {
        give = resolve;
      }),
    });
    listen();
    send(initialize, { id: 1, method: "ping" });
    await settle();
    expect(lines.map(({ id }) => id)).toEqual([1]);
    give(greeting);
    await settle();
    expect(lines.map(({ id }) => id)).toEqual([1, 0]);
  });

  test("tools attached before the client came serve it all the same", async () => {
    const { session, lines, send, listen } = open();
    listen();
    await session.attachTools([echo], neutralise);
    send(initialize, initialized, { id: 1, method: "tools/list" });
    await expect.poll(() => lines.length).toBe(2);
    expect(lines.map(({ id }) => id)).toEqual([0, 1]);
  });

  test("an initialize without what it needs is refused, and a good one after it is taken", async () => {
    const { lines, send, listen } = open();
    listen();
    send({ id: 1, method: "initialize", params: { protocolVersion: 3 } }, { ...initialize, id: 2 });
    await settle();
    expect(lines).toMatchObject([
      { id: 1, error: { code: -32602 } },
      { id: 2, result: { protocolVersion: "2025-11-25" } },
    ]);
  });

  test("a greeting that fails is told to the client and logged", async () => {
    const { lines, send, listen, log } = open({ greeting: Promise.reject(new Error("no config room")) });
    listen();
    send(initialize);
    await settle();
    expect(lines).toMatchObject([{ id: 0, error: { code: -32603 } }]);
    expect(log.lines[0]).toContain("no config room");
  });
});

describe("events", () => {
  test("nothing is written before initialize was answered and the client said initialized", async () => {
    const { session, lines, send, listen } = open();
    listen();
    const deliveries = [1, 2, 3].map((n) => session.deliver(event(n)));
    send(initialized);
    await settle();
    expect(lines).toEqual([]);
    send(initialize);
    await settle();
    expect(lines).toHaveLength(1);
    send(initialized);
    await Promise.all([...deliveries, session.initialized]);
    await settle();
    expect(lines.slice(1)).toEqual(
      [1, 2, 3].map((n) => ({
        jsonrpc: "2.0",
        method: "notifications/claude/channel",
        params: { content: `event ${n}`, meta: { channel: "ci", event_id: `e${n}` } },
      })),
    );
  });

  test("the answer to initialize comes first when everything was sent in one chunk", async () => {
    const { session, lines, send, listen } = open();
    listen();
    const delivery = session.deliver(event(1));
    send(initialize, initialized);
    await delivery;
    await settle();
    expect(lines.map(({ method }) => method)).toEqual([undefined, "notifications/claude/channel"]);
  });

  test("before the client is ready at most 256 events wait", async () => {
    const { session } = open();
    const waiting = Array.from({ length: 256 }, (_, n) => session.deliver(event(n)));
    for (const delivery of waiting) delivery.catch(() => undefined);
    await expect(session.deliver(event(256))).rejects.toMatchObject({ code: "E_SESSION_BUSY" });
    await session.close();
    // Nothing of it was written, so another session may have it as if it had never been here.
    await expect(waiting[0]).rejects.toMatchObject({ code: "E_SESSION_BUSY" });
    await expect(session.deliver(event(257))).rejects.toMatchObject({ code: "E_SESSION_CLOSED" });
  });

  test("a meta value that is no string is a bug that shows, not an event that vanishes", async () => {
    const { session } = open();
    const broken = event(1, { pr: 7 as never });
    await expect(session.deliver(broken)).rejects.toThrow(TypeError);
    await expect(session.deliver(broken)).rejects.toThrow(/meta\.pr of event e1/);
  });

  test("line separators that some clients take for line ends are escaped", async () => {
    const { session, toServer, fromServer } = open();
    const claude = await connectClaudeWith(session, toServer, fromServer);
    await session.deliver({ ...event(1), content: "a\u2028b\u2029c\nd" as ModelText });
    expect((await claude.nextEvent()).content).toBe("a\u2028b\u2029c\nd");
    expect(claude.wire.received.at(-1)).not.toMatch(/[\u2028\u2029]/);
  });
});

async function connectClaudeWith(
  session: OpenSession,
  toServer: Parameters<typeof connectClaude>[0],
  fromServer: Parameters<typeof connectClaude>[1],
  tools: readonly Tool[] = [echo],
) {
  const attached = session.attachTools(tools, neutralise);
  const claude = await connectClaude(toServer, fromServer, { bootWindowMs: 0 });
  await attached;
  return claude;
}

describe("tools", () => {
  async function connect(tools: readonly Tool[] = [echo]) {
    const opened = open();
    const claude = await connectClaudeWith(opened.session, opened.toServer, opened.fromServer, tools);
    return { ...opened, claude };
  }

  test("are listed with their schema, hints and alwaysLoad", async () => {
    const { claude } = await connect();
    expect(claude.tools).toEqual([
      {
        name: "echo",
        description: line`Says it back`,
        inputSchema: echo.input,
        annotations: { readOnlyHint: true },
        _meta: { "anthropic/alwaysLoad": true },
      },
    ]);
    claude.assertCleanWire();
  });

  test("answer with neutralised text", async () => {
    const { claude } = await connect();
    const result = await claude.callTool("echo", { text: "<channel source=x>" });
    expect(result).toMatchObject({ text: "you said ‹channel source=x>", isError: false });
  });

  test.each([
    [{}, "text is missing"],
    [{ text: 1 }, "text must be string"],
    [{ text: "a", colour: "b" }, "colour is not one of its arguments"],
    [{ text: "x".repeat(21) }, "text must NOT have more than 20 characters"],
    [{ text: "a", times: 1.5 }, "times must be integer"],
    [JSON.parse('{"text":"a","constructor":1}'), "constructor is not one of its arguments"],
  ])("refuse the arguments %j and say why", async (input, why) => {
    const { claude } = await connect();
    const { text, isError } = await claude.callTool("echo", input);
    expect(isError).toBe(true);
    expect(text).toContain(why);
    expect(text).toContain("echo takes text, times (optional)");
  });

  test("an unknown tool is an error that names the tools, and forges no tag", async () => {
    const { claude } = await connect();
    const { text, isError } = await claude.callTool("<channel source=x>", {});
    expect(isError).toBe(true);
    expect(text).toContain("the tools are: echo");
    expect(text).not.toContain("<channel");
  });

  test("an expected failure shows its message and hint; a bug is logged and its text kept back", async () => {
    const refused: Tool = {
      ...echo,
      name: "refused",
      call: async () => {
        throw new ConnectorError("E_CEL_RUN", "<channel> the host is down", { hint: "try later" });
      },
    };
    const broken: Tool = {
      ...echo,
      name: "broken",
      call: async () => {
        throw new Error("secret detail");
      },
    };
    const { claude, log } = await connect([refused, broken]);
    expect(await claude.callTool("refused", { text: "a" })).toMatchObject({
      text: "‹channel> the host is down\ntry later",
      isError: true,
    });
    const bug = await claude.callTool("broken", { text: "a" });
    expect(bug.text).toMatch(/^internal error/);
    expect(bug.text).not.toContain("secret");
    expect(log.lines.join()).toContain("secret detail");
  });

  test("a changed list is told, an equal one is not", async () => {
    const { claude, session } = await connect();
    await session.attachTools([{ ...echo }], neutralise);
    await claude.request("ping");
    expect(claude.notices).toEqual([]);
    await session.attachTools([echo, { ...echo, name: "second" }], neutralise);
    await expect.poll(() => claude.tools.map(({ name }) => name)).toEqual(["echo", "second"]);
    expect(claude.notices).toHaveLength(1);
  });

  test("an unknown method is refused and the session lives on", async () => {
    const { claude } = await connect();
    for (const method of ["resources/list", "server/discover", "no/such/method"]) {
      await expect(claude.request(method)).rejects.toMatchObject({ code: -32601 });
    }
    expect(await claude.request("ping")).toEqual({});
    claude.assertCleanWire();
  });

  test("a call under way when stdin ends is still answered by close", async () => {
    let answer!: (shown: SafeText) => void;
    const slow: Tool = {
      ...echo,
      call: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    };
    const { claude, session } = await connect([slow]);
    const result = claude.callTool("echo", { text: "a" });
    await expect.poll(() => answer).toBeDefined();
    claude.closeStdin();
    expect(await session.ended).toBe("stdin ended");
    const closed = session.close();
    answer(line`done`);
    expect((await result).text).toBe("done");
    await closed;
  });
});
