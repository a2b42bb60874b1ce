// A model on loopback: it calls one tool when it is asked to call `pending`, and says "ok" otherwise.
import { createServer } from "node:http";

/** The result has the texts that it was sent since its last turn, by request. `name`: the client's name of the tool. */
export async function openStubApi(name) {
  const asked = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => answer(request.url ?? "", body, response));
  });

  function answer(url, body, response) {
    const json = (value) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    if (!url.includes("/v1/messages") || url.includes("count_tokens")) return json({ input_tokens: 5 });
    const { messages, model, stream } = JSON.parse(body);
    const since = messages.slice(messages.findLastIndex(({ role }) => role === "assistant") + 1);
    const text = JSON.stringify(since);
    asked.push(text);
    const isAsked = text.includes("call its pending tool") && !text.includes('"tool_result"');
    const id = `msg_${asked.length}`;
    const block = isAsked
      ? { type: "tool_use", id: `toolu_${asked.length}`, name, input: {} }
      : { type: "text", text: "" };
    const stop = isAsked ? "tool_use" : "end_turn";
    const message = {
      id,
      type: "message",
      role: "assistant",
      model,
      usage: { input_tokens: 5, output_tokens: 1 },
    };
    if (stream !== true) {
      const content = [isAsked ? block : { type: "text", text: "ok" }];
      return json({ ...message, content, stop_reason: stop, stop_sequence: null });
    }
    response.setHeader("content-type", "text/event-stream");
    const delta = isAsked
      ? { type: "input_json_delta", partial_json: "{}" }
      : { type: "text_delta", text: "ok" };
    for (const event of [
      { type: "message_start", message: { ...message, content: [], stop_reason: null, stop_sequence: null } },
      { type: "content_block_start", index: 0, content_block: block },
      { type: "content_block_delta", index: 0, delta },
      { type: "content_block_stop", index: 0 },
      {
        type: "message_delta",
        delta: { stop_reason: stop, stop_sequence: null },
        usage: { output_tokens: 3 },
      },
      { type: "message_stop" },
    ])
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    response.end();
  }

  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, asked, close: () => server.close() };
}
