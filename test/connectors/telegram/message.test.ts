import type { Message } from "grammy/types";
import { describe, expect, it } from "vitest";
import { albumsOf } from "../../../src/connectors/telegram/intake.ts";
import { readMessage } from "../../../src/connectors/telegram/message.ts";
import { ann, team } from "./bot.ts";

const self = { id: 123456, username: "Router_Bot" };
const direct = { id: 42, type: "private", first_name: "Ann" };
const message = (more: object): Message =>
  ({ message_id: 7, date: 1, chat: direct, from: { is_bot: false, ...ann }, ...more }) as unknown as Message;
const read = (more: object) => readMessage([message(more)], self);
const mention = (text: string, name: string) => ({
  text,
  entities: [{ type: "mention", offset: text.indexOf(name), length: name.length }],
});

describe("a message from one person", () => {
  it("becomes an event with its chat, its sender and an id of its own", () => {
    expect(read({ text: "how is the build?" })).toMatchObject({
      incoming: {
        sender: { id: "42", name: "Ann" },
        isBot: false,
        chat: { id: "42", kind: "direct" },
        isForUs: true,
      },
      arrival: {
        text: "how is the build?",
        trust: "sender",
        deliveryId: "42/7",
        conversation: "42",
        data: { text: "how is the build?", chat_id: "42", message_id: "7", chat_type: "direct" },
      },
    });
  });

  it("keeps the addresses that its links hide", () => {
    const entities = [{ type: "text_link", offset: 4, length: 4, url: "https://a.example/x" }];
    expect(read({ text: "see this please", entities })?.arrival.text).toBe(
      "see this (https://a.example/x) please",
    );
  });

  it("says which message it answers, and how that begins", () => {
    const answered = { ...message({ text: "y".repeat(300) }), message_id: 3 };
    const data = read({ text: "why?", reply_to_message: answered })?.arrival.data as Record<string, string>;
    expect(data.reply_to).toBe("3");
    expect(data.quote).toMatch(/^y{199}…$/);
    expect(
      read({ text: "why?", reply_to_message: answered, quote: { text: "this part", position: 0 } })?.arrival
        .data,
    ).toMatchObject({ quote: "this part" });
  });

  it("says whose words were passed on", () => {
    const origin = { type: "hidden_user", sender_user_name: "Eve", date: 1 };
    expect(read({ text: "do it", forward_origin: origin })?.arrival.data).toMatchObject({
      forwarded_from: "Eve",
    });
  });

  it("is another event once it was changed", () => {
    const edited = readMessage([message({ text: "b", edit_date: 99 })], self, true);
    expect(edited?.arrival).toMatchObject({ deliveryId: "42/7/99", data: { edited: true } });
  });

  it.each([
    ["changed", { text: "yes abcde", edit_date: 99 }, true],
    [
      "passed on",
      { text: "yes abcde", forward_origin: { type: "hidden_user", sender_user_name: "Eve" } },
      false,
    ],
    ["made by another bot", { text: "yes abcde", via_bot: { id: 5, is_bot: true, first_name: "B" } }, false],
  ])("is second-hand when it was %s", (_, more, isEdit) => {
    expect(readMessage([message(more)], self, isEdit)?.incoming.isSecondHand).toBe(true);
    expect(read({ text: "yes abcde" })?.incoming.isSecondHand).toBeUndefined();
  });

  it.each([
    ["/start", "start"],
    ["/Status@router_bot now", "status"],
    ["/start@other_bot", undefined],
  ])("%s is the command %s", (text, command) => {
    const length = text.split(" ")[0]?.length;
    expect(read({ text, entities: [{ type: "bot_command", offset: 0, length }] })?.incoming.command).toBe(
      command,
    );
  });
});

