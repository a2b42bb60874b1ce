// The key of the state root that binds powers: with it, a power becomes a hash from which no secret can be
// guessed. Consent is remembered by such hashes, so that without the key nothing is trusted.

import { createHmac, randomBytes } from "node:crypto";
import { link, mkdir, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bind } from "../../plan/powers.ts";
import { readOwn } from "../../regular-file.ts";

const keyBytes = 32;

export interface TrustKeyOptions {
  /** Absolute path of the key file. */
  readonly file: string;
  /** Whether a missing key is created. `check` and `explain` write nothing. */
  readonly make: boolean;
}

/**
 * Never rejects. Without a key file (none yet, or the state root cannot be written) it binds with a random
 * key of this call: no hash of it is remembered anywhere, so that everything waits for consent.
 */
export async function openTrustKey({ file, make }: TrustKeyOptions): Promise<Bind> {
  const key = (await readKey(file)) ?? (make ? await makeKey(file) : undefined) ?? randomBytes(keyBytes);
  return (text) => createHmac("sha256", key).update(text).digest("hex");
}

async function readKey(file: string): Promise<Buffer | undefined> {
  try {
    // A key that others can read binds nothing: they could compute the hashes.
    const text = (await readOwn(file, 0o077)).toString("utf8").trim();
    return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, "hex") : undefined;
  } catch {
    return undefined;
  }
}

/** When several processes create it at once, all get the first one. */
async function makeKey(file: string): Promise<Buffer | undefined> {
  const temporary = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${randomBytes(keyBytes).toString("hex")}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(temporary, file).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
      // An unusable key binds nothing that could have been remembered.
      if ((await readKey(file)) === undefined) await rename(temporary, file);
    });
  } catch {
    // A state root that cannot be written stores no consent either; the code that writes it reports that.
  } finally {
    await unlink(temporary).catch(() => undefined); // It may never have been created.
  }
  return readKey(file);
}
