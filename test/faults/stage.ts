// What the fault tests share: projects that are cleared away, the owner's pid, and senders that keep an account of what was
// answered 2xx, to be held against what the sessions were given.

import { readdirSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { ChannelEvent } from "../support/claude-channel.ts";
import { createProject, eventually, type Project } from "../support/router.ts";

/** `FAULTS=long npx vitest run test/faults` floods with more, and waits for what takes ten seconds and more. */
export const isLong = process.env.FAULTS === "long";

/**
 * Called at the end of the test, the latest first. Not by an `afterEach` of this file: test files of one worker share what they import, so
 * it would run for the first of them only.
 */
export function atEnd(clean: () => Promise<void> | void): void {
  onTestFinished(clean);
}

export async function open(config?: (port: number) => string): Promise<Project> {
  const project = await createProject(config);
  atEnd(() => project.remove());
  return project;
}

export const listening = (project: Project) =>
  eventually(() =>
    fetch(project.address).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );

export const post = (project: Project, path: string, body: unknown, signal?: AbortSignal) =>
  fetch(`${project.address}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });

/** Posts, and gives the event's id. */
export async function accepted(project: Project, path: string, body: unknown): Promise<string> {
  const response = await post(project, path, body);
  const answer = (await response.json()) as { event_id?: string; outcome?: string };
  if (response.status !== 202 || answer.event_id === undefined)
    throw new Error(`${path} was answered ${response.status} ${JSON.stringify(answer)}`);
  return answer.event_id;
}

interface OwnerOnDisk {
  readonly pid: number;
  readonly epoch: number;
  readonly released?: boolean;
}

/** The state folder of the project's one config. */
export function stateFolderOf(root: string): string {
  const name = readdirSync(root).find((each) => /^[0-9a-f]{16}$/.test(each));
  if (name === undefined) throw new Error(`no state folder in ${root}`);
  return join(root, name);
}

/** Of the highest epoch, dead or alive; with epoch 0 while there is none. */
export function newestOwner(root: string): OwnerOnDisk {
  try {
    const folder = stateFolderOf(root);
    const epochs = readdirSync(folder).map((name) => Number(/^owner-(\d+)\.json$/.exec(name)?.[1] ?? 0));
    return JSON.parse(readFileSync(join(folder, `owner-${Math.max(...epochs)}.json`), "utf8")) as OwnerOnDisk;
  } catch {
    return { pid: 0, epoch: 0 }; // Not there yet, or swept between the two looks.
  }
}

export const stateRoot = (project: Project) => project.state;

export interface Flood {
  /** Bodies' numbers that were answered 2xx, in the order of the answers. */
  readonly accepted: readonly number[];
  /** The longest time during which no connection was taken. */
  refusedMs(): number;
  readonly count: { sent: number; refused: number; broken: number; told: Record<number, number> };
  /** Settles when so many were answered 2xx. */
  until(count: number): Promise<void>;
  stop(): Promise<void>;
}

export interface FloodOptions {
  /** Where number `n` goes. */
  path(n: number): string;
  readonly connections?: number;
  /** Events a second; default as many as are answered. */
  readonly perSecond?: number;
  /** Ends when so many were answered 2xx. */
  readonly limit?: number;
}

/** Posts `{n}`, each number once, on several connections, whatever becomes of it. */
export function flood(project: Project, options: FloodOptions): Flood {
  const { connections = 8, perSecond, limit = Number.POSITIVE_INFINITY } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const numbers: number[] = [];
  const count: Flood["count"] = { sent: 0, refused: 0, broken: 0, told: {} };
  let refusedSinceMs: number | undefined;
  let refusedMs = 0;
  let isOver = false;
  let flying = 0;

  function send(n: number): Promise<void> {
    return new Promise((resolve) => {
      const outgoing = request(
        `${project.address}${options.path(n)}`,
        { method: "POST", agent, headers: { "content-type": "application/json" } },
        (response) => {
          if (refusedSinceMs !== undefined)
            refusedMs = Math.max(refusedMs, performance.now() - refusedSinceMs);
          refusedSinceMs = undefined;
          const status = response.statusCode ?? 0;
          response.on("error", () => resolve());
          response.resume().on("end", () => {
            if (status >= 200 && status < 300) numbers.push(n);
            else count.told[status] = (count.told[status] ?? 0) + 1;
            resolve();
          });
        },
      );
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNREFUSED") {
          count.refused += 1;
          refusedSinceMs ??= performance.now();
        } else count.broken += 1;
        setTimeout(resolve, 5);
      });
      outgoing.end(JSON.stringify({ n }));
    });
  }

  async function lane(): Promise<void> {
    while (!isOver && numbers.length < limit) {
      if (numbers.length + flying >= limit) {
        // Somebody else's may still fail.
        await new Promise((resolve) => setTimeout(resolve, 5));
        continue;
      }
      const begun = performance.now();
      count.sent += 1;
      flying += 1;
      await send(count.sent);
      flying -= 1;
      const pauseMs = perSecond === undefined ? 0 : (1_000 * connections) / perSecond;
      const left = pauseMs - (performance.now() - begun);
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    }
  }

  const lanes = Array.from({ length: connections }, lane);
  const stop = async () => {
    isOver = true;
    await Promise.all(lanes);
    agent.destroy();
  };
  atEnd(stop);
  return {
    accepted: numbers,
    refusedMs: () => refusedMs,
    count,
    stop,
    async until(goal) {
      await eventually(() => numbers.length >= goal);
    },
  };
}

/** The number in a block made of `{n}`. */
export const numberOf = ({ content }: Pick<ChannelEvent, "content">): number =>
  Number(/"n": (\d+)/.exec(content)?.[1] ?? Number.NaN);

/** What of the numbers is in no event. */
export function missing(numbers: readonly number[], events: readonly ChannelEvent[]): number[] {
  const found = new Set(events.map(numberOf));
  return numbers.filter((n) => !found.has(n));
}

/** Events that came a second time, or to a second session, and do not say so. */
export function untoldRepeats(inboxes: readonly (readonly ChannelEvent[])[]): string[] {
  const byTime = inboxes.flat().sort((a, b) => a.atMs - b.atMs);
  const plain = new Map<string, number>();
  for (const { meta } of byTime) {
    if (meta.attempt !== undefined) continue;
    const id = meta.event_id ?? "";
    plain.set(id, (plain.get(id) ?? 0) + 1);
  }
  return [...plain].filter(([, times]) => times > 1).map(([id]) => id);
}
