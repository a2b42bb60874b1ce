// The script of the page in a stand-in for a browser: what it asks for, and what it shows.

import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { page as pageOf } from "../../../src/connectors/webchat/page.ts";
import { script } from "../../../src/connectors/webchat/page-script.ts";
import { eventually } from "../../support/router.ts";

const html = pageOf("desk");

class Element {
  readonly tag: string;
  id = "";
  textContent = "";
  innerHTML = "";
  value = "";
  hidden = true;
  files: File[] = [];
  children: (Element | string)[] = [];
  parent: Element | undefined;
  readonly listeners: Record<string, (event: object) => void> = {};
  constructor(tag: string) {
    this.tag = tag;
  }
  append(...children: (Element | string)[]) {
    for (const child of children) if (child instanceof Element) child.parent = this;
    this.children.push(...children);
  }
  replaceChildren(...children: (Element | string)[]) {
    this.children = [];
    this.append(...children);
  }
  replaceWith(other: Element) {
    const { parent } = this;
    if (parent === undefined) return;
    other.parent = parent;
    parent.children[parent.children.indexOf(this)] = other;
  }
  addEventListener(kind: string, listener: (event: object) => void) {
    this.listeners[kind] = listener;
  }
  readonly dataset: Record<string, string> = {};
  scrollHeight = 0;
  scrollTop = 0;
  clientHeight = 0;
  setAttribute() {}
  focus() {}
  showModal() {}
  close() {}
  contains() {
    return false;
  }
  remove() {
    const { parent } = this;
    if (parent !== undefined) parent.children = parent.children.filter((one) => one !== this);
  }
  requestSubmit() {
    this.fire("submit");
  }
  onsubmit: ((event: object) => void) | undefined;
  fire(kind: string, event: object = {}) {
    const heard = { preventDefault: () => {}, ...event };
    this.listeners[kind]?.(heard);
    if (kind === "submit") this.onsubmit?.(heard);
  }
  all(): Element[] {
    return this.children.flatMap((child) => (child instanceof Element ? [child, ...child.all()] : []));
  }
  text(): string {
    const own = this.textContent || this.innerHTML;
    return own + this.children.map((child) => (child instanceof Element ? child.text() : child)).join("");
  }
  button(label: string) {
    const found = this.all().find(
      ({ tag, textContent }) => tag === "button" && textContent.startsWith(label),
    );
    if (found === undefined) throw new Error(`there is no button ${label} in: ${this.text()}`);
    found.fire("click");
  }
}

function openPage(
  answer = (): Response | Promise<Response> => Response.json({ outcome: "accepted" }, { status: 202 }),
) {
  const elements = new Map(
    [...html.matchAll(/ id="([a-z-]+)"/g)].map(([, id = ""]) => [id, new Element(id)]),
  );
  const at = (id: string) => elements.get(id) as Element;
  const calls: { path: string; body: unknown; authorization: string }[] = [];
  const stored = new Map<string, string>();
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  runInNewContext(script, {
    document: {
      getElementById: (id: string) =>
        elements.get(id) ??
        at("log")
          .all()
          .find((one) => one.id === id),
      createElement: (tag: string) => new Element(tag),
      addEventListener: () => {},
    },
    addEventListener: () => {},
    location: { pathname: "/chat" },
    localStorage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
    },
    ...{ crypto, btoa, setTimeout, clearTimeout, URL, FormData, TextDecoderStream },
    async fetch(path: string, { body, headers }: { body?: unknown; headers: Record<string, string> }) {
      calls.push({ path, body, authorization: headers.authorization ?? "" });
      if (path !== "/chat/stream") return answer();
      return new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            stream = controller;
          },
        }),
      );
    },
  });
  return {
    at,
    calls,
    hear: (event: string, data: object) =>
      stream?.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)),
    type(text: string) {
      at("text").value = text;
      at("text").fire("keydown", { key: "Enter" });
    },
    log: () => at("log").text(),
  };
}

const message = (more: object) => ({
  id: "m1",
  room: "main",
  from: "claude",
  text: "hi",
  time_ms: 1,
  ...more,
});

it("shows what was said, with quotes, files and reactions, and what changes", async () => {
  const page = openPage();
  await eventually(() => page.calls.length === 1);
  page.hear("history", { messages: [message({ id: "u0", from: "you", text: "<b>old</b>" })] });
  await eventually(() => page.log().includes("<b>old</b>"));
  expect(
    page
      .at("log")
      .all()
      .map(({ innerHTML }) => innerHTML)
      .join(""),
  ).toBe("");
  const files = [{ id: "f", name: "notes.txt", bytes: 1 }];
  page.hear("typing", { room: "main" });
  await eventually(() => !page.at("typing").hidden);
  page.hear("message", message({ html: "<b>hi</b>", reply_to: "u0", reactions: ["👍"], files }));
  await eventually(() => page.log().includes("↳ <b>old</b>"));
  expect(page.at("typing").hidden).toBe(true);
  expect(page.log()).toMatch(/<b>hi<\/b>⤓ notes\.txt \(1 B\)👍/);
  page.hear("message", message({ html: "<i>bye</i>", edited: true }));
  await eventually(() => page.log().includes("<i>bye</i>"));
  expect(page.log()).toContain("(edited)");
  expect(page.log()).not.toContain("<b>hi</b>");
});

