// The answer to `initialize`, as early as possible: from the cache of the last start when no input changed,
// else as soon as the config was read.

import type { ConfigLocation } from "../../config/config-location.ts";
import type { ConfigValues, LoadedConfig } from "../../config/values.ts";
import type { JsonObject, SourceType } from "../../contract.ts";
import { createMask } from "../../host/secret-mask.ts";
import {
  channelCapabilities,
  type InitializeResult,
  relayCapabilities,
} from "../../session/initialize-result.ts";
import { writeInstructions } from "../../session/instructions.ts";
import { version } from "../../version.ts";
import { cachedInitialize, initializeCacheFile } from "./cached-initialize.ts";
import { writeStartCache } from "./start-cache.ts";

export interface FastInitialize {
  /** For a new client. */
  result(): Promise<InitializeResult>;
  /** Answers a client that still waits and all later ones, and caches the answer for the next start. */
  settle(loaded: LoadedConfig | undefined, problems: number, consent: InitializeConsent): Promise<void>;
}

/** What the user agreed to of a discovered config. */
export interface InitializeConsent {
  /** False: clients see no config. */
  readonly use: boolean;
  /** False: its own texts for Claude are omitted. */
  readonly instruct: boolean;
  /** When it differs, the cached result does not count. */
  readonly digest: string;
}

export function initializeEarly(found: ConfigLocation, folder: string): FastInitialize {
  const cacheFile = initializeCacheFile(found, folder);
  let answer: (result: InitializeResult) => void = () => {};
  const written = new Promise<InitializeResult>((resolve) => {
    answer = resolve;
  });
  const cached = cachedInitialize(found, folder);

  let current: Promise<InitializeResult> = cached.then((known) => known ?? written);
  let kept = cached;

  return {
    result: () => current,
    async settle(loaded, problems, consent) {
      const result = initializeResultOf(loaded, problems, consent);
      answer(result);
      current = Promise.resolve(result);
      if (cacheFile === undefined || loaded === undefined || problems > 0) return;
      const before = await kept;
      // From the second time on the files differ, whatever the result is.
      kept = Promise.resolve(undefined);
      if (JSON.stringify(before) === JSON.stringify(result)) return;
      const { files, environment } = loaded;
      const inputs = { files, environment, consent: consent.digest };
      await writeStartCache(cacheFile, version, process.env, inputs, result);
    },
  };
}

function initializeResultOf(
  read: LoadedConfig | undefined,
  problems: number,
  { use, instruct }: InitializeConsent,
): InitializeResult {
  // A config that nobody agreed to use counts as absent: none of its texts and names reach the client.
  const loaded = use ? read : undefined;
  const { server, channels = {}, sources = {}, permissions }: Partial<ConfigValues> = loaded?.values ?? {};
  const serverName = server?.name ?? "router";
  const mask = createMask(loaded?.secrets ?? []);
  const answers = (source: string): boolean => {
    const { type = "", options = {} } = sources[source] ?? {};
    const found = loaded?.types.get(type) as SourceType<JsonObject> | undefined;
    return found?.answers?.(options) === true;
  };
  const chatOf = (source: string) => loaded?.types.get(sources[source]?.type ?? "")?.chat;
  const canAsk = permissions?.relay.some(
    (source) => sources[source]?.enabled === true && chatOf(source)?.can.includes("ask") === true,
  );
  const described = Object.entries(channels).map(([name, channel]) => {
    const { description, from, receipt, reply = true, outsideRecipe } = channel;
    // The file of a recipe from outside may be read before the user agreed to that.
    const isShown = description !== undefined && instruct && outsideRecipe === undefined;
    return {
      name,
      ...(isShown ? { description: mask(description) } : {}),
      sources: from,
      connectors: from.flatMap((source) => sources[source]?.type ?? []),
      receipt: receipt !== undefined,
      answerable: reply === true && from.some(answers),
      sinks: Array.isArray(reply) ? reply : [],
    };
  });
  // A source that no channel names feeds a channel of its own name.
  const named = new Set(described.flatMap((channel) => channel.sources));
  const defaults = Object.entries(sources)
    .filter(([name]) => !named.has(name))
    .map(([name, { type }]) => ({ name, sources: [name], connectors: [type], answerable: answers(name) }));
  return {
    serverInfo: { name: serverName, version },
    capabilities: canAsk ? relayCapabilities : channelCapabilities,
    instructions: writeInstructions({
      own: instruct ? mask(server?.instructions ?? "") : "",
      serverName,
      channels: [...described, ...defaults],
      // The rule about chats also applies to what the user agrees to later.
      chats: !use || Object.keys(sources).some((source) => chatOf(source) !== undefined),
      problems,
      waits: !use,
    }),
  };
}

/** What a client with the result `before` cannot be sent again, described for the user. */
export function initializeChanges(before: InitializeResult, now: InitializeResult): string[] {
  return [
    ...(before.serverInfo.name === now.serverInfo.name ? [] : ["the server's name"]),
    ...(JSON.stringify(before.capabilities) === JSON.stringify(now.capabilities) ? [] : ["the capabilities"]),
    ...(before.instructions === now.instructions ? [] : ["the instructions"]),
  ];
}
