import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { openInbox } from "../../../src/chat/inbox.ts";
import { webchat } from "../../../src/connectors/webchat/index.ts";
import type { WebchatOptions } from "../../../src/connectors/webchat/options.ts";
import type { AnsweredEvent, ChatData, People } from "../../../src/contract/chat.ts";
import type { Arrival, Emit, Source } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { type Cursors, createMemoryCursors } from "../../../src/host/store.ts";
import { createListener } from "../../../src/http/server.ts";
import { fakePeople } from "../../support/fake-people.ts";
import { hostOf, quiet, surroundings } from "../../support/host.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { outgoingFile } from "../../support/outgoing-file.ts";
import { eventually } from "../../support/router.ts";
import { hello, idOf, markOf, openPage, sign } from "../../support/servers/webchat-browser.ts";
import { accept } from "../conformance.ts";

const options: WebchatOptions = {
  path: "/chat",
  access: { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] },
  history: 200,
  maxUploadBytes: 1024 * 1024,
};

const prompt = {
  id: "abcde",
  text: { title: ["🔐 ", { code: "Bash" }], quoted: ["<b>npm</b> test"], foot: [["yes abcde"]] },
  buttons: [
    { button: "more" as const, label: "See more" },
    { button: "allow" as const, label: "Allow" },
  ],
};

const clean: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of clean.splice(0).reverse()) await step();
});

interface Test {
  readonly options?: Partial<WebchatOptions>;
  readonly people?: People;
  readonly cursors?: Cursors;
  /** Default: a free one. The id of a browser hangs on it. */
  readonly port?: number;
  emit?(arrivals: Arrival[]): Emit;
}

async function open(test: Test = {}) {
  const listener = createListener({
    addresses: [{ host: "127.0.0.1", port: test.port ?? 0, loopback: true }],
    hosts: [],
    trusted: () => true,
    log: quiet,
  });
  const folder = await mkdtemp("/tmp/cr-webchat-");
  const clock = manualClock();
  const host = hostOf({
    clock,
    listener,
    people: test.people ?? { ...fakePeople(), save: openInbox(join(folder, "inbox"), clock).save },
    cursors: test.cursors ?? createMemoryCursors(),
  });
  const source = webchat.create("desk", { ...options, ...test.options }, host);
  const arrivals: Arrival[] = [];
  await source.start((test.emit ?? accept)(arrivals));
  const address = `${listener.address()}/chat`;
  clean.push(
    () => rm(folder, { recursive: true }),
    () => listener.close(AbortSignal.abort()),
    () => source.stop(AbortSignal.abort()),
  );
  return {
    address,
    arrivals,
    folder,
    source: source as Source & Required<Pick<Source, "reply" | "chat">>,
    /** As when its process is gone. */
    async end() {
      await source.stop(AbortSignal.abort());
      await listener.close(AbortSignal.abort());
    },
    page(name = "ada") {
      const opened = openPage(name, address);
      clean.push(opened.close);
      return opened;
    },
    event(index = 0): AnsweredEvent {
      const arrival = arrivals[index];
      if (arrival === undefined) throw new Error("nothing has arrived");
      return { id: "e1", ...arrival };
    },
  };
}

/** As a page that was opened and has said hello signs its first request. */
async function signedFor(
  address: string,
  name: string,
  method: "GET" | "POST",
  path: string,
): Promise<string> {
  const { origin, pathname } = new URL(address);
  const [met, mark, body] = [await hello(address), await markOf(address), new Uint8Array()];
  return sign({ ...met, name, origin, mark, count: 1, method, path: `${pathname}${path}`, body });
}

/** A browser that has written one message. */
async function talking(test: Test = {}) {
  const desk = await open(test);
  const page = desk.page();
  const first = await page.post("/messages", { id: "u1", text: "hello", name: "Ada" });
  expect([first.status, first.body]).toMatchObject([202, { id: "u1", outcome: "accepted" }]);
  await eventually(() => page.messages.has("u1"));
  return { ...desk, page, open: desk.page, event: desk.event() };
}

