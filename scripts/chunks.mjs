// Which module of the program goes into which file of dist/chunks/. Each chunk is what its roots import, without what an earlier chunk
// has: so no chunk imports a later one, none is loaded before it is needed, and there are few of them.

const connector = (type) => `src/connectors/${type}/index.ts`;
const command = (name) => `src/cli/commands/${name}.ts`;

const checks = ["access", "add", "check", "configure", "doctor", "explain", "send", "trust", "up"].map(
  command,
);
const daemon = [
  "src/cluster/leader.ts",
  "src/daemon/daemon.ts",
  "src/daemon/start/warm-up.ts",
  "src/console/listener.ts",
];

const http = [connector("http"), "src/connectors/http/sink/index.ts"];
const chats = [
  "src/daemon/chat/chat-service.ts",
  ...["telegram", "discord", "slack", "imessage", "webchat"].map(connector),
];
const sources = [
  ...["command", "cron", "feed", "imap", "poll", "sse", "tail", "watch", "websocket"].map(connector),
  "src/connectors/command/sink/index.ts",
  "src/connectors/file/sink/index.ts",
];

/** Each with its roots; with `both`, it has what two lists of roots import in common. */
const chunks = [
  // What a session that connects to a running leader needs. main.ts is not in it but in the entry: it awaits other chunks, which import this
  // one, and would wait for each other.
  {
    name: "start",
    roots: [
      "src/daemon/start/guard-environment.ts",
      "src/cli/commands/run.ts",
      "src/plan/found.ts",
      "src/daemon/trust/trust-file.ts",
      "src/daemon/trust/trust-key.ts",
      "src/daemon/wake/inbox.ts",
    ],
  },
  // A hook runs at the end of each turn, usually to find that there is nothing to do.
  { name: "wake", roots: ["src/cli/wake/plugin-ways.ts"] },
  {
    name: "control",
    roots: [
      "src/cli/real-context.ts",
      ...["down", "events", "reload", "silence", "status", "why"].map(command),
    ],
  },
  { name: "cli", roots: ["src/cli/program.ts"] },
  { name: "plan", roots: ["src/daemon/start/load-plan.ts"] },
  { name: "shared", roots: checks, both: daemon },
  { name: "connecting", roots: [...http, ...chats, ...sources], both: daemon },
  { name: "connecting", roots: sources, both: chats },
  { name: "check", roots: checks },
  { name: "daemon", roots: daemon },
  { name: "server", roots: ["src/session/server.ts"] },
  // Loaded by the first request of a browser.
  { name: "browser", roots: [/^src\/browser\//] },
  { name: "console", roots: ["src/console/console.ts"] },
  // What only some of its commands need.
  { name: "trial", roots: [/^src\/console\/(?!page\/)/] },
  { name: "http", roots: http },
  { name: "chats", roots: chats },
  { name: "sources", roots: sources },
  // Only where the config or the environment asks for metrics or traces.
  {
    name: "telemetry",
    roots: [
      "src/daemon/metrics/metrics.ts",
      "src/daemon/traces/event-traces.ts",
      "src/daemon/traces/exporter.ts",
    ],
  },
  { name: "json-schema", roots: ["src/plan/compile/input-schema.ts"] },
  { name: "commands", roots: [/^src\/cli\/(?:commands|console|hooks|recipes)\//] },
];

/**
 * A plugin for rolldown and its `codeSplitting`. Libraries that are imported only when they are used are in none of these chunks: each gets
 * one of its own.
 */
export function chunking(root) {
  const chunkOf = new Map();
  const plugin = {
    name: "chunks",
    buildEnd() {
      for (const { name, roots, both } of chunks) {
        const other = both === undefined ? undefined : importsOf(this, both);
        for (const id of importsOf(this, roots))
          if (!chunkOf.has(id) && (other === undefined || other.has(id))) chunkOf.set(id, name);
      }
    },
    generateBundle(_, bundle) {
      removeFacades(bundle);
    },
  };
  /** The roots, and all that they import, by however many steps. */
  function importsOf(context, roots) {
    const all = [...context.getModuleIds()];
    const found = new Set();
    const todo = roots.flatMap((from) => {
      const ids = all.filter((id) =>
        typeof from === "string" ? id === root + from : from.test(id.slice(root.length)),
      );
      if (ids.length === 0) throw new Error(`scripts/chunks.mjs: no module matches ${from}`);
      return ids;
    });
    for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
      if (found.has(id)) continue;
      found.add(id);
      todo.push(...(context.getModuleInfo(id)?.importedIds ?? []));
    }
    return found;
  }
  const groups = [{ name: (id) => chunkOf.get(id) ?? null, debugName: "chunks" }];
  return { plugin, codeSplitting: { includeDependenciesRecursively: false, groups } };
}

/**
 * For every module that is imported on demand, rolldown writes a file of one line that passes on its exports from the chunk that has it.
 * The import can name that chunk.
 */
function removeFacades(bundle) {
  const passedOn = new Map();
  for (const [path, chunk] of Object.entries(bundle)) {
    const facade = chunk.type === "chunk" ? facadeOf(chunk.code) : undefined;
    if (facade !== undefined) passedOn.set(path.slice(path.lastIndexOf("/") + 1), { path, ...facade });
  }
  const kept = new Set();
  for (const chunk of Object.values(bundle)) {
    if (chunk.type !== "chunk") continue;
    chunk.code = chunk.code.replace(
      /\bimport\((["`])(\.\/(?:chunks\/)?)([^"`]+)\1\)/g,
      (all, _, folder, file) => {
        const facade = passedOn.get(file);
        return facade === undefined ? all : `import("${folder}${facade.from}").then(e=>({${facade.fields}}))`;
      },
    );
    for (const [, name] of chunk.code.matchAll(/(?:from|import)\s*"(?:\.\/)(?:chunks\/)?([^"]+)"/g))
      kept.add(name);
  }
  for (const [name, { path }] of passedOn) if (!kept.has(name)) delete bundle[path];
}

/** From which chunk a file passes on which names; undefined for one that does more. */
function facadeOf(code) {
  const lists =
    /^(?:export\s*\{([^}]*)\}\s*from\s*|import\s*\{([^}]*)\}\s*from\s*)"\.\/([^"]+)";?\s*(?:export\s*\{([^}]*)\};?\s*)?$/.exec(
      code,
    );
  if (lists === null) return undefined;
  const [, direct, imported, from, exported] = lists;
  const pairs = (list) => list.split(",").map((one) => one.trim().split(/\s+as\s+/));
  if (direct !== undefined) {
    if (exported !== undefined) return undefined;
    return { from, fields: pairs(direct).map(([inner, outer = inner]) => `${outer}:e.${inner}`) };
  }
  if (exported === undefined) return undefined;
  const origin = new Map(pairs(imported).map(([name, local = name]) => [local, name]));
  return { from, fields: pairs(exported).map(([local, outer = local]) => `${outer}:e.${origin.get(local)}`) };
}
