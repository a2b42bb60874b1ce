import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakePeople } from "../../support/fake-people.ts";
import { outgoingFile } from "../../support/outgoing-file.ts";
import { eventually } from "../../support/router.ts";
import { readHtml } from "../../support/servers/telegram-html.ts";
import { ann, type BotTestOptions, cleanUp, eventOf, startBot, team } from "./bot.ts";

/** A bot to which Ann has written. */
async function asked(options: BotTestOptions = {}, message: string | Record<string, unknown> = "question") {
  const bot = await startBot(options);
  const { messageId } = bot.server.write(ann, message);
  await eventually(() => bot.arrivals.length === 1);
  return { ...bot, event: eventOf(bot.arrivals[0]), messageId };
}

async function fileOf(name: string, content: string | Buffer) {
  const folder = await mkdtemp("/tmp/cr-telegram-");
  cleanUp(() => rm(folder, { recursive: true }));
  const path = join(folder, name);
  await writeFile(path, content);
  return outgoingFile(path);
}

describe("an answer", () => {
  it("quotes the message, in Telegram's own markup", async () => {
    const { server, source, event, messageId } = await asked();
    expect(await source.reply(event, { text: "**Green** in `main`, a < b" })).toBe("sent (id: 2)");
    expect(server.sent[0]).toMatchObject({
      chatId: 42,
      replyTo: messageId,
      parseMode: "HTML",
      markup: "<b>Green</b> in <code>main</code>, a &lt; b",
    });
  });

  it("has Telegram fetch no address that stands in it, neither now nor when it is changed", async () => {
    const { server, source, event } = await asked();
    await source.reply(event, { text: "https://evil.example/?d=secret" });
    await source.chat.edit?.(event, "2", "https://evil.example/?d=more");
    const prompted = await source.chat.askPermission?.("42", {
      id: "abcde",
      text: { title: ["https://e.example"], quoted: ["https://e.example"], foot: [] },
      buttons: [],
    });
    const over = { title: ["https://e.example is over"], quoted: [], foot: [] };
    if (prompted !== undefined) await source.chat.expirePermission?.(prompted, over);
    const sent = server.calls.filter(({ method }) => /^(sendMessage|editMessageText)$/.test(method));
    expect(sent).toHaveLength(4);
    for (const { fields } of sent) expect(fields.link_preview_options).toEqual({ is_disabled: true });
  });

  it("stays in its topic", async () => {
    const topic = { chat: team, text: "x", is_topic_message: true, message_thread_id: 5 };
    const { server, source, event } = await asked({}, topic);
    await source.reply(event, { text: "here" });
    await source.chat.typing?.(event);
    expect(server.sent[0]).toMatchObject({ chatId: -1001, threadId: 5 });
    expect(server.calls.at(-1)).toMatchObject({
      method: "sendChatAction",
      fields: { chat_id: "-1001", message_thread_id: 5, action: "typing" },
    });
  });

  it("that is too long goes in parts, of which each is whole, and the first quotes", async () => {
    const { server, source, event, messageId } = await asked();
    const text = `Log:\n\n\`\`\`\n${"a line of the log & more\n".repeat(300)}\`\`\`\nThat is all.`;
    expect(await source.reply(event, { text })).toBe("sent 2 parts (ids: 2, 3)");
    expect(server.sent.map(({ replyTo }) => replyTo)).toEqual([messageId, undefined]);
    for (const part of server.sent) {
      expect(part.text.length).toBeLessThanOrEqual(4096);
      expect(readHtml(part.markup)).toBe(part.text);
      expect(part.markup).toMatch(/^(Log:\n\n)?<pre>/);
    }
  });

  it.each([
    ["all", [true, true]],
    ["none", [false, false]],
  ] as const)("quotes %s where the config says so", async (quote, quoting) => {
    const { server, source, event } = await asked({ options: { quote, partLength: 200 } });
    await source.reply(event, { text: "word ".repeat(70) });
    expect(server.sent.map(({ replyTo }) => replyTo !== undefined)).toEqual(quoting);
  });

  it("is sent as plain text where Telegram does not take the markup", async () => {
    const { server, source, event } = await asked();
    server.failNext("sendMessage", {
      status: 400,
      description: "Bad Request: can't parse entities: whatever",
    });
    await source.reply(event, { text: "**bold** [a](https://a.example)" });
    expect(server.sent[0]).toMatchObject({ text: "bold a (https://a.example)", parseMode: undefined });
  });

  it("has its files after it: pictures to be seen, all else as it is", async () => {
    const { server, source, event } = await asked();
    const png = Buffer.from("\x89PNG picture", "latin1");
    const files = [
      await fileOf("chart.png", png),
      await fileOf("räum lich.log", "log\r\n--x"),
      await fileOf("no.png", "x"),
    ];
    expect(await source.reply(event, { text: "See:", files })).toBe("sent 4 parts (ids: 2, 3, 4, 5)");
    expect(
      server.sent.map(({ file }) => file && [file.kind, file.name, file.content.toString("latin1")]),
    ).toEqual([
      undefined,
      ["photo", "chart.png", png.toString("latin1")],
      ["document", "räum lich.log", "log\r\n--x"],
      ["document", "no.png", "x"],
    ]);
    expect(await source.reply(event, { text: "", files: files.slice(0, 1) })).toBe("sent (id: 6)");
  });

  it("does not send another file than the one that was judged", async () => {
    const { server, source, event } = await asked();
    const file = await fileOf("log.txt", "mine");
    await rm(file.path);
    await writeFile(`${file.path}.secret`, "not mine");
    await symlink(`${file.path}.secret`, file.path);
    await expect(source.reply(event, { text: "", files: [file] })).rejects.toMatchObject({ code: "E_FILE" });
    expect(server.sent).toEqual([]);
  });

  it("waits where Telegram wants that, for a minute at most", async () => {
    const { server, source, event, clock } = await asked();
    const wait = (seconds: number) =>
      server.failNext("sendMessage", {
        status: 429,
        description: "Too Many",
        parameters: { retry_after: seconds },
      });
    wait(5);
    const sent = source.reply(event, { text: "patient" });
    await eventually(async () => {
      await clock.advance(1_000);
      return server.sent.length === 1;
    });
    expect(await sent).toBe("sent (id: 2)");
    wait(300);
    await expect(source.reply(event, { text: "too long" })).rejects.toThrow(
      "rate limited by Telegram, retry in 300 s",
    );
  });

  it.each([[0], [-5], ["soon"], [null], [1e-9], [{}]])(
    "is not sent again and again where Telegram asks to wait for %j",
    async (seconds) => {
      const { server, source, event, clock } = await asked();
      const refuse = () =>
        server.failNext("sendMessage", {
          status: 429,
          description: "Too Many",
          parameters: { retry_after: seconds as number },
        });
      for (let n = 0; n < 200; n += 1) refuse();
      const before = server.calls.filter(({ method }) => method === "sendMessage").length;
      const sent = source.reply(event, { text: "patient" }).catch(() => "refused");
      for (let second = 0; second < 5; second += 1) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        await clock.advance(1_000);
      }
      expect(server.calls.filter(({ method }) => method === "sendMessage").length - before).toBeLessThan(8);
      for (let second = 0; second < 70; second += 1) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await clock.advance(1_000);
      }
      expect(["refused", "sent (id: 2)"]).toContain(await sent);
    },
  );

  it("that breaks off says how much went out", async () => {
    const { server, source, event } = await asked({ options: { partLength: 200 } });
    server.failNext("sendMessage", { status: 400, description: "Bad Request: chat not found" }, 1);
    await expect(source.reply(event, { text: "word ".repeat(100) })).rejects.toThrow(
      "only 1 of 3 parts were sent (ids: 2), then: Telegram says: Bad Request: chat not found",
    );
  });

  it("of two at once does not mix with the other", async () => {
    const { server, source, event } = await asked({ options: { partLength: 200 } });
    const answer = (word: string) => source.reply(event, { text: `${word} `.repeat(100) });
    await Promise.all([answer("one"), answer("two")]);
    const words = server.sent.map(({ text }) => text.slice(0, 3));
    expect(words).toEqual([...words].sort());
    expect(new Set(words).size).toBe(2);
  });

  it("without anything in it is refused", async () => {
    const { source, event } = await asked();
    await expect(source.reply(event, { text: " " })).rejects.toThrow("nothing to send");
  });
});

