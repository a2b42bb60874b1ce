// The last active config, in the state folder: a leader whose config file is broken at the start uses it.
// Only the texts of the config and of its recipes are stored. Variables, secrets and consent are looked up
// again, so it can do only what the user agreed to for exactly these texts.

import { dirname, join } from "node:path";
import { projectFolder, realPath } from "../../config/paths.ts";
import type { LoadedConfig } from "../../config/values.ts";
import { readStateFile, writeStateFile } from "../../files/state-file.ts";
import type { Bind } from "../../plan/powers.ts";
import { isWithin } from "../../within.ts";

type Texts = LoadedConfig["texts"];

interface Kept {
  readonly file: string;
  readonly texts: readonly (readonly [
    path: string,
    kept: { readonly text: string; readonly sha256: string },
  ])[];
  /** Made with the key of the state root: what others wrote there does not count. */
  readonly seal: string;
}

const pathIn = (folder: string) => join(folder, "active-config.json");

/** Rejects when the state folder cannot be written. */
export async function keepActive(folder: string, loaded: LoadedConfig, bind: Bind): Promise<void> {
  if (isInProject(folder, loaded.file)) return;
  const content = { file: loaded.file, texts: [...loaded.texts] };
  const kept: Kept = { ...content, seal: sealOf(content, bind) };
  await writeStateFile(pathIn(folder), `${JSON.stringify(kept)}\n`);
}

/** Undefined when nothing was stored for this file, or it was not stored by this router. */
export async function readActive(folder: string, file: string, bind: Bind): Promise<Texts | undefined> {
  if (isInProject(folder, file)) return undefined;
  const kept = (await readStateFile(pathIn(folder))) as Partial<Kept> | undefined;
  if (kept?.file !== file || !Array.isArray(kept.texts) || typeof kept.seal !== "string") return undefined;
  if (kept.seal !== sealOf({ file, texts: kept.texts }, bind)) return undefined;
  return new Map(kept.texts);
}

/** A process that can write in the project could write there. */
function isInProject(folder: string, file: string): boolean {
  return isWithin(realPath(folder), projectFolder(dirname(file), process.env));
}

function sealOf({ file, texts }: Pick<Kept, "file" | "texts">, bind: Bind): string {
  return bind(JSON.stringify(["active config", file, texts]));
}
