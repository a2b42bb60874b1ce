// Claims: what only one router on this machine may hold, whatever its config, such as a bot by its token.
// Each holder has its own file in the folder of running routers. A router writes its file first and reads the
// others second, so that of two at once at least one sees the other. Files of processes that are gone are
// ignored.

import { randomBytes } from "node:crypto";
import { mkdir, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { ClaimRegister } from "../contract/host.ts";
import type { Claim } from "../contract.ts";
import { ConnectorError } from "../errors.ts";
import { readStateFile, writeStateFile } from "../files/state-file.ts";
import { isElsewhere, type Machine, thisMachine } from "./machine.ts";
import { isRunning, type ProcessIdentity, thisProcess } from "./process-identity.ts";

interface Holder extends ProcessIdentity {
  /** The config file. */
  readonly config: string;
  /**
   * True for the leader of that config: a later leader of the same one need not wait until it has noticed. The
   * file has this name for it.
   */
  readonly isOwner: boolean;
  readonly host?: Machine;
}

interface ClaimRegisterOptions extends Pick<Holder, "config"> {
  readonly isLeader: boolean;
  /** See `RunningRegister.runningFolder`. */
  readonly runningFolder: string;
}

export function openClaimRegister({ runningFolder, config, isLeader }: ClaimRegisterOptions): ClaimRegister {
  async function takeOne(claim: Claim): Promise<() => Promise<void>> {
    const host = await thisMachine();
    const self: Holder = {
      ...(await thisProcess()),
      config,
      isOwner: isLeader,
      ...(host === undefined ? {} : { host }),
    };
    const folder = join(runningFolder, "claims", claim.replaceAll(/[^A-Za-z0-9]+/g, "-"));
    const file = `${self.pid}-${randomBytes(4).toString("hex")}.json`;
    const giveBack = () => unlink(join(folder, file)).catch(() => undefined); // The folder was cleared, and the claim with it.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeStateFile(join(folder, file), `${JSON.stringify(self)}\n`);
    const others = (await readdir(folder)).filter((name) => name.endsWith(".json") && name !== file);
    for (const name of others) {
      const other = await readStateFile(join(folder, name));
      if (!isHolder(other) || (other.pid === self.pid && other.start === self.start)) continue;
      // Whether it runs cannot be determined from here.
      if (isElsewhere(other.host, host)) continue;
      if (!(await isRunning(other))) {
        await unlink(join(folder, name)).catch(() => undefined); // Another process may have been faster.
        continue;
      }
      if (isLeader && other.isOwner && other.config === config) continue;
      await giveBack();
      throw heldBy(other, claim);
    }
    return giveBack;
  }

  return {
    async take(claims) {
      const taken: (() => Promise<void>)[] = [];
      const giveBack = async () => {
        for (const one of taken.splice(0)) await one();
      };
      try {
        for (const claim of claims.filter(isWide)) taken.push(await takeOne(claim));
      } catch (error) {
        await giveBack();
        throw error;
      }
      return giveBack;
    },
  };
}

/** Ports and sockets are exclusive in the operating system, paths and files within one config. */
function isWide(claim: Claim): boolean {
  return claim.startsWith("token:");
}

function isHolder(value: unknown): value is Holder {
  const holder = value as Partial<Holder> | undefined | null;
  return (
    typeof holder?.pid === "number" && typeof holder.start === "string" && typeof holder.config === "string"
  );
}

function heldBy({ pid, config }: Holder, claim: Claim): ConnectorError {
  const [kind] = claim.split(":");
  return new ConnectorError("E_CLAIM_HELD", `its ${kind} is in use by process ${pid}, which runs ${config}`, {
    retryable: true,
    // Random, so that two routers that saw each other do not collide again.
    retryAfterMs: 2_000 + Math.floor(Math.random() * 2_000),
    hint: "stop that one, or give each config its own bot",
  });
}
