// What every source type promises, as one suite that each of them runs.

import { afterEach, describe, expect, it } from "vitest";
import type { Host } from "../../src/contract/host.ts";
import type { Arrival, Emit, JsonObject, JsonSchema, Source, SourceType } from "../../src/contract.ts";
import { DeliveryError } from "../../src/errors.ts";
import { createListener, type OpenListener } from "../../src/http/server.ts";
import { bodies, codeOf, hostOf, quiet, surroundings } from "../support/host.ts";
import { type ManualClock, manualClock } from "../support/manual-clock.ts";
import { eventually } from "../support/router.ts";

export interface World {
  readonly host: Host & { readonly clock: ManualClock };
  readonly source: Source;
  /** Was an arrival refused? What its sender is told, and what is kept of it, has been settled then. */
  isRefused(): boolean;
}

export interface SourceCase<O> {
  readonly type: SourceType<O>;
  /** The options as a person writes them in YAML. */
  readonly written: JsonObject;
  /** The same after loading. */
  readonly options: O;
  /**
   * Makes one thing happen. True when its sender was told that it is safe, or a cursor moved; false or a rejection when
   * not.
   */
  arrive(world: World): Promise<boolean>;
  /** False where the sender cannot be told what became of it: then what was not taken is kept here. Default true. */
  readonly acks?: boolean;
}

export function testSource<O>({ type, written, options, arrive, acks = true }: SourceCase<O>): void {
  const clean: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of clean.splice(0).reverse()) await step();
  });

  /** The options as written, with their defaults. */
  function filled(): JsonObject {
    const copy = structuredClone(written);
    type.validate(copy);
    return copy;
  }

  async function create(): Promise<World> {
    refused = false;
    const listener: OpenListener = createListener({
      addresses: [{ host: "127.0.0.1", port: 0, loopback: true }],
      hosts: [],
      trusted: () => true,
      log: quiet,
    });
    const host = hostOf({ clock: manualClock(), listener, code: await codeOf(type.options, filled()) });
    const source = type.create("tested", options, host);
    clean.push(
      () => listener.close(AbortSignal.abort()),
      () => source.stop(AbortSignal.abort()),
    );
    return { host, source, isRefused: () => refused };
  }

  let refused = false;
  async function refuse(): Promise<never> {
    setTimeout(() => {
      refused = true;
    }, 20);
    throw new DeliveryError("E_SESSION_BUSY", "the queue is full");
  }

  describe(`the source type ${type.type}`, () => {
    it("describes every option in a full sentence", () => {
      expect(undescribed(type.options, type.type)).toEqual([]);
    });

    it("takes its own options and its own defaults", () => {
      const taken = structuredClone(written);
      expect(type.validate(taken), JSON.stringify(type.validate.errors)).toBe(true);
      const again = structuredClone(taken);
      expect(type.validate(again)).toBe(true);
      expect(again).toEqual(taken);
      expect(type.check?.(options, surroundings) ?? []).toEqual([]);
    });

    it("refuses an option that it does not know", () => {
      expect(type.validate({ ...structuredClone(written), no_such_option: 1 })).toBe(false);
    });

    it("create opens nothing", async () => {
      const touched = () => {
        throw new Error("create must have no effects");
      };
      const code = await codeOf(type.options, filled());
      const before = process.getActiveResourcesInfo();
      type.create("tested", options, {
        folder: "/nowhere",
        home: "/nowhere",
        log: { info: touched, warn: touched, error: touched },
        clock: { now: touched, after: touched },
        listener: { loopback: true, hosts: [], route: touched, address: () => undefined, bodies },
        people: {
          receive: touched,
          press: touched,
          admits: touched,
          knows: touched,
          save: touched,
          sessions: touched,
        },
        http: { request: touched, webSocket: touched },
        store: { get: touched, entries: touched, set: touched },
        code,
        loop: () => ({ start: touched, now: touched, stop: touched, health: () => ({ state: "starting" }) }),
        spawn: touched,
        load: touched,
        isTainted: () => false,
        cameIn: () => [],
        refused: touched,
      });
      expect(process.getActiveResourcesInfo()).toEqual(before);
    });

    it("a source is started once", async () => {
      const { source } = await create();
      await source.start(accept([]));
      await expect(source.start(accept([]))).rejects.toThrow(/twice/);
    });

    it("every arrival is emitted once", async () => {
      const world = await create();
      const arrivals: Arrival[] = [];
      await world.source.start(accept(arrivals));
      expect(await arrive(world)).toBe(true);
      expect(await arrive(world)).toBe(true);
      expect(arrivals).toHaveLength(2);
    });

    if (acks)
      it("a rejected emit is not acked", async () => {
        const world = await create();
        await world.source.start(refuse);
        expect(await arrive(world)).toBe(false);
      });
    else
      it("a rejected emit is made again", async () => {
        const world = await create();
        const offered: Arrival[] = [];
        const arrivals: Arrival[] = [];
        await world.source.start((arrival) => {
          offered.push(arrival);
          return offered.length === 1 ? refuse() : accept(arrivals)(arrival);
        });
        const arriving = arrive(world);
        await eventually(async () => {
          await world.host.clock.advance(1_000);
          return arrivals.length > 0;
        });
        await arriving;
        expect(arrivals[0]).toEqual(offered[0]);
      });

    it("stop settles under a passed deadline, however often it is called", async () => {
      const world = await create();
      let begun = () => {};
      const emitted = new Promise<void>((resolve) => {
        begun = resolve;
      });
      await world.source.start(() => {
        begun();
        return new Promise(() => undefined);
      });
      const arriving = arrive(world).catch(() => false);
      await emitted;
      await Promise.all([world.source.stop(AbortSignal.abort()), world.source.stop(AbortSignal.abort())]);
      await world.source.stop(AbortSignal.abort());
      expect(world.source.health?.().state ?? "stopped").toBe("stopped");
      await (world.host.listener as OpenListener).close(AbortSignal.abort());
      expect(await arriving).toBe(false);
    });

    it("nothing is emitted after stop", async () => {
      const world = await create();
      const arrivals: Arrival[] = [];
      await world.source.start(accept(arrivals));
      await world.source.stop(new AbortController().signal);
      expect(await arrive(world).catch(() => false)).toBe(false);
      expect(arrivals).toEqual([]);
    });

    it("a source that never started can be stopped", async () => {
      const { source } = await create();
      await expect(source.stop(new AbortController().signal)).resolves.toBeUndefined();
    });
  });
}

/** An emit that takes everything and keeps it. */
export function accept(arrivals: Arrival[]): Emit {
  return async (arrival) => {
    arrivals.push(arrival);
    return { eventId: `e${arrivals.length}`, outcome: "accepted" };
  };
}

/** Paths of options whose description is missing or is no sentence. */
export function undescribed(schema: JsonSchema, path: string): string[] {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  return Object.entries(properties).flatMap(([key, option]) => {
    const place = `${path}.${key}`;
    const described = typeof option.description === "string" && /^[A-Z].*\.$/s.test(option.description);
    return [...(described ? [] : [place]), ...undescribed(option, place)];
  });
}