it("goes to a person or a chat without an event", async () => {
  const { server, source } = await startBot();
  await source.chat.send?.({ person: "42" }, { text: "news" });
  await source.chat.send?.({ chatId: "-1001", threadId: "5" }, { text: "news" });
  expect(server.sent).toMatchObject([{ chatId: 42 }, { chatId: -1001, threadId: 5 }]);
});

describe("a reaction", () => {
  it("is put under the message of the event, or under another one", async () => {
    const { server, source, event, messageId } = await asked();
    expect(await source.chat.react?.(event, "👍")).toBe("reacted with 👍");
    expect(await source.chat.react?.(event, "❤️", "9")).toBe("reacted with ❤");
    expect(server.reactions).toEqual([
      { chatId: 42, messageId, emoji: "👍" },
      { chatId: 42, messageId: 9, emoji: "❤" },
    ]);
  });

  it("that Telegram does not have is the nearest, and none where none comes near", async () => {
    const { source, event } = await asked();
    expect(await source.chat.react?.(event, "✅")).toBe("reacted with 👍, the nearest match for ✅");
    await expect(source.chat.react?.(event, "🦆")).rejects.toMatchObject({
      message: "Telegram has no reaction 🦆",
      hint: expect.stringContaining("👍"),
    });
  });
});

