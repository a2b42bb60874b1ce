// The sample event of a file with this text, for `explain`.

import type { Arrival } from "../../contract.ts";
import { listOf } from "../../files/pattern.ts";
import type { WatchOptions } from "./options.ts";

export function sampleArrival({ files, events, text, moveTo }: WatchOptions, payload: string): Arrival {
  const [file = ""] = listOf(files);
  const [event = "created"] = moveTo === undefined ? events : [];
  const withText = text ?? moveTo !== undefined;
  return {
    data: { file, event, ...(withText ? { text: payload } : {}) },
    text: withText ? payload : `${event} ${file}`,
    trust: "local",
  };
}
