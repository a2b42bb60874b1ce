// A config as a router reads it: the real loader and the real plan, over files in a folder of their own.

import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import type { Power } from "../../src/contract/power.ts";
import { loadPlan, type ProvenConfig } from "../../src/daemon/start/load-plan.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export interface Project {
  /** Of the config. */
  readonly folder: string;
  /** Where `~` leads. */
  readonly home: string;
  /** Paths begin in the project; those that begin with `~/`, in the home folder. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  prove(config: string, env?: Readonly<Record<string, string>>): Promise<ProvenConfig>;
}

export function openProject(): Project {
  const top = realpathSync(mkdtempSync(join(tmpdir(), "cr-proven-")));
  folders.push(top);
  const [folder, home] = [join(top, "project"), join(top, "home")];
  const file = join(folder, "channels.yaml");
  return {
    folder,
    home,
    async write(files) {
      for (const [path, text] of Object.entries(files)) {
        const target = path.startsWith("~/") ? join(home, path.slice(2)) : join(folder, path);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, text);
      }
    },
    async prove(config, env = {}) {
      await this.write({ "channels.yaml": config });
      return loadPlan(file, { HOME: home, PATH: process.env.PATH, ...env }, { makeKey: true });
    },
  };
}

/** `secret http://host (sources.ci)` */
export function wordsOf(powers: readonly Power[]): string[] {
  return powers.map(({ power, value, component }) => `${power} ${value} (${component})`);
}
