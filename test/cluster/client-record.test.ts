import { expect, test } from "vitest";
import { createClientRecord } from "../../src/cluster/client-record.ts";
import { createRequestIdNamespace } from "../../src/cluster/request-id-namespace.ts";

const line = (message: object) => Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
const initialize = line({ id: 1, method: "initialize", params: {} });
const answer = line({ id: 1, result: { capabilities: {} } });

function newRecord() {
  const record = createClientRecord();
  const send = (message: Buffer) => record.sent(record.read(message));
  return { record, send };
}

test("the start of the conversation and open requests are kept, answered and cancelled ones are not", () => {
  const { record, send } = newRecord();
  send(initialize);
  record.arrived(answer);
  send(line({ method: "notifications/initialized" }));
  for (const id of [2, 3, "4", 5]) send(line({ id, method: "tools/call", params: { name: "x" } }));
  record.arrived(line({ id: 3, result: {} }));
  record.arrived(line({ id: 5, error: { code: 1, message: "" } }));
  // A request of ours may have the same id: it answers nothing.
  record.arrived(line({ id: 2, method: "roots/list" }));
  send(line({ method: "notifications/cancelled", params: { requestId: "4" } }));
  const { frame, questions, initialize: again } = record.resume();
  expect(frame).toMatchObject({
    initialize: initialize.toString(),
    answer: answer.toString(),
    initialized: true,
  });
  expect(questions.map((question) => JSON.parse(question.toString()).id)).toEqual([2]);
  expect(again).toBeUndefined();
});

test("an initialize that was not answered is sent as new", () => {
  const { record, send } = newRecord();
  send(initialize);
  const { frame, initialize: again } = record.resume();
  expect(frame.initialize).toBeUndefined();
  expect(again?.line).toBe(initialize);
  send(initialize);
  record.arrived(answer);
  expect(record.resume().frame.answer).toBe(answer.toString());
});

test("events are told as taken or as being written, the oldest forgotten first", () => {
  const { record } = newRecord();
  const event = (id: string) =>
    line({ method: "notifications/claude/channel", params: { content: "", meta: { event_id: id } } });
  for (let n = 0; n < 1_100; n += 1) record.taken(record.arrived(event(`e${n}`)).delivery as string);
  record.arrived(event("open"));
  const { frame } = record.resume();
  expect(frame.writing).toEqual(["open"]);
  expect(frame.taken.length).toBe(1_024);
  expect(frame.taken.at(-1)).toBe("e1099");
});

test("the deliveries of one event on several channels are kept apart, and older leaders get its id once", () => {
  const { record } = newRecord();
  const arrived = (id: string, channel: string) =>
    record.arrived(
      line({
        method: "notifications/claude/channel",
        params: { content: "", meta: { event_id: id, channel } },
      }),
    ).delivery as string;
  const taken = ["c1", "c2"].map((channel) => arrived("e1", channel));
  arrived("e1", "c3");
  for (const delivery of taken) record.taken(delivery);
  expect(record.resume().frame).toMatchObject({
    taken: ["e1"],
    writing: ["e1"],
    deliveries: { taken: ["e1/c1", "e1/c2"], writing: ["e1/c3"] },
  });
});

test("of more unanswered text than is kept, the ids remain", () => {
  const { record, send } = newRecord();
  for (let id = 0; id < 5; id += 1)
    send(line({ id, method: "tools/call", params: { text: "x".repeat(6 * 1024 * 1024) } }));
  const { frame, questions } = record.resume();
  expect(questions.length).toBe(2);
  expect(frame.forgotten).toEqual([2, 3, 4]);
});

test("marks change our own requests and their cancelling only, and are taken off again", () => {
  const marks = createRequestIdNamespace(7);
  const request = JSON.parse(marks.out(line({ id: 0, method: "roots/list" })).toString());
  expect(request.id).not.toBe(0);
  const cancelled = marks.out(line({ method: "notifications/cancelled", params: { requestId: 0 } }));
  expect(JSON.parse(cancelled.toString()).params.requestId).toBe(request.id);
  expect(JSON.parse(marks.in(line({ id: request.id, result: {} })).toString()).id).toBe(0);
  expect(createRequestIdNamespace(8).in(line({ id: request.id, result: {} })).length).toBe(0);
  for (const same of [answer, line({ method: "x", params: { id: 1 } }), Buffer.from("{channel-router/e")]) {
    expect(marks.out(same).equals(same) && marks.in(same).equals(same)).toBe(true);
  }
  const text = marks.out(line({ id: 'a"b', method: "ping" }));
  expect(JSON.parse(marks.in(line({ id: JSON.parse(text.toString()).id, result: {} })).toString()).id).toBe(
    'a"b',
  );
});

test("a tool call that was answered here is not answered again, nor asked of the next owner", () => {
  const { record, send } = newRecord();
  expect(record.oldestCallMs()).toBeUndefined();
  send(line({ id: 2, method: "tools/list" }));
  expect(record.oldestCallMs()).toBeUndefined();
  send(line({ id: 3, method: "tools/call", params: { name: "x" } }));
  expect(record.oldestCallMs()).toBeGreaterThanOrEqual(0);
  expect(record.refuseCalls()).toEqual([3]);
  expect(record.oldestCallMs()).toBeUndefined();
  expect(record.arrived(line({ id: 3, result: {} }))).toEqual({ isLate: true });
  expect(record.arrived(line({ id: 2, result: {} }))).toEqual({});
  expect(record.resume().questions).toEqual([]);
});