describe("what a page sends", () => {
  it("is an event once it is safe, of this browser and this room", async () => {
    const { page, arrivals } = await talking();
    await page.post("/messages", { id: "u2", room: "deploys", text: "more", reply_to: "u1" });
    expect(arrivals).toMatchObject([
      {
        text: "hello",
        trust: "sender",
        sender: { id: page.id, name: "Ada" },
        conversation: `${page.id}/main`,
        deliveryId: `${page.id}/main/u1`,
        data: { message_id: "u1", chat_type: "direct", room: "main" },
      },
      { conversation: `${page.id}/deploys`, data: { room: "deploys", reply_to: "u1", quote: "hello" } },
    ]);
  });

  it("is told to be tried again when it was not taken, and is not shown as sent", async () => {
    let isFull = true;
    const { page } = await open({
      emit: () => async () => {
        if (isFull) throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
        return { eventId: "e", outcome: "accepted" };
      },
    }).then((desk) => ({ page: desk.page() }));
    expect((await page.post("/messages", { id: "u1", text: "x" })).status).toBe(503);
    isFull = false;
    expect(await page.post("/messages", { id: "u1", text: "x" })).toEqual({
      status: 202,
      body: { id: "u1", outcome: "accepted", event_id: "e" },
    });
    await eventually(() => page.messages.has("u1"));
    expect(page.messages.size).toBe(1);
  });

  it("brings its files along, in the inbox", async () => {
    const { page, arrivals } = await talking();
    const { status } = await page.upload({ id: "u2" }, { "../../notes <1>.txt": "the notes" });
    expect(status).toBe(202);
    const { attachments } = (arrivals[1] as Arrival).data as unknown as ChatData;
    const attachment = attachments?.[0];
    expect(attachment?.name).toBe("notes _1_.txt");
    expect(await readFile(attachment?.path ?? "", "utf8")).toBe("the notes");
    expect(arrivals[1]?.text).toBe("(notes _1_.txt)");
    const file = await eventually(() => page.messages.get("u2")?.files?.[0]);
    expect(await (await page.file(file.id)).text()).toBe("the notes");
  });

  it.each([
    ["/messages", { text: "x" }, 400, "missing id"],
    ["/messages", { id: "../x", text: "x" }, 400, "id must have"],
    ["/messages", { id: "u", text: " " }, 400, "missing text"],
    ["/messages", { id: "u", text: { toString: 1 } }, 400, "missing text"],
    ["/messages", { id: "u", text: "x", room: "A/b" }, 400, "room must have"],
    ["/messages", { id: "u", text: "x", reply_to: 4 }, 400, "reply_to"],
    ["/messages", [], 400, "not a JSON object"],
    ["/messages", { id: "u", text: "x".repeat(300_000) }, 413, "larger than"],
    ["/press", { prompt: "abcde", button: "grant" }, 400, "prompt and button"],
    ["/upload", {}, 415, "send a form"],
  ])("%s with %j is refused with %i", async (path, body, status, error) => {
    const { page, arrivals } = await talking();
    const answer = await page.post(path, body);
    expect(answer.status).toBe(status);
    expect(answer.body.error).toContain(error);
    expect(arrivals).toHaveLength(1);
  });

  it("is refused when the form is broken, too large, or without a file", async () => {
    const { page } = await talking();
    expect((await page.upload({}, { a: "x" })).body.error).toBe("missing id");
    expect((await page.upload({ id: "u2", text: "x" }, {})).body.error).toBe("missing file");
    expect((await page.upload({ id: "u2" }, { a: "x".repeat(1_100_000) })).status).toBe(413);
    const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`f${index}`, "x"]));
    expect((await page.upload({ id: "u2" }, many)).status).toBe(400);
  });
});

