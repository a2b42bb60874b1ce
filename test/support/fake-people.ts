// Access for the tests of connectors: admits everybody unless told otherwise, and keeps what it was asked.

import type {
  ButtonPress,
  IncomingMessage,
  People,
  PressAnswer,
  Reception,
} from "../../src/contract/chat.ts";

export interface FakePeople extends People {
  readonly received: readonly IncomingMessage[];
  readonly presses: readonly ButtonPress[];
  /** What `save` was given, by the path that it answered. */
  readonly saved: ReadonlyMap<string, Buffer>;
}

export function fakePeople(
  answers: {
    receive?(message: IncomingMessage): Reception | Promise<Reception>;
    admits?(person: string): boolean;
    /** Default: as `admits`. */
    knows?(person: string): boolean;
    /** Default: one. */
    readonly sessions?: number;
    press?(press: ButtonPress): PressAnswer | Promise<PressAnswer>;
  } = {},
): FakePeople {
  const received: IncomingMessage[] = [];
  const presses: ButtonPress[] = [];
  const saved = new Map<string, Buffer>();
  return {
    received,
    presses,
    saved,
    async receive(message) {
      received.push(message);
      return (await answers.receive?.(message)) ?? { as: "event" };
    },
    admits: async (person) => answers.admits?.(person) ?? true,
    sessions: () => answers.sessions ?? 1,
    knows: async (person) => (answers.knows ?? answers.admits)?.(person) ?? true,
    async press(press) {
      presses.push(press);
      return (await answers.press?.(press)) ?? { show: "nothing" };
    },
    async save(name, content, maxBytes) {
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part);
      const all = Buffer.concat(parts);
      if (all.length > maxBytes) throw new Error(`${name} is over ${maxBytes} bytes`);
      const path = `/inbox/${saved.size + 1}-${name}`;
      saved.set(path, all);
      return { path, bytes: all.length };
    },
  };
}
