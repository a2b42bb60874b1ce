import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openClaimRegister } from "../../src/cluster/claim-register.ts";
import { lookAt } from "../../src/cluster/process-identity.ts";
import type { ClaimRegister } from "../../src/contract/host.ts";

const token = "token:0123456789ab";
let runningFolder: string;
let other: { readonly pid: number; kill(): Promise<void> };

beforeEach(async () => {
  runningFolder = await mkdtemp("/tmp/cr-claims-");
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await once(child, "spawn");
  other = {
    pid: child.pid ?? 0,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
});
afterEach(async () => {
  await other.kill();
  await rm(runningFolder, { recursive: true });
});

const open = (isLeader = true): ClaimRegister =>
  openClaimRegister({ runningFolder, config: "/here/channels.yaml", isLeader });

/** The other process holds the claim. */
async function otherHolds(more: object = {}): Promise<void> {
  const folder = join(runningFolder, "claims", "token-0123456789ab");
  await mkdir(folder, { recursive: true });
  const look = await lookAt(other.pid);
  const holder = {
    pid: other.pid,
    start: look?.start,
    config: "/there/channels.yaml",
    isOwner: true,
    ...more,
  };
  await writeFile(join(folder, "other.json"), JSON.stringify(holder));
}

const files = () => readdir(join(runningFolder, "claims", "token-0123456789ab"));

it("a claim that another process holds is refused, with who holds it, and leaves nothing behind", async () => {
  await otherHolds();
  await expect(open().take([token])).rejects.toMatchObject({
    code: "E_CLAIM_HELD",
    retryable: true,
    message: `its token is in use by process ${other.pid}, which runs /there/channels.yaml`,
  });
  expect(await files()).toEqual(["other.json"]);
});

it("the claim of a process that was killed is free", async () => {
  await otherHolds();
  await other.kill();
  const giveBack = await open().take([token]);
  expect(await files()).toHaveLength(1);
  expect(await files()).not.toContain("other.json");
  await giveBack();
  expect(await files()).toEqual([]);
});

it("the claim of an earlier owner of the same config is free for a later one, and not for a router beside it", async () => {
  await otherHolds({ config: "/here/channels.yaml" });
  await (await open().take([token]))();
  await expect(open(false).take([token])).rejects.toMatchObject({ code: "E_CLAIM_HELD" });
});

it("a process may have a claim several times: one source leaves while the next begins", async () => {
  const first = await open().take([token]);
  const second = await open().take([token]);
  await first();
  expect(await files()).toHaveLength(1);
  await second();
});

it("only what counts for the whole machine is looked at", async () => {
  await open().take(["route:POST /x", "file:/x"]);
  expect(await readdir(runningFolder)).toEqual([]);
});

it("is private, and a damaged entry is nobody's", async () => {
  await otherHolds();
  await writeFile(join(runningFolder, "claims", "token-0123456789ab", "other.json"), "{");
  await open().take([token]);
  const [name] = (await files()).filter((file) => file !== "other.json");
  const { mode } = await stat(join(runningFolder, "claims", "token-0123456789ab", name ?? ""));
  expect(mode & 0o777).toBe(0o600);
});