describe("a browser that nobody let in", () => {
  const stranger = () => fakePeople({ receive: () => ({ as: "answer", text: "Your code is abc123" }) });

  it("sees what access answers, also when it opens the page again, and nothing of it is kept", async () => {
    const cursors = createMemoryCursors();
    const desk = await open({ people: stranger(), cursors });
    const page = desk.page("eve");
    await page.post("/messages", { id: "u1", text: "let me in" });
    const answers = () => [...page.messages.values()].filter(({ from }) => from !== "you");
    await eventually(() => answers().length === 1);
    expect(answers()[0]?.text).toBe("Your code is abc123");
    expect(cursors.cursors("").filter(([key]) => key.includes("said/"))).toEqual([]);
    const again = desk.page("eve");
    await eventually(() => again.messages.size === 2);
    expect(desk.arrivals).toEqual([]);
  });

  it("gets nothing but a refusal, and its files are not even read", async () => {
    const people = fakePeople({ receive: () => ({ as: "nothing" }), admits: () => false });
    const desk = await open({ people });
    const page = desk.page("eve");
    expect((await page.post("/messages", { id: "u1", text: "x" })).status).toBe(403);
    expect((await page.upload({ id: "u2" }, { a: "x" })).status).toBe(403);
    expect(people.received).toHaveLength(1);
    expect(people.saved.size).toBe(0);
  });

  it("sees nothing more of what was said, and none of its files, once it is no longer let in", async () => {
    let isLetIn = true;
    const folder = await mkdtemp("/tmp/cr-webchat-");
    clean.push(() => rm(folder, { recursive: true }));
    const people = fakePeople({ admits: () => isLetIn });
    const {
      page,
      source,
      event,
      open: openAs,
    } = await talking({
      people: { ...people, save: openInbox(folder, manualClock()).save },
    });
    const path = join(folder, "secret.txt");
    await writeFile(path, "for ada");
    await source.reply(event, { text: "here", files: [outgoingFile(path)] });
    const file = await eventually(() => [...page.messages.values()].flatMap(({ files = [] }) => files)[0]);
    expect((await page.file(file.id)).status).toBe(200);
    isLetIn = false;
    expect((await page.file(file.id)).status).toBe(404);
    expect((await page.upload({ id: "u9" }, { a: "x" })).status).toBe(403);
    // Who decides is another question than who may write.
    await source.chat.askPermission?.(page.id, {
      id: "abcde",
      text: { title: ["may it?"], quoted: [], foot: [] },
      buttons: [],
    });
    const again = openAs();
    await eventually(() => again.messages.size > 0);
    expect([...again.messages.values()].map(({ text }) => text)).toEqual(["may it?"]);
  });

  it("holds few forms in memory at once", async () => {
    const held: (() => void)[] = [];
    const people = fakePeople({
      receive: () => new Promise((resolve) => held.push(() => resolve({ as: "event" }))),
    });
    const { page } = await open({ people }).then((desk) => ({ page: desk.page() }));
    const upload = async (id: string) => (await page.upload({ id }, { a: "x" })).status;
    const four = Promise.all(["u1", "u2", "u3", "u4"].map(upload));
    await eventually(() => held.length === 4);
    expect(await upload("u5")).toBe(429);
    for (const take of held) take();
    expect(await four).toEqual([202, 202, 202, 202]);
    const fifth = upload("u5");
    await eventually(() => held.length === 5);
    held[4]?.();
    expect(await fifth).toBe(202);
  });

  it("finds a place for its page however many strangers' pages are open", async () => {
    let ada = "";
    const { address, page: openAs } = await open({ people: fakePeople({ admits: (id) => id === ada }) });
    ada = idOf("ada", address);
    const ended = new AbortController();
    clean.push(() => ended.abort());
    const asked = Array.from({ length: 70 }, async (_, index) =>
      fetch(`${address}/stream`, {
        headers: { authorization: await signedFor(address, `stranger-${index}`, "GET", "/stream") },
        signal: ended.signal,
      }),
    );
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(16);
    const adas = openAs("ada");
    expect((await adas.post("/messages", { id: "u1", text: "hello" })).status).toBe(202);
    await eventually(() => adas.messages.has("u1"));
  });

  it("sees nothing of another browser, and gets none of its files", async () => {
    const { page, source, event, folder, open: openAs } = await talking();
    const path = join(folder, "secret.txt");
    await writeFile(path, "for ada");
    await source.reply(event, { text: "here", files: [outgoingFile(path, "secret.txt")] });
    const file = await eventually(() => [...page.messages.values()].flatMap(({ files = [] }) => files)[0]);
    const eve = openAs("eve");
    expect((await eve.file(file.id)).status).toBe(404);
    expect((await page.file(file.id)).status).toBe(200);
    expect(eve.messages.size).toBe(0);
  });
});

