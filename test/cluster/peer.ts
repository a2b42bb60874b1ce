// A program of its own for the cluster tests: joins with its stdio as the client. As an owner it answers a few tools and
// keeps a journal of events in a plain file, the way the router does: an event is noted before it is written to a client,
// and noted as sent when the write was confirmed.

import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AttachedSession } from "../../src/cluster/attached-session.ts";
import { joinCluster } from "../../src/cluster/cluster.ts";
import type { LeaderRole } from "../../src/cluster/leader.ts";
import type { Service } from "../../src/cluster/leader-server.ts";
import type { ClusterTimeouts } from "../../src/cluster/options.ts";
import type { Json, JsonObject } from "../../src/contract.ts";
import { createLog } from "../../src/daemon/log.ts";
import { UsageError } from "../../src/errors.ts";
import { safeLine } from "../../src/text.ts";

interface Setting {
  readonly folder: string;
  readonly session?: string;
  readonly eligible?: boolean;
  readonly runningFolder?: string;
  /** Neither client nor session: what `up` is. */
  readonly standby?: boolean;
  /** How long `stop` of the service takes. */
  readonly stopMs?: number;
  readonly timeouts?: ClusterTimeouts;
  /** Does not tell its state, which takes a timer. */
  readonly quiet?: boolean;
}

interface Call {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: JsonObject };
  readonly result?: Json;
}

const setting = JSON.parse(process.argv[2] as string) as Setting;
const say = (value: object) => process.stderr.write(`@${JSON.stringify(value)}\n`);
const journal = join(setting.folder, "journal.txt");

function lines(): string[] {
  return existsSync(journal) ? readFileSync(journal, "utf8").split("\n") : [];
}

async function serve(role: LeaderRole): Promise<Service> {
  const sessions = new Set<AttachedSession>();
  let beats = 0;

  function push(session: AttachedSession, eventId: string, text = ""): void {
    const params = { content: text, meta: { event_id: eventId, epoch: String(role.term) } };
    const line = JSON.stringify({ jsonrpc: "2.0", method: "notifications/claude/channel", params });
    session.output.write(`${line}\n`, (error) => {
      if (!error && role.exclusive) appendFileSync(journal, `sent ${eventId}\n`);
    });
  }

  function emit(count: number, size: number): void {
    for (const session of sessions) {
      for (let index = 0; index < count; index += 1) {
        beats += 1;
        const eventId = `${session.facts().session}-${role.term}-${beats}`;
        appendFileSync(journal, `accepted ${eventId} ${session.facts().session}\n`);
        push(session, eventId, "x".repeat(size));
      }
    }
  }

  function resume(session: AttachedSession): void {
    const { resumed } = session;
    if (resumed === undefined) return;
    const all = lines();
    const sent = new Set(all.filter((line) => line.startsWith("sent ")).map((line) => line.slice(5)));
    resumed.onTaken((eventId) => appendFileSync(journal, `sent ${eventId}\n`));
    for (const line of all) {
      const [state, eventId = "", to] = line.split(" ");
      if (state !== "accepted" || to !== session.facts().session || sent.has(eventId)) continue;
      if (resumed.taken.has(eventId)) appendFileSync(journal, `sent ${eventId}\n`);
      else if (!resumed.writing.has(eventId)) push(session, eventId, "again");
    }
  }

  function answer(session: AttachedSession, call: Call): void {
    if (call.method === undefined) {
      session.output.write(
        `${JSON.stringify({ jsonrpc: "2.0", method: "echo", params: { answered: call } })}\n`,
      );
      return;
    }
    if (call.id === undefined) return;
    const reply = (result: Json) =>
      session.output.write(`${JSON.stringify({ jsonrpc: "2.0", id: call.id as number, result })}\n`);
    const args = call.params?.arguments ?? {};
    const who = { pid: process.pid, epoch: role.term, exclusive: role.exclusive };
    if (call.method === "initialize") reply({ serverInfo: who });
    else if (call.params?.name === "who") reply(who);
    else if (call.params?.name === "echo") reply({ ...who, echo: args.text ?? null });
    else if (call.params?.name === "emit") {
      reply(who);
      emit(Number(args.count), Number(args.size ?? 10));
    } else if (call.params?.name === "ask") {
      session.output.write(`${JSON.stringify({ jsonrpc: "2.0", id: 0, method: "elicitation/create" })}\n`);
      reply(who);
    } else if (call.params?.name === "read_of_next_epoch" && role.term > Number(args.epoch)) reply(who);
    // A sink call (`send`) and a read that belongs to a later epoch stay unanswered.
  }

  return {
    attach(session) {
      sessions.add(session);
      let rest = "";
      session.input.setEncoding("utf8");
      session.input.on("data", (text: string) => {
        const whole = (rest + text).split("\n");
        rest = whole.pop() ?? "";
        for (const line of whole) if (line !== "") answer(session, JSON.parse(line) as Call);
      });
      session.input.on("end", () => session.close("the client ended"));
      session.output.on("error", () => undefined);
      void session.ended.then(() => sessions.delete(session));
      session.onFacts((facts) => say({ told: facts.listening.state }));
      resume(session);
    },
    async command(command, args, send) {
      if (command === "fail") throw new UsageError("E_USAGE", "no such thing", { hint: "type another" });
      if (command === "count") for (let index = 1; index <= Number(args); index += 1) await send(index);
      if (command === "ask")
        for (const session of sessions)
          answer(session, { id: "x", method: "tools/call", params: { name: "ask" } });
      return { pid: process.pid, epoch: role.term, sessions: sessions.size };
    },
    mayRunAgain: ({ tool }) => tool !== "send",
    async stop(reason) {
      say({ stopped: reason });
      if (setting.stopMs !== undefined) await new Promise((resolve) => setTimeout(resolve, setting.stopMs));
    },
  };
}

let listening: "yes" | "unknown" = "unknown";
const log = createLog({ secrets: () => [] });
const cluster = joinCluster({
  folder: setting.folder,
  version: "1.0.0",
  log,
  ...(setting.standby !== true && {
    client: {
      input: process.stdin,
      output: process.stdout,
      facts: () => ({
        session: setting.session ?? String(process.pid),
        project: "/project",
        listening: { state: listening, reason: "a test" },
        missing: [],
      }),
    },
  }),
  eligible: () => setting.eligible ?? true,
  ...(setting.timeouts && { timeouts: setting.timeouts }),
  prepare: async () => say({ prepared: true }),
  serve: async (role) => {
    say({
      serving: role.term,
      exclusive: role.exclusive,
      ...(role.reason !== undefined && { reason: role.reason }),
    });
    return serve(role);
  },
  ...(setting.runningFolder !== undefined && {
    register: { runningFolder: setting.runningFolder, folder: setting.folder, config: "/channels.yaml" },
  }),
});

let told = "";
const tellState = () => {
  const state = JSON.stringify(cluster.state());
  if (state !== told) say({ state: cluster.state() });
  told = state;
};
if (setting.quiet !== true) setInterval(tellState, 5).unref();

process.on("SIGUSR2", () => {
  listening = "yes";
  cluster.factsChanged();
});

async function end(why: string): Promise<void> {
  say({ ending: why });
  await cluster.close();
  process.exit(0);
}
process.on("SIGTERM", () => void end("SIGTERM"));
cluster.ended.then(end, (error: unknown) => {
  log.error(safeLine(String(error)));
  process.exit(1);
});
