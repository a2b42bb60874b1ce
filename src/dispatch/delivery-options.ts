// Delivery options: what dispatch must know beyond text, priority and ttl. The journal stores them as plain
// JSON, perhaps written by an older version, so reading them never throws: anything not understood becomes
// the default.

import type { Json, JsonObject } from "../contract.ts";
import { objectOrNone } from "../json.ts";

/** Which sessions an event is for. `project` is a glob over the session's project folder, `~` is the home folder. */
export type SessionTarget =
  | "one"
  | "all"
  | { readonly project: string }
  | { readonly label: string }
  | { readonly session: string };

export interface ReceiptOptions {
  readonly ackWithinMs: number;
  /** How many times it is sent before it is given up, including the first. */
  readonly attempts: number;
}

export interface DeliveryOptions {
  readonly source: string;
  /** Real path of the config file: a session whose project contains it is preferred. */
  readonly configFile?: string;
  readonly to: SessionTarget;
  /** Absent: the delivery is final when it is written to the client. */
  readonly receipt?: ReceiptOptions;
  /** Events of one conversation, or of one thread, go to the session that had the last one. */
  readonly conversation?: string;
  readonly thread?: string;
  /** Anybody could have made the event, so its thread is separate from the thread of others. */
  readonly unproven?: true;
  /**
   * What the loop guard counts by when there is neither conversation nor thread, for example the dedupe key.
   */
  readonly loopKey?: string;
}

export const defaultReceipt: ReceiptOptions = { ackWithinMs: 10 * 60_000, attempts: 3 };

/** As the journal stores them: absent fields stay absent. */
export function writeDeliveryOptions(terms: DeliveryOptions): JsonObject {
  const { to, receipt, ...texts } = terms;
  const plain: JsonObject = { ...texts, to: typeof to === "string" ? to : { ...to } };
  if (receipt !== undefined) plain.receipt = { ...receipt };
  return plain;
}

/** By what the journal has in memory: each is read many times on the way of an event, and parsed once. */
const known = new WeakMap<JsonObject, DeliveryOptions>();

export function readDeliveryOptions(stored: JsonObject): DeliveryOptions {
  const options = known.get(stored) ?? parse(stored);
  known.set(stored, options);
  return options;
}

function parse(stored: JsonObject): DeliveryOptions {
  const receipt = readReceipt(stored.receipt);
  return {
    source: text(stored.source) ?? "",
    to: readTo(stored.to),
    ...present("configFile", text(stored.configFile)),
    ...present("conversation", text(stored.conversation)),
    ...present("thread", text(stored.thread)),
    ...present("loopKey", text(stored.loopKey)),
    ...(stored.unproven === true ? { unproven: true } : {}),
    ...(receipt === undefined ? {} : { receipt }),
  };
}

function readTo(stored: Json | undefined): SessionTarget {
  if (stored === "all") return "all";
  const object = objectOrNone(stored);
  const project = text(object?.project);
  if (project !== undefined) return { project };
  const label = text(object?.label);
  if (label !== undefined) return { label };
  const session = text(object?.session);
  return session === undefined ? "one" : { session };
}

function readReceipt(stored: Json | undefined): ReceiptOptions | undefined {
  const object = objectOrNone(stored);
  if (object === undefined) return undefined;
  return {
    ackWithinMs: positive(object.ackWithinMs) ?? defaultReceipt.ackWithinMs,
    attempts: Math.ceil(positive(object.attempts) ?? defaultReceipt.attempts),
  };
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function positive(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}

function present<K extends string>(key: K, value: string | undefined): { [key in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [key in K]: string });
}
