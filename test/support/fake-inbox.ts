// The inbox of a Claude Code session: a Unix socket that takes lines of JSON and never answers. Other forms of it too.

import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface FakeInbox {
  readonly env: Readonly<Record<string, string>>;
  /** The lines of each connection. */
  readonly conversations: string[][];
  /** The texts of the messages that came with the right token. */
  messages(): string[];
  close(): void;
}

export const inboxToken = "t0ken-of-this-session";

/** `onLine`: what another form does with a line. `hangs`: no connection is taken. */
export async function openInbox({
  onLine,
  onConnection,
}: {
  onLine?(socket: Socket, line: string): void;
  onConnection?(socket: Socket): void;
} = {}): Promise<FakeInbox> {
  const folder = mkdtempSync(join(tmpdir(), "cr-inbox-"));
  const path = join(folder, "inbox.sock");
  const conversations: string[][] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    const lines: string[] = [];
    conversations.push(lines);
    let rest = "";
    socket.setEncoding("utf8").on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const line of parts) {
        lines.push(line);
        onLine?.(socket, line);
      }
    });
    socket.on("error", () => undefined);
    onConnection?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    env: { CLAUDE_CODE_MESSAGING_SOCKET: path, CLAUDE_CODE_MESSAGING_TOKEN: inboxToken },
    conversations,
    messages: () =>
      conversations.flatMap(([first, ...lines]) => {
        const auth = JSON.parse(first ?? "{}") as { type?: string; token?: string };
        if (auth.type !== "auth" || auth.token !== inboxToken) return [];
        return lines.map((line) => {
          const message = JSON.parse(line) as { type: string; message: { role: string; content: string } };
          return `${message.type} ${message.message.role}: ${message.message.content}`;
        });
      }),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
