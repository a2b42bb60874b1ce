// What this process knows of its own client, for the leader: the project, the label, and evidence of whether
// it listens.

import { join } from "node:path";
import type { SessionFacts } from "../../cluster/protocol.ts";
import { claudeConfigFolder, realPath, setVariable } from "../../config/paths.ts";
import { isWithin } from "../../within.ts";
import { clientCacheFolder } from "../client-log.ts";
import { activeSwitches } from "../client-switches.ts";
import { pluginName } from "../listening.ts";
import { type Ancestor, findClient, isClaude, readAncestors } from "./client-watch.ts";

export interface ClientFacts {
  facts(): SessionFacts;
  /** The process that this one ends with, once it is known; settles when the search is over. */
  readonly client: Promise<Ancestor | undefined>;
}

interface ClientFactsOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** `--label`, else `$CHANNEL_ROUTER_LABEL`. */
  readonly label: string | undefined;
  /** Names of the running config's variables that this process does not have. */
  missing(): readonly string[];
  /** Why the client's inbox cannot be used; true when it can, undefined when it has none. */
  inbox?(): true | string | undefined;
  /** Called when more became known. */
  onChange(): void;
}

export function readClientFacts(options: ClientFactsOptions): ClientFacts {
  const { env, cwd, label, missing, inbox, onChange } = options;
  const startedMs = Date.now();
  let command: readonly string[] | undefined;
  let sessionFile: string | undefined;
  let ancestor: Ancestor | undefined;
  const client = readAncestors().then((ancestors) => {
    const found = findClient(ancestors, env);
    ancestor = found;
    if (found !== undefined && isClaude(found.command)) {
      command = found.command;
      sessionFile = join(claudeConfigFolder(env), "sessions", `${found.pid}.json`);
    }
    if (found !== undefined) onChange();
    return found;
  });
  const plugin = pluginOf(env);
  const switches = activeSwitches(env);
  const named = label ?? env.CHANNEL_ROUTER_LABEL;
  return {
    client,
    facts: () => ({
      ...(env.CLAUDE_CODE_SESSION_ID === undefined ? {} : { session: env.CLAUDE_CODE_SESSION_ID }),
      project: env.CLAUDE_PROJECT_DIR ?? cwd,
      ...(named === undefined || named === "" ? {} : { label: named }),
      // The leader decides: it knows the client's name, and which events Claude named.
      listening: { state: "unknown", reason: "not judged yet" },
      missing: missing(),
      details: {
        startedMs,
        cacheFolder: clientCacheFolder(env),
        configFolder: claudeConfigFolder(env),
        switches,
        ...(plugin === undefined ? {} : { plugin }),
        ...(command === undefined ? {} : { claudeCommand: [...command] }),
        ...(ancestor === undefined ? {} : { client: { pid: ancestor.pid, start: ancestor.start } }),
        ...inboxFact(inbox?.()),
        ...(sessionFile === undefined ? {} : { sessionFile }),
      },
    }),
  };
}

function inboxFact(inbox: true | string | undefined): { inbox?: true | string } {
  return inbox === undefined ? {} : { inbox };
}

/**
 * The name of the plugin that started this process. The client sets CLAUDE_PLUGIN_ROOT for the servers of a plugin (Plugins reference),
 * and for programs that Claude runs: only a program inside that folder is the plugin's own.
 */
export function pluginOf(
  env: Readonly<NodeJS.ProcessEnv>,
  program: string = process.argv[1] ?? "",
): string | undefined {
  const folder = setVariable(env, "CLAUDE_PLUGIN_ROOT");
  return folder !== undefined && isWithin(realPath(program), realPath(folder)) ? pluginName : undefined;
}