describe("an edit", () => {
  it("replaces what was sent, also when nothing changes", async () => {
    const { server, source, event } = await asked();
    await source.reply(event, { text: "working" });
    expect(await source.chat.edit?.(event, "2", "**done**")).toBe("edited (id: 2)");
    expect(await source.chat.edit?.(event, "2", "**done**")).toBe("edited (id: 2)");
    expect(server.sent).toMatchObject([{ text: "done", markup: "<b>done</b>" }]);
  });

  it("says what is wrong: too long, no id, not ours", async () => {
    const { source, event } = await asked();
    await expect(source.chat.edit?.(event, "2", "x".repeat(5_000))).rejects.toThrow("longer than the 4096");
    await expect(source.chat.edit?.(event, "e1", "x")).rejects.toThrow(
      'message_id "e1" has the wrong format',
    );
    await expect(source.chat.edit?.(event, "99", "x")).rejects.toThrow("message to edit not found");
  });
});

describe("a download", () => {
  it("keeps what the person sent", async () => {
    const people = fakePeople();
    const document = { file_id: "d", file_name: "report.pdf" };
    const { server, source, event } = await asked({ people }, { document });
    server.addFile("d", "documents/file_1.pdf", Buffer.from("pdf"));
    const [attachment] = (event.data as unknown as { attachments: [never] }).attachments;
    expect(await source.chat.download?.(event, attachment)).toEqual({
      path: "/inbox/1-report.pdf",
      bytes: 3,
    });
    expect(people.saved.get("/inbox/1-report.pdf")?.toString()).toBe("pdf");
  });

  it("refuses what is too large, what is another message's, and paths of another disk", async () => {
    const { server, source, event } = await asked({}, { document: { file_id: "d" } });
    const [attachment] = (event.data as unknown as { attachments: [{ id: string; kind: "file" }] })
      .attachments;
    server.addFile("d", "documents/big", Buffer.alloc(21 * 1024 * 1024));
    await expect(source.chat.download?.(event, attachment)).rejects.toThrow("up to 20 MB");
    await expect(source.chat.download?.(event, { ...attachment, id: "2" })).rejects.toThrow(
      "no attachment 2",
    );
    for (const path of ["/var/lib/telegram/x", "../../secret", "a//b"]) {
      server.addFile("d", path, Buffer.from("x"));
      await expect(source.chat.download?.(event, attachment)).rejects.toThrow("paths on its own disk");
    }
  });
});
