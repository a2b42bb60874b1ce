// One process of a config, for the stdio server and for `up`: attaches its client to the leader, or leads.
// What a leader needs is loaded only by a process that becomes one.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { joinCluster } from "../../cluster/cluster.ts";
import type { Cluster, ClusterOptions } from "../../cluster/options.ts";
import type { ConfigLocation } from "../../config/config-location.ts";
import { runningFolder } from "../../config/paths.ts";
import type { Log } from "../../contract.ts";
import { highestTerm, journalFault } from "../../journal/newer-format.ts";
import { cachedAnswers } from "../../session/initialize-result.ts";
import type { SafeLine } from "../../text.ts";
import { version } from "../../version.ts";
import type { OpenConsole } from "../state.ts";
import { cachedInitialize, initializeCacheFile } from "./cached-initialize.ts";
import type { RouterLocation } from "./router-location.ts";
import { missingVariables } from "./start-cache.ts";

interface JoinOptions {
  readonly location: RouterLocation;
  readonly found: ConfigLocation;
  /** Searches again. */
  find(): ConfigLocation;
  /** Ignored parts of the environment, one line each. */
  readonly notes: readonly SafeLine[];
  readonly log: Log;
  /** Absent for `up`. */
  readonly client?: Omit<NonNullable<ClusterOptions["client"]>, "early">;
  onSecrets(secrets: readonly string[]): void;
  /** Absent: a leader serves no console. */
  readonly openConsole?: OpenConsole;
  /** Ends this process in order, for `down`. */
  end(): void;
}

export function joinAsClient(options: JoinOptions): Cluster {
  const { location, found, find, notes, log, client, onSecrets, openConsole, end } = options;
  const { folder } = location;
  const journal = join(folder, "journal");
  let resigned: { readonly reason: string; readonly print: string } | undefined;
  const cluster = joinCluster({
    folder,
    version,
    log,
    ...(client === undefined
      ? {}
      : {
          client: {
            ...client,
            early: cachedInitialize(found, folder).then((known) => known && cachedAnswers(known)),
          },
        }),
    eligible: () => missingNow(found, folder).length === 0,
    prepare: () => import("../daemon.ts"),
    warm: async () => (await import("./warm-up.ts")).warmUp(found),
    async serve(role) {
      const { Daemon } = await import("../daemon.ts");
      const daemon = new Daemon({
        role,
        found,
        find,
        notes,
        folder,
        log,
        background: client === undefined,
        onLifecycle: (shown) => {
          if (client === undefined) log.info(shown);
        },
        onSecrets,
        openConsole,
        end,
        async resign(reason) {
          resigned = { reason, print: await printOf(journal) };
          cluster.resign();
        },
      });
      return daemon.start();
    },
    highestTerm: () => highestTerm(journal),
    async unfit() {
      // A folder that was unreadable is retried once its content differs.
      if (resigned !== undefined && resigned.print !== (await printOf(journal))) resigned = undefined;
      return resigned?.reason ?? journalFault(journal);
    },
    register: { folder, runningFolder: runningFolder(process.env), config: location.config },
  });
  return cluster;
}

/** Differs when a file of the folder was added, removed or changed. */
async function printOf(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const looked = names.map((name) =>
    stat(join(folder, name)).then(
      ({ ino, size, mode, ctimeMs }) => [name, ino, size, mode, ctimeMs].join(),
      () => name,
    ),
  );
  return (await Promise.all(looked)).sort().join("\n");
}

/** Variables that the last good start of this config had and this process has not. */
export function missingNow(found: ConfigLocation, folder: string): readonly string[] {
  const path = initializeCacheFile(found, folder);
  return path === undefined ? [] : missingVariables(path, process.env);
}
