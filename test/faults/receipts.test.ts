// What Claude says back: receipts, and answers to senders who wait for one.

import { describe, expect, test } from "vitest";
import { eventually } from "../support/router.ts";
import { accepted, isLong, listening, newestOwner, open, post, stateRoot } from "./stage.ts";

const alerts = (port: number) => `
listen: 127.0.0.1:${port}
sources:
  alerts: { type: http, path: /alerts }
  once: { type: http, path: /once }
channels:
  alerts: { receipt: { ack_within: 10s, attempts: 2 } }
  once: { receipt: { ack_within: 10s, attempts: 1 } }
`;
const ask = (wait: string) => (port: number) =>
  `listen: 127.0.0.1:${port}\nsources: { ask: { type: http, path: /ask, respond: { wait: ${wait} } } }\nchannels: { ask: { content: "{{text}}" } }\n`;

describe("receipt: ack", () => {
  test("an acknowledged event is over, also across a change of owner", async () => {
    const project = await open(alerts);
    const first = await project.claude({ listening: false });
    const reader = await project.claude();
    await listening(project);
    const id = await accepted(project, "/alerts", { n: 1 });
    const other = await accepted(project, "/alerts", { n: 2 });
    await reader.waitForEvents(2);
    expect(reader.tools.map(({ name }) => name)).toContain("ack");
    const story = async (eventId: string) => (await project.ask(["why", eventId])).stdout;
    expect(await story(id)).not.toContain("acknowledged");
    expect((await reader.callTool("ack", { event_ids: [id], outcome: "handled" })).text).toContain(
      "1 acknowledged as handled",
    );
    await eventually(async () => (await story(id)).includes("acknowledged"));

    first.process.kill("SIGKILL");
    await eventually(() => newestOwner(stateRoot(project)).pid === reader.process.pid);
    const answer = await reader.callTool("ack", {
      event_ids: [id, other, "1zzzzzzzzzzz"],
      outcome: "ignored",
    });
    expect(answer.text).toContain("1 acknowledged as ignored");
    expect(answer.text).toContain(`no receipt was expected any more: ${id}`);
    expect(answer.text).toContain("no such event: 1zzzzzzzzzzz");
  });

  test.runIf(isLong)(
    "one that is not acknowledged comes again with its attempt, or is dead after the last, and status says so",
    async () => {
      const project = await open(alerts);
      const claude = await project.claude();
      await listening(project);
      const id = await accepted(project, "/alerts", { n: 1 });
      const once = await accepted(project, "/once", { n: 2 });
      const [one, two, three] = await claude.waitForEvents(3, 14_000);
      expect(one?.meta).toMatchObject({ event_id: id });
      expect(one?.meta).not.toHaveProperty("attempt");
      expect(two?.meta).toMatchObject({ event_id: once });
      expect(three?.meta).toMatchObject({ event_id: id, attempt: "2" });
      await eventually(async () => (await claude.callTool("status")).text.includes(once));
      expect((await claude.callTool("status")).text).toMatch(/dead/);
      expect((await project.ask(["why", once])).stdout).toContain("dead");
      expect((await claude.callTool("ack", { event_ids: [id], outcome: "handled" })).isError).toBe(false);
      expect(claude.events).toHaveLength(3);
    },
    180_000,
  );
});

describe("respond: { wait }", () => {
  test("the caller gets Claude's answer, once, also when Claude is in an attached session", async () => {
    const project = await open(ask("5s"));
    const sessions = [await project.claude(), await project.claude()];
    await listening(project);
    const answer = fetch(`${project.address}/ask`, {
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "Is the release branch green?",
    });
    const reader = await eventually(() => sessions.find(({ events }) => events.length > 0));
    const event = await reader.nextEvent();
    expect(event.content).toBe("Is the release branch green?");
    const reply = { event_id: event.meta.event_id, text: "yes, since noon" };
    expect((await reader.callTool("reply", reply)).isError).toBe(false);
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([200, "yes, since noon"]);
    const again = await reader.callTool("reply", reply);
    expect(again.isError).toBe(true);
  });

  test("without an answer the caller is told 504, and a late one is refused with the reason", async () => {
    const project = await open(ask("1s"));
    const claude = await project.claude();
    await listening(project);
    const response = await post(project, "/ask", { n: 1 });
    expect(response.status).toBe(504);
    const { event_id } = (await response.json()) as { event_id: string };
    const late = await claude.callTool("reply", { event_id, text: "too late" });
    expect(late.isError).toBe(true);
    expect(late.text).toMatch(/timed out after 1 s/);
  });

  test("a caller whose owner is killed loses the connection, and the answer is refused clearly", async () => {
    const project = await open(ask("5s"));
    const owner = await project.claude({ listening: false });
    const reader = await project.claude();
    await listening(project);
    const broken = post(project, "/ask", { n: 1 }).then(
      () => "answered",
      () => "broken",
    );
    const event = await reader.nextEvent();
    owner.process.kill("SIGKILL");
    expect(await broken).toBe("broken");
    const late = await reader.callTool("reply", { event_id: event.meta.event_id, text: "yes" });
    expect(late.isError).toBe(true);
    expect(late.text).not.toContain("internal error");
  });
});
