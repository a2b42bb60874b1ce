// What every sink type promises, as one suite that each of them runs.

import { describe, expect, it } from "vitest";
import type { SinkHost, SinkType } from "../../src/contract/sink.ts";
import type { JsonObject } from "../../src/contract.ts";
import { isRouterError } from "../../src/errors.ts";
import { surroundings } from "../support/host.ts";
import { outgoing, planSink, type WrittenSink } from "../support/sink.ts";
import { undescribed } from "./conformance.ts";

export interface SinkCase {
  readonly type: SinkType<never>;
  /** Asked when a test runs. */
  written(): WrittenSink;
  /** Arguments that fit. */
  readonly input: JsonObject;
  /** A world in which the call is done well. */
  host(): Promise<SinkHost>;
  /** What the outside has of the calls so far: as many as were done. */
  done(): Promise<number>;
}

export function testSink({ type, written, input, host, done }: SinkCase): void {
  const plan = () => planSink(type, written());

  describe(`the sink type ${type.type}`, () => {
    it("describes every option in a full sentence", () => {
      expect(undescribed(type.options, type.type)).toEqual([]);
    });

    it("takes its own options and its own defaults", async () => {
      const taken = structuredClone(written().options);
      expect(type.validate(taken), JSON.stringify(type.validate.errors)).toBe(true);
      const again = structuredClone(taken);
      expect(type.validate(again)).toBe(true);
      expect(again).toEqual(taken);
      const sink = await plan();
      expect(sink.type.check?.(sink.options, surroundings) ?? []).toEqual([]);
    });

    it("refuses an option that it does not know", () => {
      expect(type.validate({ ...structuredClone(written().options), no_such_option: 1 })).toBe(false);
    });

    it("says what it would send, twice the same, and touches nothing for it", async () => {
      const sink = await plan();
      const before = await done();
      const resources = process.getActiveResourcesInfo();
      expect(outgoing(sink, input)).toEqual(outgoing(sink, input));
      expect(JSON.parse(JSON.stringify(outgoing(sink, input)))).toEqual(outgoing(sink, input));
      expect(process.getActiveResourcesInfo()).toEqual(resources);
      expect(await done()).toBe(before);
    });

    it("does once what it said", async () => {
      const sink = await plan();
      const before = await done();
      const made = type.create("tested" as never, sink.options as never, await host());
      const { text, response } = await made.send(outgoing(sink, input), new AbortController().signal);
      expect(text).not.toBe("");
      expect(JSON.parse(JSON.stringify(response))).toEqual(response);
      expect(await done()).toBe(before + 1);
    });

    it("opens nothing before it is called", async () => {
      const sink = await plan();
      const touched = () => {
        throw new Error("create must have no effects");
      };
      const resources = process.getActiveResourcesInfo();
      type.create("tested" as never, sink.options as never, {
        folder: "/nowhere",
        home: "/nowhere",
        clock: { now: touched, after: touched },
        http: { request: touched, webSocket: touched },
        spawn: touched,
        load: touched,
      });
      expect(process.getActiveResourcesInfo()).toEqual(resources);
    });

    it("settles when the router ends over it", async () => {
      const sink = await plan();
      const made = type.create("tested" as never, sink.options as never, await host());
      await made.send(outgoing(sink, input), AbortSignal.abort()).then(
        ({ text }) => expect(text).not.toBe(""),
        (error: unknown) => expect(isRouterError(error)).toBe(true),
      );
    });
  });
}
