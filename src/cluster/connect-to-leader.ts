// The handshake on a connection to a leader: our hello, then its welcome or the reason for refusing.

import type { Duplex } from "node:stream";
import { connectTo } from "./leader-file.ts";
import { createLink, type Link } from "./link.ts";
import { type Frame, type Hello, protocolNumber } from "./protocol.ts";

export type Handshake =
  | { readonly kind: "welcome"; readonly link: Link; readonly term: number; readonly version: string }
  /** The other speaks another protocol. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It accepted the connection and did not answer in time: busy, or stopped. */
  | { readonly kind: "silent" }
  /** It is leaving, or has just left. */
  | { readonly kind: "closed" }
  | { readonly kind: "unreachable" };

export async function connectToLeader(
  target: string | Duplex,
  hello: Omit<Hello, "t" | "protocol" | "pid">,
  withinMs: number,
  signal?: AbortSignal,
): Promise<Handshake> {
  const stream = typeof target === "string" ? await connectTo(target) : target;
  if (stream === undefined) return { kind: "unreachable" };
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      link.cut("no welcome came");
      resolve({ kind: "silent" });
    }, withinMs);
    const onAbort = (): void => link.cut("given up");
    const finish = (handshake: Handshake): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve(handshake);
    };
    const link = createLink(stream, {
      onFrame(frame: Frame) {
        if (frame.t === "welcome" && frame.protocol === protocolNumber) {
          finish({ kind: "welcome", link, term: frame.epoch, version: frame.version });
          return;
        }
        link.cut("not welcome");
        finish(frame.t === "refuse" ? { kind: "refused", reason: String(frame.reason) } : { kind: "closed" });
      },
    });
    void link.closed.then(() => finish({ kind: "closed" }));
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    link.send({ t: "hello", protocol: protocolNumber, pid: process.pid, ...hello });
  });
}

/** False only when it accepted the connection and did not answer in time, as a stopped process does. */
export async function responds(
  socket: string,
  version: string,
  withinMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const handshake = await connectToLeader(socket, { role: "command", version }, withinMs, signal);
  if (handshake.kind === "welcome") handshake.link.end();
  return handshake.kind !== "silent";
}
