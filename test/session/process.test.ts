// A session on the real pipes of a real process, driven as Claude Code drives it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Metafile } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type SpawnedClaude, spawnClaude } from "../support/claude-simulator.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "session-"));
const running: SpawnedClaude[] = [];
let metafile: Metafile;

beforeAll(async () => {
  ({ metafile } = await build({
    absWorkingDir: root,
    entryPoints: { server: "test/support/servers/session-server.ts" },
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    metafile: true,
    banner: {
      js: 'import{createRequire as __require}from"node:module";const require=__require(import.meta.url);',
    },
  }));
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((claude) => claude.process.interrupt()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function spawn(): Promise<SpawnedClaude> {
  const server = { command: process.execPath, args: [join(folder, "server.mjs")] };
  const claude = await spawnClaude(server, { bootWindowMs: 0 });
  running.push(claude);
  return claude;
}

async function emit(claude: SpawnedClaude, count: number, bytes: number, parallel: number) {
  const { text } = await claude.callTool("emit", { count, bytes, parallel });
  return JSON.parse(text) as { taken: number[]; refused: number; rssMiB: number };
}

test("what answers the client at the start holds nothing of the MCP SDK, zod or Ajv", () => {
  const outputs = Object.entries(metafile.outputs);
  const loaded = new Set<string>();
  const visit = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    const imports = metafile.outputs[file]?.imports ?? [];
    for (const { path, kind } of imports)
      if (kind === "import-statement" && path in metafile.outputs) visit(path);
  };
  visit(outputs.find(([, output]) => output.entryPoint?.endsWith("session-server.ts"))![0]);
  const inputs = [...loaded].flatMap((file) => Object.keys(metafile.outputs[file]!.inputs));
  expect(inputs).toContain("src/session/session.ts");
  expect(inputs.filter((input) => input.includes("node_modules"))).toEqual([]);
});

describe("a session process", () => {
  test("delivers 5,000 events once and in order, and keeps its stdout clean", async () => {
    const claude = await spawn();
    const { taken } = await emit(claude, 5000, 200, 64);
    expect(taken).toHaveLength(5000);
    const events = await claude.waitForEvents(5000);
    expect(events.map(({ content }) => Number.parseInt(content, 10))).toEqual(
      Array.from({ length: 5000 }, (_, n) => n),
    );
    claude.assertCleanWire();
  });

  test("a client that stops reading costs bounded memory, and gets what was taken once and in order", async () => {
    const claude = await spawn();
    const before = (await emit(claude, 1, 1, 1)).rssMiB;
    claude.pauseReading();
    const call = emit(claude, 20_000, 20_000, 300);
    // All but the queue's content is refused while nobody reads; the rest leaves when reading resumes.
    await new Promise((resolve) => setTimeout(resolve, 500));
    claude.resumeReading();
    const { taken, refused, rssMiB } = await call;
    expect(refused).toBeGreaterThan(0);
    expect(rssMiB - before).toBeLessThan(100);
    const numbers = (await claude.waitForEvents(taken.length + 1))
      .map(({ content }) => Number.parseInt(content, 10))
      .slice(1);
    expect(numbers).toEqual([...taken].sort((a, b) => a - b));
    claude.assertCleanWire();
  });

  test("ends when stdin ends", async () => {
    const claude = await spawn();
    claude.closeStdin();
    expect((await claude.process.exited).code).toBe(0);
    expect(claude.process.stderr()).toContain("ended: stdin ended");
  });

  test("ends without an uncaught exception when its stdout is gone", async () => {
    const claude = await spawn();
    claude.process.stdout.destroy();
    for (let n = 0; n < 3; n += 1) claude.wire.writeRaw('{"jsonrpc":"2.0","id":"p","method":"ping"}\n');
    expect((await claude.process.exited).code).toBe(0);
    expect(claude.process.stderr()).toBe("ended: stdout was closed (EPIPE)\n");
  });

  test("survives garbage and half lines, and ends in order afterwards", async () => {
    const claude = await spawn();
    claude.wire.writeRaw(Buffer.from([0xff, 0xfe, 0x00, 0x0a]));
    claude.wire.writeRaw('{"jsonrpc":"2.0"}\n[]\nnull\n\n\r\n');
    expect(await claude.request("ping")).toEqual({});
    claude.wire.writeRaw('{"jsonrpc":"2.0","id":');
    claude.closeStdin();
    expect((await claude.process.exited).code).toBe(0);
    claude.assertCleanWire();
  });
});