it("sends with the key that it made, quotes, attaches, and presses buttons", async () => {
  const page = openPage();
  await eventually(() => page.calls.length === 1);
  page.hear("message", message({ prompt: { id: "abcde", buttons: [{ button: "allow", label: "Allow" }] } }));
  await eventually(() => page.log().includes("Allow"));
  page.at("log").button("Allow");
  page.at("log").button("Quote");
  page.type("because");
  await eventually(() => page.calls.length === 3);
  expect(page.calls[1]).toMatchObject({ path: "/chat/press", body: '{"prompt":"abcde","button":"allow"}' });
  expect(JSON.parse(String(page.calls[2]?.body))).toMatchObject({
    room: "main",
    text: "because",
    reply_to: "m1",
  });
  expect(new Set(page.calls.map(({ authorization }) => authorization)).size).toBe(1);
  expect(page.calls[0]?.authorization).toMatch(/^Bearer [A-Za-z0-9_-]{40}$/);
  page.at("file").files = [new File(["x"], "a.txt")];
  page.at("file").fire("change");
  page.at("form").requestSubmit();
  await eventually(() => page.calls.length === 4);
  expect(page.calls[3]?.path).toBe("/chat/upload");
  expect((page.calls[3] as { body: FormData }).body.get("file")).toBeInstanceOf(File);
});

it("says that a message was not sent, and sends it again under the same id", async () => {
  let isDown = true;
  const page = openPage(() =>
    isDown
      ? Response.json({ error: "not taken, try again" }, { status: 503 })
      : Response.json({}, { status: 202 }),
  );
  await eventually(() => page.calls.length === 1);
  page.type("hello");
  await eventually(() => page.log().includes("not sent: not taken, try again"));
  isDown = false;
  page.at("log").button("Try again");
  await eventually(() => page.calls.length === 3 && !page.log().includes("sending"));
  expect(page.calls[2]?.body).toBe(page.calls[1]?.body);
  expect(page.log()).not.toContain("not sent");
});

it("sends by itself what it could not while the router did not answer", async () => {
  let isDown = true;
  const page = openPage(() =>
    isDown ? Promise.reject(new TypeError("Failed to fetch")) : Response.json({}, { status: 202 }),
  );
  await eventually(() => page.calls.length === 1);
  page.type("hello");
  await eventually(() => page.log().includes("the router does not answer"));
  isDown = false;
  page.hear("history", { messages: [] });
  await eventually(() => page.calls.length === 3 && !page.log().includes("not sent"));
  expect(page.calls[2]?.body).toBe(page.calls[1]?.body);
});

it("shows a prompt in every room until it is over, and a code with a button to copy it", async () => {
  const page = openPage();
  await eventually(() => page.calls.length === 1);
  const prompt = { id: "abcde", buttons: [{ button: "allow", label: "Allow" }] };
  page.hear("message", message({ id: "m2", from: "router", room: "deploys", text: "May it?", prompt }));
  await eventually(() => page.log().includes("May it?Allow"));
  page.hear("message", message({ id: "m2", from: "router", room: "deploys", text: "Sent: allow" }));
  await eventually(() => !page.log().includes("May it?"));
  expect(page.log()).not.toContain("Sent: allow");
  page.hear("message", message({ id: "m3", from: "router", text: "Type channel-router access pair 3fa9c1" }));
  await eventually(() => page.log().includes("channel-router access pair 3fa9c1 Copy"));
});

it("says by which id this browser could be let in", async () => {
  const page = openPage(() => Response.json({ error: "this browser is not let in" }, { status: 403 }));
  await eventually(() => page.calls.length === 1);
  page.hear("history", { browser: "de1b3f569afff4e2", messages: [] });
  await eventually(() => page.at("state").textContent === "connected");
  page.type("hello");
  await eventually(() => page.log().includes("this browser is not let in; its id is de1b3f569afff4e2"));
});

it("has rooms, and a name for whoever writes", async () => {
  const page = openPage();
  await eventually(() => page.calls.length === 1);
  const answer = (text: string) => {
    page.at("ask-text").value = text;
    page.at("ask-form").fire("submit");
  };
  page.at("rooms").button("+");
  answer("No Room");
  answer("deploys");
  page.at("name").fire("click");
  answer("Ada");
  page.type("ship it");
  await eventually(() => page.calls.length === 2);
  expect(JSON.parse(String(page.calls[1]?.body))).toMatchObject({ room: "deploys", name: "Ada" });
  page.hear("message", message({ text: "elsewhere" }));
  page.hear("message", message({ id: "m2", room: "deploys", text: "here" }));
  await eventually(() => page.log().includes("here"));
  expect(page.log()).not.toContain("elsewhere");
  expect(page.at("rooms").text()).toContain("main (1)");
  page.at("rooms").button("main");
  expect(page.log()).toContain("elsewhere");
});
