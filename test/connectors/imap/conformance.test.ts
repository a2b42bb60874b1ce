import { afterAll } from "vitest";
import { imap } from "../../../src/connectors/imap/index.ts";
import { hasDovecot, messageOf, password, startDovecot, user } from "../../support/servers/dovecot.ts";
import { testSource } from "../conformance.ts";

// Without Dovecot there is nothing that could deliver; dovecot.test.ts fails in CI then.
if (hasDovecot !== undefined) {
  const server = await startDovecot();
  afterAll(server.close);
  const required = { host: "127.0.0.1", port: server.port, tls: "none" as const, user, password };
  testSource({
    type: imap,
    written: required,
    options: {
      ...required,
      mailbox: "INBOX",
      seen: "keep",
      everyMs: 60_000,
      idleMs: 300_000,
      timeoutMs: 30_000,
      maxMessageBytes: 64 * 1024,
    },
    async arrive({ host, source }) {
      const isRunning = () => source.health?.().state === "running";
      const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
      const cursor = () => JSON.stringify(host.store.get("mailbox"));
      while (cursor() === undefined && isRunning()) await pause();
      const before = cursor();
      if (!isRunning()) return false;
      await server.deliver(messageOf("arrives"));
      while (cursor() === before && isRunning()) await pause();
      return cursor() !== before;
    },
  });
}
