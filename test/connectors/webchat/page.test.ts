// The script of the page in a stand-in for a browser: what it asks for, and what it shows.

import type { webcrypto } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { type Identity, openIdentity } from "../../../src/browser/identity.ts";
import { createSessions, hashOf } from "../../../src/browser/signed.ts";
import { shownHash } from "../../../src/connectors/webchat/chat.ts";
import { page as pageOf, script } from "../../../src/connectors/webchat/page.ts";
import type { Json } from "../../../src/contract.ts";
import { Refusal } from "../../../src/http/answer.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/router.ts";

const html = pageOf("desk", "");

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
  readonly attributes: Record<string, string> = {};
  setAttribute(name: string, value: string) {
    this.attributes[name] = value;
  }
  readonly code = { tabIndex: -1 };
  /** Of the HTML that it was given, which is not parsed here. */
  querySelectorAll(tag: string) {
    return this.innerHTML.includes(`<${tag}>`) ? [this.code] : [];
  }
  tabIndex = 0;
  src = "";
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

/** What this browser keeps for the page's address, beyond the page. */
interface Kept {
  readonly keys: Map<string, unknown>;
  readonly strings: Map<string, string>;
}

const newKept = (): Kept => ({ keys: new Map(), strings: new Map() });

/** An IndexedDB of one store. */
function fakeDatabase(keys: Map<string, unknown>) {
  const request = (result: unknown) => {
    const made: { result: unknown; onsuccess?: () => void } = { result };
    setTimeout(() => made.onsuccess?.(), 0);
    return made;
  };
  const store = {
    get: (key: string) => request(keys.get(key)),
    put: (value: unknown, key: string) => request(void keys.set(key, value)),
  };
  return { open: () => request({ transaction: () => ({ objectStore: () => store }) }) };
}

const memory = new Map<string, Json>();
const identity = await openIdentity(
  { get: (key) => memory.get(key), set: async (key, value) => void memory.set(key, value) },
  "webchat",
);

interface PageTest {
  answer?(): Response | Promise<Response>;
  readonly kept?: Kept;
  /** What the router says of the browser in its first event. */
  known?(browser: string): boolean;
  readonly mark?: string;
  readonly worker?: { controller: unknown; getRegistrations(): Promise<unknown[]> };
  readonly isSecure?: boolean;
  readonly router?: Identity;
}

