import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { chatMeta, chatOptions } from "../../src/chat/options.ts";
import type { ChatData } from "../../src/contract/chat.ts";
import { createTemplateCompiler } from "../../src/templates/compile.ts";
import { viewWith } from "../templates/sample-view.ts";

const ajv = new Ajv({ useDefaults: true, strict: true, allowUnionTypes: true });
ajv.addVocabulary(["x-regex", "x-inert", "x-credential"]);
const validate = ajv.compile({
  type: "object",
  additionalProperties: false,
  properties: chatOptions,
});

describe("the options that all chats share", () => {
  it("admit nobody but whom a person pairs, unless they say otherwise", () => {
    const options = {};
    expect(validate(options)).toBe(true);
    expect(options).toEqual({
      access: { dm: "pairing", allow: [], groups: {}, mention_patterns: [], bots: [] },
    });
  });

  it("admit nobody in a group that names nobody", () => {
    const options = { access: { groups: { "-100": {} } } };
    expect(validate(options)).toBe(true);
    expect(options.access.groups["-100"]).toEqual({ mention: true, allow: [] });
  });

  it("take ids as texts and numbers, but no number whose last digits YAML has lost", () => {
    expect(validate({ access: { allow: ["41", 41] } })).toBe(true);
    expect(validate({ access: { allow: [Number("184467440737095516")] } })).toBe(false);
  });
});

describe("the meta that all chats offer", () => {
  const compiler = createTemplateCompiler();
  const render = async (data: ChatData, sender = { id: "41", name: "Ada" }) => {
    await compiler.prepare(Object.values(chatMeta));
    const view = viewWith(data, { sender });
    return Object.fromEntries(
      Object.entries(chatMeta).flatMap(([key, template]) => {
        const text = compiler.compile(template).render(view);
        return text === "" ? [] : [[key, text]];
      }),
    );
  };
  const message: ChatData = { text: "hello", chat_id: "41", message_id: "7", chat_type: "direct" };

  it("is who wrote, for a plain message", async () => {
    expect(await render(message)).toEqual({ user: "Ada", user_id: "41" });
  });

  it("names what is attached by what download takes", async () => {
    const attachments: ChatData["attachments"] = [
      { id: "a1", kind: "image", name: "cat.jpg", path: "/inbox/cat.jpg" },
      { id: "a2", kind: "voice" },
    ];
    expect(await render({ ...message, attachments })).toMatchObject({
      attachments: "a1: image cat.jpg, saved at /inbox/cat.jpg; a2: voice ",
    });
  });
});
