// Which sessions an event is for, and which of them gets an event that is for `one`. Pure: the same sessions
// give the same answer.

import { isAbsolute, relative, sep } from "node:path";
import { isRouterError } from "../errors.ts";
import type { DeliveryOptions, SessionTarget } from "./delivery-options.ts";
import type { DispatchSession } from "./session.ts";

/** How likely a push is seen: 0 not pushed to (it does not listen, or is not ready), 1 unknown, 2 yes. */
export type SessionRank = 0 | 1 | 2;

export interface Candidate {
  readonly session: DispatchSession;
  readonly rank: SessionRank;
}

export type Match = (to: SessionTarget, session: DispatchSession) => boolean;

export interface MatchOptions {
  /** Throws a RouterError for a malformed pattern, which then matches nothing. */
  compileGlob(pattern: string): (text: string) => boolean;
  readonly home: string;
}

const maxPatterns = 1_000;

export function createMatch({ compileGlob, home }: MatchOptions): Match {
  const compiled = new Map<string, (text: string) => boolean>();

  function projectGlob(pattern: string): (text: string) => boolean {
    const known = compiled.get(pattern);
    if (known !== undefined) return known;
    let glob: (text: string) => boolean = () => false;
    try {
      glob = compileGlob(pattern === "~" || pattern.startsWith("~/") ? home + pattern.slice(1) : pattern);
    } catch (error) {
      // The config was checked when it was loaded, but an old journal may hold a malformed pattern.
      if (!isRouterError(error)) throw error;
    }
    if (compiled.size >= maxPatterns) compiled.clear();
    compiled.set(pattern, glob);
    return glob;
  }

  return (to, session) => {
    if (to === "one" || to === "all") return true;
    if ("session" in to) return session.id === to.session || session.name?.() === to.session;
    if ("label" in to) return session.label === to.label;
    return session.project !== undefined && projectGlob(to.project.replace(/(?<=.)\/$/, ""))(session.project);
  };
}

export interface History<C> {
  /** The session that it may have been sent to, or did not acknowledge it. */
  readonly lastId: string | undefined;
  /** The session that had the last event of this conversation or thread. */
  readonly stickyId: string | undefined;
  /**
   * How strongly the event already belongs to this session: 2 when it was announced to it for `pending`, 1
   * when the session was attached when the event arrived, 0 when the event was waiting before that.
   */
  tie(candidate: C): number;
}

/** Considers only candidates that may be pushed to. */
export function chooseOne<C extends Candidate>(
  candidates: readonly C[],
  { configFile }: DeliveryOptions,
  { lastId, stickyId, tie }: History<C>,
): C | undefined {
  if (candidates.length < 2) return candidates[0];
  for (const id of [lastId, stickyId]) {
    const known = candidates.find(({ session }) => session.id === id);
    if (known !== undefined) return known;
  }
  const isIdle = ({ session }: C) => (session.isIdle?.() === true ? 1 : 0);
  const holds = ({ session }: C) =>
    configFile !== undefined && session.project !== undefined && isInside(configFile, session.project)
      ? 1
      : 0;
  return candidates.reduce((best, next) => {
    const difference =
      next.rank - best.rank ||
      tie(next) - tie(best) ||
      holds(next) - holds(best) ||
      isIdle(next) - isIdle(best) ||
      next.session.startedMs - best.session.startedMs;
    return difference > 0 ? next : best;
  });
}

function isInside(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return path !== ".." && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}
