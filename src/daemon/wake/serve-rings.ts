// The leader's side of a monitor or hook of the plugin: which session it belongs to, and the numbers that it passes on.

import type { WakeWay } from "../../contract/wake.ts";
import { type Args, readText } from "../../control/arguments.ts";
import type { RingsAnswer } from "../../control/protocol.ts";
import { UsageError } from "../../errors.ts";
import type { DaemonState } from "../state.ts";
import {
  type ClientIdentity,
  type ConnectedWay,
  type ConnectedWays,
  isSameClient,
} from "./connected-ways.ts";

type RingsState = Pick<DaemonState, "sessions" | "wake" | "ways" | "running">;

/** Settles when the caller is gone or was replaced, or immediately when nothing will ever ring here. */
export async function serveRings(
  { sessions, wake, ways, running }: RingsState,
  args: Args,
  send: (part: { readonly waiting: number }) => Promise<void>,
  signal: AbortSignal,
): Promise<RingsAnswer> {
  const way = readWay(args);
  const client = readClient(args);
  const isOurs = sessions.list().some((session) => isSameClient(session.clientIdentity(), client));
  if (!isOurs) return { state: "unknown" };
  // A config may be there later: the monitor asks again, and the next hook is started after the next turn.
  if (running() === undefined) return { state: way === "hook" ? "off" : "unknown" };
  const wanted = wake().state === "off" ? [] : (running()?.config.plan.wake?.ways ?? []);
  if (!wanted.includes(way) || hasBetter(way, wanted, ways, client)) return { state: "off" };
  return new Promise((resolve) => {
    const end = (state: RingsAnswer["state"]) => {
      remove();
      resolve({ state });
    };
    const remove = ways.add({
      way,
      client,
      async ring(waiting) {
        if (signal.aborted) return { rung: false, reason: "its process is gone" };
        const isSent = await send({ waiting }).then(
          () => !signal.aborted,
          () => false, // The caller went away during the write.
        );
        // A hook wakes once: the next one that the client starts takes its place.
        if (way === "hook") end("rung");
        return isSent ? { rung: true } : { rung: "unknown", reason: "its process ended during the ring" };
      },
      replaced: () => end("replaced"),
    });
    // Otherwise the caller could not distinguish this router from one that hangs.
    send({ waiting: 0 }).catch(() => undefined);
    if (signal.aborted) end("replaced");
    else signal.addEventListener("abort", () => end("replaced"), { once: true });
  });
}

/** A monitor makes the hooks of its session superfluous, and each hook is a process that waits. */
function hasBetter(way: WakeWay, wanted: readonly WakeWay[], ways: ConnectedWays, client: ClientIdentity) {
  return wanted.slice(0, wanted.indexOf(way)).some((better) => ways.of(better, client) !== undefined);
}

function readWay(args: Args): ConnectedWay["way"] {
  const way = readText(args, "way");
  if (way === "monitor" || way === "hook") return way;
  throw new UsageError("E_USAGE", `unknown way "${way}"`, { hint: "monitor or hook" });
}

function readClient({ pid, start, session }: Args): ClientIdentity {
  const isKnown = typeof pid === "number" && typeof start === "string";
  return {
    process: isKnown ? { pid, start } : undefined,
    session: typeof session === "string" && session !== "" ? session : undefined,
  };
}