describe("what Claude says", () => {
  it("is shown with its markup, in which nothing can be run", async () => {
    const { page, source, event } = await talking();
    const text = "**Green** <img src=x onerror=alert(1)> [a](javascript:alert(1)) [b](https://b.example)";
    expect(await source.reply(event, { text })).toMatch(/^sent \(id: m[a-z0-9-]+\)$/);
    const message = await eventually(() => [...page.messages.values()].find(({ from }) => from !== "you"));
    expect(message.reply_to).toBe("u1");
    expect(message.html).toContain("<b>Green</b> &lt;img src=x onerror=alert(1)&gt;");
    expect(message.html).not.toMatch(/<img|javascript:/);
    expect(message.html).toContain(
      '<a target="_blank" rel="noreferrer noopener" href="https://b.example">b</a>',
    );
  });

  it("can be changed, quoted and reacted to; what the person wrote cannot be changed", async () => {
    const { page, source, event } = await talking();
    const id = /id: (.+)\)/.exec(await source.reply(event, { text: "working" }))?.[1] ?? "";
    await source.chat.edit?.(event, id, "**done**");
    await source.chat.react?.(event, "👍");
    await source.chat.react?.(event, "👍");
    await source.chat.typing?.(event);
    await eventually(() => page.messages.get(id)?.edited);
    expect(page.messages.get(id)).toMatchObject({ text: "done", html: "<b>done</b>" });
    await eventually(() => page.messages.get("u1")?.reactions);
    expect(page.messages.get("u1")?.reactions).toEqual(["👍"]);
    await eventually(() => page.typing.length === 1);
    await expect(source.chat.edit?.(event, "u1", "x")).rejects.toThrow("only messages that you sent");
    await expect(source.chat.edit?.(event, "m9", "x")).rejects.toThrow("message m9 does not exist");
    await expect(source.chat.edit?.(event, id, "x".repeat(9_000))).rejects.toThrow("longer than the 8000");
    await expect(source.reply(event, { text: "" })).rejects.toThrow("nothing to send");
  });

  it("carries files as they were then, whatever becomes of them", async () => {
    const { page, source, event, folder } = await talking();
    const path = join(folder, 'rätsel;"1".txt');
    await writeFile(path, "as sent");
    await source.reply(event, { text: "", files: [outgoingFile(path, "rätsel.txt")] });
    await writeFile(path, "changed");
    const file = await eventually(() => [...page.messages.values()].flatMap(({ files = [] }) => files)[0]);
    const answer = await page.file(file.id);
    expect(await answer.text()).toBe("as sent");
    expect(answer.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''r%C3%A4tsel.txt");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    await rm(join(folder, "inbox"), { recursive: true });
    expect((await page.file(file.id)).status).toBe(404);
  });

  it("goes to somebody without an event, but to no browser that never wrote", async () => {
    const { page, source } = await talking();
    await source.chat.send?.({ person: page.id }, { text: "news" });
    await eventually(() => [...page.messages.values()].some(({ text }) => text === "news"));
    await expect(source.chat.send?.({ person: "0123" }, { text: "x" })).rejects.toThrow(
      "no browser with this id",
    );
  });
});