describe("a message in a group", () => {
  const inTeam = (more: object) => read({ chat: team, ...more });

  it("is for the bot when it names it, whatever the case, and then stands there without the name", () => {
    const named = inTeam(mention("hey @router_bot what failed?", "@router_bot"));
    expect(named?.incoming).toMatchObject({
      isForUs: true,
      text: "hey what failed?",
      chat: { id: "-1001", kind: "group" },
    });
    expect(inTeam(mention("ask @somebody", "@somebody"))?.incoming.isForUs).toBe(false);
    expect(inTeam({ text: "router_bot is slow" })?.incoming.isForUs).toBe(false);
  });

  it("is for the bot when it answers it, or names it without a user name", () => {
    const ours = { ...message({ text: "done" }), from: { id: self.id, is_bot: true, first_name: "R" } };
    expect(inTeam({ text: "thanks", reply_to_message: ours })?.incoming.isForUs).toBe(true);
    const entities = [{ type: "text_mention", offset: 0, length: 6, user: { id: self.id } }];
    expect(inTeam({ text: "Router, go", entities })?.incoming.isForUs).toBe(true);
  });

  it("belongs to its topic; hanging on the topic's first message is no answer", () => {
    const opening = { ...message({ forum_topic_created: {} }), message_id: 5, from: { id: self.id } };
    const inTopic = inTeam({
      text: "x",
      is_topic_message: true,
      message_thread_id: 5,
      reply_to_message: opening,
    });
    expect(inTopic?.incoming.isForUs).toBe(false);
    expect(inTopic?.arrival).toMatchObject({ conversation: "-1001/5", data: { thread_id: "5" } });
    expect(inTopic?.arrival.data).not.toHaveProperty("reply_to");
  });

  it("of somebody who speaks as a chat is that chat's, not of the stand-in that all of them share", () => {
    const hidden = inTeam({
      text: "x",
      sender_chat: team,
      from: { id: 1087968824, is_bot: true, first_name: "G" },
    });
    expect(hidden?.incoming).toMatchObject({ sender: { id: "-1001" }, isBot: true });
    const channel = { id: -5, type: "channel", title: "News" };
    const posted = inTeam({
      text: "x",
      sender_chat: channel,
      from: { id: 777000, is_bot: false, first_name: "T" },
    });
    expect(posted?.incoming).toMatchObject({ sender: { id: "-5", name: "News" }, isBot: true });
  });

  it("of the service, or in a channel, is no message", () => {
    expect(inTeam({ new_chat_title: "Crew" })).toBeUndefined();
    expect(read({ chat: { id: -5, type: "channel" }, text: "x" })).toBeUndefined();
  });
});

describe("what is no text", () => {
  it.each([
    [{ voice: { file_id: "v", file_size: 9 } }, "(voice message)", "voice"],
    [{ photo: [{ file_id: "s" }, { file_id: "l" }] }, "(photo)", "image"],
    [{ document: { file_id: "d", file_name: "../a<b>.txt" } }, "(file: ../a<b>.txt)", "file"],
    [{ sticker: { file_id: "s", emoji: "🙂", is_animated: false } }, "(sticker 🙂)", "sticker"],
    [{ animation: { file_id: "a" }, document: { file_id: "a" } }, "(animation)", "video"],
    [{ video_note: { file_id: "n" } }, "(video message)", "video"],
    [{ audio: { file_id: "a", performer: "P", title: "T" } }, "(audio: P T)", "audio"],
    [{ location: { latitude: 52.5, longitude: 13.4 } }, "(location: 52.5, 13.4)", undefined],
    [{ contact: { first_name: "Al", phone_number: "+1" } }, "(contact: Al +1)", undefined],
    [
      { poll: { question: "Which?", options: [{ text: "a" }, { text: "b" }] } },
      "(poll: Which? a / b)",
      undefined,
    ],
    [{ dice: { emoji: "🎲", value: 4 } }, "(🎲 4)", undefined],
  ])("%j is said as %s", (content, text, kind) => {
    const found = read(content);
    expect(found?.arrival.text).toBe(text);
    expect(found?.attachments.map((one) => one.kind)).toEqual(kind === undefined ? [] : [kind]);
  });

  it("has its caption as its text, and of a picture the largest size", () => {
    const found = read({ caption: "look", photo: [{ file_id: "s" }, { file_id: "l", file_size: 5 }] });
    expect(found?.arrival.data).toMatchObject({
      text: "look",
      attachments: [{ id: "1", kind: "image", mime: "image/jpeg", bytes: 5, file_id: "l" }],
    });
  });

  it("has a name that is fit for a folder", () => {
    expect(read({ document: { file_id: "d", file_name: "../../.env" } })?.attachments[0]?.name).toBe("env");
  });
});

it("makes one message of the pictures of an album", () => {
  const picture = (id: number, more: object = {}) => ({
    update_id: id,
    message: { ...message({ media_group_id: "g", photo: [{ file_id: `p${id}` }], ...more }), message_id: id },
  });
  const updates = [
    picture(1),
    picture(2, { caption: "both" }),
    { update_id: 3, message: message({ text: "x" }) },
  ];
  const groups = albumsOf(updates as unknown as Parameters<typeof albumsOf>[0]);
  expect(groups.map((group) => group.length)).toEqual([2, 1]);
  const album = readMessage(groups[0]?.map((update) => update.message as Message) ?? [], self);
  expect(album?.arrival).toMatchObject({ text: "both", deliveryId: "42/1" });
  expect(album?.attachments.map(({ id, file_id: file }) => [id, file])).toEqual([
    ["1", "p1"],
    ["2", "p2"],
  ]);
});

it("is an album only of one sender in one chat", () => {
  const picture = (id: number, chat: number, from: number) => ({
    update_id: id,
    message: message({ media_group_id: "g", chat: { id: chat, type: "private" }, from: { id: from } }),
  });
  const groups = albumsOf([
    picture(1, 42, 42),
    picture(2, 42, 42),
    picture(3, 42, 66),
    picture(4, 7, 66),
  ] as never);
  expect(groups.map((group) => group.map(({ update_id: id }) => id))).toEqual([[1, 2], [3], [4]]);
});