async function openPage({
  answer = () => Response.json({ outcome: "accepted" }, { status: 202 }),
  kept = newKept(),
  known = () => true,
  mark,
  worker,
  isSecure = true,
  router = identity,
}: PageTest = {}) {
  const origin = "http://127.0.0.1:8788";
  const clock = manualClock();
  const sessions = createSessions(router, clock);
  const elements = new Map(
    [...html.matchAll(/ id="([a-z-]+)"/g)].map(([, id = ""]) => [id, new Element(id)]),
  );
  const at = (id: string) => elements.get(id) as Element;
  const calls: { path: string; body: string; form?: FormData; browser: string }[] = [];
  const stored = kept.strings;
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  const hear = (event: string, data: object) =>
    stream?.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  runInNewContext(script, {
    document: {
      getElementById: (id: string) =>
        elements.get(id) ??
        at("log")
          .all()
          .find((one) => one.id === id),
      querySelector: () => ({ remove: () => {}, content: mark ?? router.markPage(origin, clock.now()) }),
      createElement: (tag: string) => new Element(tag),
      addEventListener: () => {},
    },
    addEventListener: () => {},
    location: { pathname: "/chat", origin },
    localStorage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    },
    self: { isSecureContext: isSecure },
    navigator: { serviceWorker: worker },
    indexedDB: fakeDatabase(kept.keys),
    ...{ crypto, btoa, atob, setTimeout, clearTimeout, URL, FormData, Response, TextDecoderStream, Blob },
    ...{ TextEncoder, Uint8Array },
    async fetch(
      path: string,
      { body, headers, method }: { body?: Uint8Array; headers: Record<string, string>; method: string },
    ) {
      if (path === "/chat/hello") {
        const said = sessions.hello(JSON.parse(String(body)), origin);
        return Response.json(said);
      }
      const by = sessions.check({ headers, method, url: path } as unknown as IncomingMessage, origin);
      if (by instanceof Refusal) return Response.json({ error: by.error }, { status: by.status });
      const type = headers["content-type"] ?? "";
      expect(by.bodyHash).toBe(hashOf(body ?? new Uint8Array()));
      calls.push({
        path,
        body: new TextDecoder().decode(body),
        browser: by.browser,
        ...(type.startsWith("multipart/")
          ? {
              form: await new Response(body as Uint8Array<ArrayBuffer>, {
                headers: { "content-type": type },
              }).formData(),
            }
          : {}),
      });
      if (path !== "/chat/stream") return answer();
      const isKnown = known(by.browser);
      return new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            stream = controller;
            hear("history", { browser: by.browser, known: isKnown, messages: [] });
          },
        }),
      );
    },
  });
  if (isSecure && worker === undefined && mark === undefined)
    await eventually(() => at("state").textContent === "connected");
  return {
    at,
    calls,
    hear,
    kept,
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
  const page = await openPage();
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

it("says when no session is open, and that messages wait", async () => {
  const page = await openPage();
  page.hear("history", { sessions: 0, messages: [] });
  await eventually(() => page.at("state").textContent === "connected, no Claude session is open");
  expect(page.log()).toContain("what you write waits for the next one");
  page.hear("sessions", { sessions: 1 });
  await eventually(() => page.at("state").textContent === "connected");
  expect(page.log()).not.toContain("waits");
});

it("shows pictures, and what scrolls can be reached with the keyboard", async () => {
  const page = await openPage({ answer: () => new Response("picture") });
  const files = [
    { id: "f1", name: "cat.PNG", bytes: 7 },
    { id: "f2", name: "page.svg", bytes: 7 },
    { id: "f3", name: "huge.jpg", bytes: 20_000_000 },
  ];
  page.hear("message", message({ html: "<pre>long</pre>", files }));
  const images = () =>
    page
      .at("log")
      .all()
      .filter(({ tag }) => tag === "img");
  await eventually(() => images()[0]?.src.startsWith("blob:"));
  expect(images()).toHaveLength(1);
  expect(page.calls.map(({ path }) => path)).toContain("/chat/files/f1");
  expect(page.log()).toContain("⤓ page.svg");
  expect(
    page
      .at("log")
      .all()
      .find(({ innerHTML }) => innerHTML !== "")?.code.tabIndex,
  ).toBe(0);
});

it.each([
  ["", /Enter a name/],
  ["my room", /cannot contain spaces/],
  ["Deploys", /cannot contain “D”/],
  ["-x", /must begin with/],
])("a room of the name %j is refused with the reason", async (name, reason) => {
  const page = await openPage();
  page.at("rooms").all().at(-1)?.fire("click");
  page.at("ask-text").value = name;
  page.at("ask-form").fire("submit");
  expect(page.at("ask-wrong").textContent).toMatch(reason);
  expect(page.at("ask-text").attributes["aria-invalid"]).toBe("true");
  page.at("ask-text").value = "deploys";
  page.at("ask-form").fire("submit");
  expect(page.at("ask-wrong").textContent).toBe("");
  expect(page.at("rooms").text()).toContain("deploys");
});

it("sends with the key that it made, quotes, attaches, and presses buttons", async () => {
  const page = await openPage();
  page.hear(
    "message",
    message({ html: "<b>hi</b>", prompt: { id: "abcde", buttons: [{ button: "allow", label: "Allow" }] } }),
  );
  await eventually(() => page.log().includes("Allow"));
  page.at("log").button("Allow");
  page.at("log").button("Quote");
  page.type("because");
  await eventually(() => page.calls.length === 3);
  const pressed = page.calls.find(({ path }) => path === "/chat/press");
  const shown = { id: "m1", text: "hi", html: "<b>hi</b>", prompt: { id: "abcde", buttons: [] } };
  expect(JSON.parse(pressed?.body ?? "")).toEqual({
    prompt: "abcde",
    button: "allow",
    // As the router has it, of what it sent.
    shown: shownHash({ of: () => [{ ...shown, room: "main", from: "router", timeMs: 1 }] }, "b", "abcde"),
  });
  const said = page.calls.find(({ path }) => path === "/chat/messages");
  expect(JSON.parse(said?.body ?? "")).toMatchObject({
    room: "main",
    text: "because",
    reply_to: "m1",
  });
  expect(new Set(page.calls.map(({ browser }) => browser)).size).toBe(1);
  page.at("file").files = [new File(["x"], "a.txt")];
  page.at("file").fire("change");
  page.at("form").requestSubmit();
  await eventually(() => page.calls.length === 4);
  expect(page.calls[3]?.path).toBe("/chat/upload");
  expect(page.calls[3]?.form?.get("file")).toBeInstanceOf(File);
});

it("says that a message was not sent, and sends it again under the same id", async () => {
  let isDown = true;
  const page = await openPage({
    answer: () =>
      isDown
        ? Response.json({ error: "not accepted, try again" }, { status: 503 })
        : Response.json({}, { status: 202 }),
  });
  page.type("hello");
  await eventually(() => page.log().includes("not sent: not accepted, try again"));
  isDown = false;
  page.at("log").button("Try again");
  await eventually(() => page.calls.length === 3 && !page.log().includes("sending"));
  expect(page.calls[2]?.body).toBe(page.calls[1]?.body);
  expect(page.log()).not.toContain("not sent");
});

it("sends by itself what it could not while the router did not answer", async () => {
  let isDown = true;
  const page = await openPage({
    answer: () =>
      isDown ? Promise.reject(new TypeError("Failed to fetch")) : Response.json({}, { status: 202 }),
  });
  page.type("hello");
  await eventually(() => page.log().includes("the router does not answer"));
  isDown = false;
  page.hear("history", { messages: [] });
  await eventually(() => page.calls.length === 3 && !page.log().includes("not sent"));
  expect(page.calls[2]?.body).toBe(page.calls[1]?.body);
});

it("shows a prompt in every room until it is over, and a code with a button to copy it", async () => {
  const page = await openPage();
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
  const page = await openPage({
    answer: () => Response.json({ error: "this browser is not approved" }, { status: 403 }),
    known: () => false,
  });
  const [{ browser } = { browser: "" }] = page.calls;
  expect(browser).toMatch(/^([0-9a-f]{4}-){4}[0-9a-f]{4}$/);
  expect(page.at("browser").textContent).toBe(`this browser: ${browser}`);
  page.type("hello");
  await eventually(() => page.log().includes(`this browser is not approved; its id is ${browser}`));
});

it("has rooms, and a name for whoever writes", async () => {
  const page = await openPage();
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

it("declares no name twice, of which one would hide the other", () => {
  const names = [...script.matchAll(/^(?:async )?(?:function|const|let|class) (\w+)/gm)].map(
    ([, name]) => name,
  );
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe("the key of a browser", () => {
  it("stays the same when the page is opened again, and cannot be read out", async () => {
    const kept = newKept();
    const [{ browser } = { browser: "" }] = (await openPage({ kept })).calls;
    const again = await openPage({ kept });
    expect(again.calls[0]?.browser).toBe(browser);
    const [pair] = [...kept.keys.values()] as [webcrypto.CryptoKeyPair];
    expect(pair.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("pkcs8", pair.privateKey)).rejects.toThrow();
    expect([...kept.strings.keys()]).toEqual([]);
  });

  it("of an older version, which every script could read, is thrown away", async () => {
    const kept = newKept();
    kept.strings.set("channel-router/chat", "a-key-that-every-script-could-read-x");
    await openPage({ kept });
    expect(kept.strings.size).toBe(0);
  });

  it("that the router does not know is made anew: somebody else may have put it there", async () => {
    const kept = newKept();
    const before = await openPage({ kept });
    const planted = before.calls[0]?.browser;
    const page = await openPage({ kept, known: (browser) => browser !== planted });
    await eventually(() => page.calls.length === 2);
    const browser = page.calls[1]?.browser;
    expect(browser).not.toBe(planted);
    expect(page.at("browser").textContent).toBe("");
    page.type("hello");
    await eventually(() => page.calls.length === 3);
    expect(page.calls[2]?.browser).toBe(browser);
    expect((await openPage({ kept })).calls[0]?.browser).toBe(browser);
  });

  it("is made for one router: another one at the same address gets another", async () => {
    const memory = new Map<string, Json>();
    const other = await openIdentity(
      { get: (key) => memory.get(key), set: async (key, value) => void memory.set(key, value) },
      "webchat",
    );
    const kept = newKept();
    const own = (await openPage({ kept })).calls[0]?.browser;
    expect((await openPage({ kept, router: other })).calls[0]?.browser).not.toBe(own);
    expect((await openPage({ kept })).calls[0]?.browser).toBe(own);
  });
});

describe("a page that cannot be trusted asks the router for nothing", () => {
  const gone: string[] = [];
  const registration = { unregister: async () => void gone.push("worker") };
  it.each([
    ["it was not opened by hand", { mark: "" }, "not opened by hand"],
    ["no keys can be made for its address", { isSecure: false }, "makes no keys"],
    [
      "something left a service worker",
      { worker: { controller: null, getRegistrations: async () => [registration] } },
      "left a script behind",
    ],
    [
      "a service worker has it",
      { worker: { controller: {}, getRegistrations: async () => [] } },
      "left a script behind",
    ],
  ])("because %s", async (_, test, words) => {
    const page = await openPage(test);
    await eventually(() => page.at("notice").textContent.includes(words));
    expect(page.at("form").hidden).toBe(true);
    expect(page.calls).toEqual([]);
  });

  it("and the service worker is removed", () => expect(gone).toEqual(["worker"]));

  it("because a service worker took it over later", async () => {
    const worker = { controller: null as unknown, getRegistrations: async () => [] };
    const page = await openPage({ worker });
    await eventually(() => page.at("state").textContent === "connected");
    worker.controller = {};
    page.type("hello");
    await eventually(() => page.log().includes("A script of another program has taken over this page"));
    expect(page.calls).toHaveLength(1);
  });
});
