// A process that is only a session on its stdio, with tools that make it deliver events. Bundled by the test that runs it.
import { channelCapabilities } from "../../../src/session/initialize-result.ts";
import { openSession } from "../../../src/session/session.ts";
import type { ModelText } from "../../../src/text/neutralise.ts";
import { line, type SafeText, safeJson } from "../../../src/text.ts";

const log = (line: string): void => void process.stderr.write(`${line}\n`);
const session = openSession({
  input: process.stdin,
  output: process.stdout,
  initializeResult: {
    serverInfo: { name: "session", version: "1" },
    capabilities: channelCapabilities,
    instructions: line`x`,
  },
  log: { info: log, warn: log, error: log },
});

/** Delivers `count` events, `parallel` at a time, and says what became of them. */
async function emit(count: number, bytes: number, parallel: number): Promise<SafeText> {
  const padding = "x".repeat(bytes);
  const started = performance.now();
  const taken: number[] = [];
  let refused = 0;
  let next = 0;
  async function worker(): Promise<void> {
    while (next < count) {
      const n = next++;
      const meta = { channel: "c", event_id: `e${n}` };
      try {
        await session.deliver({
          eventId: `e${n}`,
          channel: "c",
          content: `${n} ${padding}` as ModelText,
          meta,
          tokens: 1,
        });
        taken.push(n);
      } catch (error) {
        if ((error as { code?: string }).code !== "E_SESSION_BUSY") throw error;
        refused += 1;
        // A sender that is told to come back does not come back in the same tick.
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
  await Promise.all(Array.from({ length: parallel }, worker));
  const rssMiB = process.memoryUsage().rss / 1024 / 1024;
  return safeJson({
    taken,
    refused,
    microseconds: (1000 * (performance.now() - started)) / count,
    rssMiB,
  });
}

const whole = { type: "integer", minimum: 0 };
await session.attachTools(
  [
    {
      name: "emit",
      description: line`Delivers events`,
      input: { type: "object", properties: { count: whole, bytes: whole, parallel: whole } },
      call: ({ count, bytes, parallel }) => emit(Number(count), Number(bytes), Number(parallel)),
    },
  ],
  (text) => text,
);

const reason = await session.ended;
await session.close();
log(`ended: ${reason}`);
process.exit(0);
