// A question to the person at the client: what goes over the wire, and that every end of it is told.

import { afterEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/contract.ts";
import type { Elicitation } from "../../src/session/elicitation.ts";
import { supportsElicitation } from "../../src/session/elicitation.ts";
import { channelCapabilities } from "../../src/session/initialize-result.ts";
import { type OpenSession, openSession } from "../../src/session/session.ts";
import { line } from "../../src/text.ts";
import { type ClaudeOptions, connectClaude } from "../support/claude-simulator.ts";
import { keepLog, streamPair } from "./streams.ts";

const sessions: OpenSession[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
});

async function connect(options: ClaudeOptions = {}) {
  const { toServer, fromServer } = streamPair();
  const session = openSession({
    input: toServer,
    output: fromServer,
    initializeResult: {
      serverInfo: { name: "router", version: "0.1.0" },
      capabilities: channelCapabilities,
      instructions: line`Events arrive.`,
    },
    log: keepLog(),
    flushMs: 100,
  });
  sessions.push(session);
  await session.attachTools([], (text) => text);
  return { session, claude: await connectClaude(toServer, fromServer, { bootWindowMs: 0, ...options }) };
}

const form: Elicitation = {
  message: line`May it?`,
  fields: { allow: { title: line`Allow it?`, description: line`Once.`, choices: [line`no`, line`yes`] } },
};
const never = () => new AbortController().signal;
const unanswered = (onAsked: () => void = () => {}) => ({
  answerForm: () => {
    onAsked();
    return new Promise<never>(() => {});
  },
});

test("the client gets a form with every field required, and the person's words come back", async () => {
  const asked: unknown[] = [];
  const { session, claude } = await connect({
    answerForm(params) {
      asked.push(params);
      return { action: "accept", content: { allow: "yes" } };
    },
  });
  expect(session.supportsElicitation()).toBe(true);
  expect(await session.elicit(form, never())).toEqual({ action: "accept", values: { allow: "yes" } });
  expect(asked).toEqual([
    {
      mode: "form",
      message: "May it?",
      requestedSchema: {
        type: "object",
        properties: {
          allow: { type: "string", title: "Allow it?", description: "Once.", enum: ["no", "yes"] },
        },
        required: ["allow"],
      },
    },
  ]);
  claude.assertCleanWire();
});

test.each(["decline", "cancel"] as const)("%s comes back as it is, whatever it carries", async (action) => {
  const { session } = await connect({ answerForm: () => ({ action, content: { allow: "yes" } }) });
  expect(await session.elicit(form, never())).toEqual({ action });
});

test.each([{ allow: "maybe" }, { allow: true }, {}])(
  "an accepted form that holds %j is refused",
  async (content) => {
    const { session } = await connect({ answerForm: () => ({ action: "accept", content }) });
    await expect(session.elicit(form, never())).rejects.toThrow();
  },
);

test("taking the question back tells the client", async () => {
  let isShown = false;
  const { session, claude } = await connect(
    unanswered(() => {
      isShown = true;
    }),
  );
  const over = new AbortController();
  const refused = expect(session.elicit(form, over.signal)).rejects.toThrow();
  await expect.poll(() => isShown).toBe(true);
  over.abort();
  await refused;
  await expect.poll(() => claude.notices.map(({ method }) => method)).toContain("notifications/cancelled");
  claude.assertCleanWire();
});

test("a session that ends ends its question", async () => {
  let shown!: () => void;
  const isShown = new Promise<void>((resolve) => {
    shown = resolve;
  });
  const { session, claude } = await connect(unanswered(() => shown()));
  const asked = session.elicit(form, never());
  const refused = expect(asked).rejects.toThrow();
  await isShown;
  claude.closeStdin();
  await session.ended;
  await session.close();
  await refused;
});

describe("supportsElicitation", () => {
  const declared = (capabilities: JsonObject) =>
    supportsElicitation({ jsonrpc: "2.0", id: 0, method: "initialize", params: { capabilities } });

  test("is what the client declared", () => {
    expect(declared({ elicitation: { form: {} } })).toBe(true);
    expect(declared({ elicitation: {} })).toBe(true);
    expect(declared({ elicitation: { url: {}, form: {} } })).toBe(true);
    expect(declared({ elicitation: { url: {} } })).toBe(false);
    expect(declared({ roots: {} })).toBe(false);
    expect(declared({ elicitation: "yes" })).toBe(false);
    expect(supportsElicitation(undefined)).toBe(false);
  });
});
