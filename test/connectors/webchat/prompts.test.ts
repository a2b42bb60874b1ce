import { WebchatSender } from "../../../src/connectors/webchat/chat.ts";
import { webchat } from "../../../src/connectors/webchat/index.ts";
import { openRooms } from "../../../src/connectors/webchat/rooms.ts";
import { createMemoryCursors, createStore } from "../../../src/host/store.ts";
import { fakePeople } from "../../support/fake-people.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { readHtmlParts } from "../../support/servers/telegram-html.ts";
import { testPrompts } from "../prompt-suite.ts";

const person = "ada";
const rooms = openRooms({
  store: createStore(createMemoryCursors(), "desk", "options"),
  limit: 10_000,
  shown: () => {},
});
const speaker = new WebchatSender({
  rooms,
  host: { clock: manualClock(), people: fakePeople() },
  typing: () => {},
  isKnown: () => true,
});

/** The page shows `html`, with what is in `<pre>` as a block. */
function looksLike(html: string) {
  const parts = readHtmlParts(html);
  if (parts instanceof Error) throw parts;
  const text = (isModels: boolean) =>
    parts
      .filter(({ tags }) => tags.includes("pre") === isModels)
      .map((part) => part.text)
      .join("");
  return { router: text(false), model: text(true) };
}

testPrompts({
  traits: webchat.chat,
  hasButtons: true,
  open: async () => ({
    chat: speaker,
    person,
    count: () => rooms.of(person).length,
    shown: (from) =>
      rooms
        .of(person)
        .slice(from)
        .map(({ html = "", from, prompt }) => {
          if (from !== "router") throw new Error(`it is from ${from}`);
          return { ...looksLike(html), buttons: (prompt?.buttons ?? []).map(({ button }) => button) };
        }),
  }),
});
