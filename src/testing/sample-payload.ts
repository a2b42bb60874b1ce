// A real payload for trying a config: that of the first test whose event reaches a channel.

import { dirname } from "node:path";
import type { LoadedConfig } from "../config/values.ts";
import type { Sample } from "../contract/event.ts";
import type { Json } from "../contract.ts";
import { openFixtures, textOf } from "./arrivals.ts";
import type { Expectation, Send, TestCase } from "./test-case.ts";

export interface SamplePayload {
  /** By its name in the file of the test. */
  readonly source: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Undefined when the file has no such test, or the payload cannot be read. `only`: of this source. */
export function samplePayload(
  { file, tests }: Pick<LoadedConfig, "file" | "tests">,
  only?: string,
): SamplePayload | undefined {
  for (const test of tests as unknown as readonly TestCase[]) {
    const expected = [test.expect].flat() as readonly Expectation[];
    const send = [test.send].flat()[0] as Send | undefined;
    if (send === undefined || send.event !== undefined || test.with !== undefined) continue;
    if (expected[0]?.channel === undefined || (only !== undefined && send.source !== only)) continue;
    try {
      const { source, headers = {} } = send;
      return {
        source,
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
        ),
        text: textOf(send, openFixtures(dirname(file))),
      };
    } catch {
      // Its file is missing: another test may have one.
    }
  }
  return undefined;
}

/** A longer payload is not put on a command line. */
const maxChars = 4_000;

/** The same as JSON, for a command line; undefined when it is not JSON, or too long for one. */
export function sampleFor(loaded: Pick<LoadedConfig, "file" | "tests">, source: string): Sample | undefined {
  const found = samplePayload(loaded, source);
  if (found === undefined || found.text.length > maxChars) return undefined;
  try {
    return { headers: found.headers, data: JSON.parse(found.text) as Json };
  } catch {
    return undefined;
  }
}
