// Access over a folder of its own, with a clock that a test moves.

import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type AccessRequest, administer } from "../../src/access/administer.ts";
import { createPeople, type Verdicts } from "../../src/access/people.ts";
import { openAccessStore } from "../../src/access/store.ts";
import type { AccessOptions, IncomingMessage, Reception } from "../../src/contract/chat.ts";
import { writeStateFile } from "../../src/files/state-file.ts";
import { manualClock } from "../support/manual-clock.ts";

export const usual: AccessOptions = { dm: "pairing", allow: [], groups: {}, mentionPatterns: [], bots: [] };

const noVerdicts: Verdicts = { receive: async () => undefined, press: async () => ({ show: "nothing" }) };

export async function openWorld(access: Partial<AccessOptions> = {}, write = writeStateFile) {
  const folder = await mkdtemp("/tmp/cr-access-");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "access.json");
  const clock = manualClock();
  const told: string[] = [];
  const dropped: string[] = [];
  const options = { ...usual, ...access };
  const log = {
    info: () => {},
    warn: (line: string) => told.push(line),
    error: (line: string) => told.push(line),
  };
  let isTrusted = true;
  const store = openAccessStore({ file, clock, log, write });
  const people = createPeople({
    source: "phone",
    type: "testchat",
    access: options,
    mentions: (text) => options.mentionPatterns.some((pattern) => text.includes(pattern)),
    store,
    verdicts: noVerdicts,
    clock,
    save: async () => ({ path: "/inbox/x", bytes: 1 }),
    sessions: () => 1,
    dropped: (reason) => dropped.push(reason),
    isApprover: () => false,
    isTrusted: () => isTrusted,
    describe: () => "A Claude session is open.",
  });
  const administration = {
    store,
    clock,
    chats: () => ({ phone: { type: "testchat", access: options } }),
  };
  return {
    file,
    folder,
    clock,
    told,
    dropped,
    store,
    people,
    trust(next: boolean) {
      isTrusted = next;
    },
    receive: (message: Partial<IncomingMessage> = {}): Promise<Reception> =>
      people.receive(messageOf(message)),
    administration,
    administer: (request: AccessRequest) => administer(request, administration),
  };
}

export function messageOf(message: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    sender: { id: "41", name: "Ada" },
    isBot: false,
    chat: { id: "direct-41", kind: "direct" },
    text: "hello",
    isForUs: true,
    ...message,
  };
}

export const from = (id: string): Partial<IncomingMessage> => ({
  sender: { id },
  chat: { id: `direct-${id}`, kind: "direct" },
});

export function codeIn(reception: Reception): string {
  const code = reception.as === "answer" ? /access pair ([0-9a-f]{6})$/.exec(reception.text)?.[1] : undefined;
  if (code === undefined) throw new Error(`no code in ${JSON.stringify(reception)}`);
  return code;
}
