// What may differ between the templates of a channel and those of an option: the roots they see, and how what a placeholder
// gives is written into its surroundings.

import { roots } from "./roots.ts";

export interface Dialect {
  readonly roots: ReadonlySet<string>;
  /** Every placeholder's text goes through it; the template's own text does not. */
  encode(text: string): string;
}

export const channelDialect: Dialect = { roots, encode: (text) => text };

const encodings = {
  none: channelDialect.encode,
  /** A value cannot leave its place in a URL: RFC 3986's unreserved characters stay, all else is percent-encoded. */
  url: (text: string) =>
    encodeURIComponent(text.toWellFormed()).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    ),
} as const;

/** As a schema's `x-template` says it: `true`, or further roots, the only roots, and an encoding. */
export interface DialectMark {
  /** Beside the roots of an event. */
  readonly roots?: readonly string[];
  /** In place of them. */
  readonly only?: readonly string[];
  readonly encode?: keyof typeof encodings;
}

export function dialectOf({ roots: further = [], only, encode = "none" }: DialectMark): Dialect {
  return { roots: new Set(only ?? [...roots, ...further]), encode: encodings[encode] };
}