describe("a page that is just being opened", () => {
  /** Everybody is admitted, and `during` happens while access is asked. */
  const peopleDuring = (during: { [Look in "admits" | "knows"]?: () => Promise<unknown> }): People => {
    const people = fakePeople();
    return {
      ...people,
      async admits(person) {
        await during.admits?.();
        return people.admits(person);
      },
      async knows(person) {
        await during.knows?.();
        return people.knows(person);
      },
    };
  };

  it.each(["admits", "knows"] as const)("misses no prompt that comes during the look at %s", async (look) => {
    let ask = async (): Promise<unknown> => undefined;
    const { address, source, page } = await open({ people: peopleDuring({ [look]: () => ask() }) });
    ask = async () => {
      ask = async () => undefined;
      await source.chat.askPermission?.(idOf("ada", address), prompt);
    };
    const ada = page();
    const shown = await eventually(() => [...ada.messages.values()][0]);
    expect(shown.prompt?.id).toBe("abcde");
  });

  it("takes the place of no other when it was closed meanwhile", async () => {
    const held: (() => void)[] = [];
    let isHeld = true;
    const knows = () => new Promise<void>((resolve) => (isHeld ? held.push(resolve) : resolve()));
    const { address, page } = await open({ people: peopleDuring({ knows }) });
    const closed = new AbortController();
    const asked = Array.from({ length: 8 }, async () => {
      const authorization = await signedFor(address, "ada", "GET", "/stream");
      await fetch(`${address}/stream`, { headers: { authorization }, signal: closed.signal });
    });
    await eventually(() => held.length === asked.length);
    closed.abort();
    await Promise.allSettled(asked);
    isHeld = false;
    // Behind the ends of those connections.
    for (let count = 0; count < 3; count++) await hello(address);
    for (const release of held) release();
    const ada = page();
    await ada.post("/messages", { id: "u1", text: "hello" });
    await eventually(() => ada.messages.has("u1"));
  });
});

it("what was said is there after a restart, bounded and in order", async () => {
  const cursors = createMemoryCursors();
  const before = await talking({ cursors, options: { history: 5 } });
  for (let n = 2; n <= 8; n += 1) await before.page.post("/messages", { id: `u${n}`, text: `message ${n}` });
  await before.source.chat.react?.(before.event, "👍", "u5");
  await before.end();
  const after = await open({ cursors, port: Number(new URL(before.address).port) });
  const page = after.page();
  await eventually(() => page.messages.size > 0);
  expect([...page.messages.keys()]).toEqual(["u4", "u5", "u6", "u7", "u8"]);
  expect(page.messages.get("u5")?.reactions).toEqual(["👍"]);
  expect(cursors.cursors("").filter(([key]) => key.includes("said/"))).toHaveLength(5);
});

it("of a long text the beginning is kept, and the event has all of it", async () => {
  const cursors = createMemoryCursors();
  const { page, arrivals, end, address } = await talking({ cursors });
  await page.post("/messages", { id: "u2", text: "x".repeat(50_000) });
  await end();
  expect(arrivals[1]?.text).toHaveLength(50_000);
  const again = (await open({ cursors, port: Number(new URL(address).port) })).page();
  await eventually(() => again.messages.has("u2"));
  expect(again.messages.get("u2")?.text).toMatch(/^x{8000}…$/);
});

describe("a permission prompt", () => {
  it("has buttons until it is over", async () => {
    const people = fakePeople({
      press: ({ button }) => (button === "more" ? { show: "taken" } : { show: "notice", text: "too late" }),
    });
    const { page, source } = await talking({ people });
    const asked = await source.chat.askPermission?.(page.id, prompt);
    if (asked === undefined) throw new Error("no prompt was sent");
    const shown = await eventually(() => [...page.messages.values()].find((message) => message.prompt));
    expect(shown).toMatchObject({
      from: "router",
      text: "🔐 Bash\n│ <b>npm</b> test\n\nyes abcde",
      html: "<b>🔐</b> <code>Bash</code><pre>&lt;b&gt;npm&lt;/b&gt; test</pre>yes abcde",
      prompt: { id: "abcde" },
    });
    expect((await page.post("/press", { prompt: "abcde", button: "more" })).body).toEqual({});
    const both = await source.chat.continuePermission?.(asked, {
      ...prompt,
      buttons: prompt.buttons.slice(1),
    });
    if (both === undefined) throw new Error("no page was sent");
    const second = await eventually(() => page.messages.get(both.message_ids[1] ?? ""));
    expect(second.prompt?.buttons.map(({ button }) => button)).toEqual(["allow"]);
    expect((await page.press("abcde", "allow")).body).toEqual({
      notice: "too late",
    });
    expect(people.presses.map(({ sender }) => sender.id)).toEqual([page.id, page.id]);
    await source.chat.expirePermission?.(both, { title: ["Bash"], quoted: [], foot: [["Expired."]] });
    for (const { id } of [shown, second]) {
      await eventually(() => page.messages.get(id)?.html === "<b>Bash</b>\nExpired.");
      expect(page.messages.get(id)).not.toHaveProperty("prompt");
    }
  });
});

