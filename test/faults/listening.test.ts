// A session that was started without the channel: its client would drop every event without a word.

import { expect, test } from "vitest";
import { eventually } from "../support/router.ts";
import { accepted, listening, numberOf, open } from "./stage.ts";

const hook = (port: number) => `listen: 127.0.0.1:${port}\nsources: { hook: { type: http, path: /hook } }\n`;

test("a session that does not listen is pushed nothing, is told what waits, and fetches it once", async () => {
  const project = await open(hook);
  const deaf = await project.claude({ listening: false });
  await listening(project);
  const ids = [];
  for (let n = 1; n <= 3; n += 1) ids.push(await accepted(project, "/hook", { n }));
  const status = await eventually(async () => {
    const { text } = await deaf.callTool("status");
    return /listening: no, /.test(text) && text.includes("3 events wait: call pending") && text;
  });
  expect(status).toMatch(/listening: no, .*--channels/);
  expect(deaf.ignored).toEqual([]);

  const first = await deaf.callTool("pending", { limit: 2 });
  expect(first.isError).toBe(false);
  expect(first.text).toContain(ids[0]);
  expect(first.text).toContain(ids[1]);
  expect(first.text).not.toContain(ids[2]);
  expect(first.text).toContain("1 event waits: call pending");
  const rest = await deaf.callTool("pending");
  expect(rest.text).toContain(ids[2]);
  expect(rest.text).not.toContain(ids[0]);
  expect(rest.text).not.toContain("call pending");
  expect((await deaf.callTool("pending")).text).toContain("no event waits");

  // What was fetched is not pushed to whoever comes; what is new goes to him and not to the deaf one.
  const hearing = await project.claude();
  const late = await accepted(project, "/hook", { n: 4 });
  expect((await hearing.nextEvent()).meta.event_id).toBe(late);
  expect(hearing.events.map(numberOf)).toEqual([4]);
  // It is over once the client's stream has confirmed it.
  await eventually(async () => !(await deaf.callTool("status")).text.includes("call pending"));
  expect(deaf.ignored).toEqual([]);
});

test("what waited for a session that does not listen goes to one that comes and does", async () => {
  const project = await open(hook);
  const deaf = await project.claude({ listening: false });
  await listening(project);
  const ids = [await accepted(project, "/hook", { n: 1 }), await accepted(project, "/hook", { n: 2 })];
  await eventually(async () => (await deaf.callTool("status")).text.includes("2 events wait"));
  const hearing = await project.claude();
  expect((await hearing.waitForEvents(2)).map(({ meta }) => meta.event_id)).toEqual(ids);
  expect((await deaf.callTool("pending")).text).toContain("no event waits");
  expect(hearing.events[0]?.meta).not.toHaveProperty("attempt");
});

test("what a killed owner's session had fetched and not confirmed is not lost", async () => {
  const project = await open(hook);
  const deaf = await project.claude({ listening: false });
  const other = await project.claude({ listening: false });
  await listening(project);
  const id = await accepted(project, "/hook", { n: 1 });
  await eventually(async () => (await other.callTool("status")).text.includes("1 event waits"));
  // Reads nothing any more, so that the result is never taken.
  deaf.process.stdout.destroy();
  deaf.process.kill("SIGKILL");
  await eventually(async () => {
    const { text, isError } = await other.callTool("pending");
    return !isError && text.includes(id);
  });
});

test("a session that fetched an event and names it is not taken for one that listens", async () => {
  const project = await open(hook);
  const deaf = await project.claude({ listening: false });
  await listening(project);
  const first = await accepted(project, "/hook", { n: 1 });
  await eventually(async () => (await deaf.callTool("pending")).text.includes(first));
  expect((await deaf.callTool("event", { event_id: first })).text).toContain('"n"');
  const second = await accepted(project, "/hook", { n: 2 });
  await eventually(async () => (await deaf.callTool("status")).text.includes("1 event waits: call pending"));
  expect((await deaf.callTool("pending")).text).toContain(second);
  expect(deaf.ignored).toEqual([]);
});
