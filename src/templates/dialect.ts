// The differences between the templates of a channel and those of an option: the roots that they see, and how
// a placeholder's value is encoded for its context.

import type { Root } from "../contract.ts";

// The roots of paths in a channel's template. The type ties the list to the View: a missing or extra root
// does not compile.

const list: Record<Root, true> = {
  data: true,
  text: true,
  headers: true,
  query: true,
  params: true,
  path: true,
  method: true,
  remote: true,
  sender: true,
  id: true,
  source: true,
  connector: true,
  time: true,
  inputs: true,
  vars: true,
};

export const roots: ReadonlySet<string> = new Set(Object.keys(list));

export interface Dialect {
  readonly roots: ReadonlySet<string>;
  /** Encodes every placeholder's text; not the template's own text. */
  encode(text: string): string;
}

export const channelDialect: Dialect = { roots, encode: (text) => text };

const encodings = {
  none: channelDialect.encode,
  /**
   * A value cannot break out of its part of a URL: RFC 3986's unreserved characters stay, everything else is
   * percent-encoded.
   */
  url: (text: string) =>
    encodeURIComponent(text.toWellFormed()).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
} as const;

/** From a schema's `x-template`: `true`, or further roots, the only roots, and an encoding. */
export interface DialectMark {
  /** In addition to the roots of an event. */
  readonly roots?: readonly string[];
  /** Instead of them. */
  readonly only?: readonly string[];
  readonly encode?: keyof typeof encodings;
}

export function dialectOf({ roots: further = [], only, encode = "none" }: DialectMark): Dialect {
  return { roots: new Set(only ?? [...roots, ...further]), encode: encodings[encode] };
}