describe("other pages and other users of this machine", () => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ id: "u1", text: "x" });

  it.each([
    ["another page", { origin: "https://evil.example" }],
    ["a sandboxed page", { origin: "null" }],
    ["a page on another port", { origin: "http://127.0.0.1:1" }],
    ["a form of another site", { "sec-fetch-site": "cross-site" }],
    ["a rebound name", { host: "evil.example" }],
    ["a tunnel", { "x-forwarded-for": "1.2.3.4" }],
  ])("%s is refused everything", async (_, more) => {
    const { address, arrivals } = await open();
    const statuses = await Promise.all(
      ["", "/hello", "/stream", "/files/x", "/messages", "/upload", "/press"].map(
        (path) =>
          new Promise<number | undefined>((resolve, reject) => {
            const method = ["/hello", "/messages", "/upload", "/press"].includes(path) ? "POST" : "GET";
            const sent = request(
              `${address}${path}`,
              { method, headers: { ...headers, ...more } },
              (answer) => {
                answer.resume();
                resolve(answer.statusCode);
              },
            );
            sent.on("error", reject);
            sent.end(method === "POST" ? body : undefined);
          }),
      ),
    );
    expect(new Set(statuses)).toEqual(new Set([403]));
    expect(arrivals).toEqual([]);
  });

  it.each([
    ["none", undefined],
    ["a short one", "Bearer x"],
    ["another kind", "Basic eDp5"],
    ["one of an older version", `Bearer ${"x".repeat(40)}`],
  ])("without a key of its own (%s) nothing is to be had but the page", async (_, authorization) => {
    const { address, arrivals } = await open();
    const given = authorization === undefined ? {} : { authorization };
    for (const path of ["/stream", "/files/x"])
      expect((await fetch(`${address}${path}`, { headers: given })).status).toBe(401);
    const posted = await fetch(`${address}/messages`, {
      method: "POST",
      headers: { ...given, "content-type": "application/json" },
      body,
    });
    expect(posted.status).toBe(401);
    expect(arrivals).toEqual([]);
  });

  it("the page loads nothing from elsewhere, cannot be framed, and holds no secret", async () => {
    const { address } = await open();
    const answer = await fetch(address);
    const policy = answer.headers.get("content-security-policy");
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+';/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.text()).not.toMatch(/https?:/);
  });

  it("too many open pages of one browser are refused", async () => {
    const { address } = await open();
    const streams = await Promise.all(
      Array.from({ length: 9 }, async () =>
        fetch(`${address}/stream`, {
          headers: { authorization: await signedFor(address, "ada", "GET", "/stream") },
        }),
      ),
    );
    expect(streams.map(({ status }) => status).sort()).toEqual([...new Array(8).fill(200), 429]);
    for (const stream of streams) await stream.body?.cancel();
  });
});

it("is for this machine only", () => {
  expect(webchat.check?.(options, surroundings)).toEqual([]);
  expect(webchat.check?.(options, { ...surroundings, loopback: false })).toMatchObject([
    { code: "E_CONFIG_EXPOSED" },
  ]);
  expect(webchat.check?.({ ...options, maxUploadBytes: 1 }, surroundings)).toMatchObject([
    { path: ["max_upload"] },
  ]);
  expect(webchat.sampleArrival(options, '"hello"', {})).toMatchObject({
    text: "hello",
    data: { room: "main" },
  });
});
