// `tests:` as values: what the schema in config/schema/tests.ts accepts.

import type { Json, JsonObject } from "../contract.ts";

export interface TestCase {
  readonly name: string;
  readonly with?: JsonObject;
  /** Either this or `call`. */
  readonly send?: Send | readonly Send[];
  readonly call?: { readonly sink: string; readonly input: JsonObject };
  /** A duration. */
  readonly wait?: string;
  readonly expect: Expectation | readonly Expectation[];
}

type Texts = Readonly<Record<string, string | number | boolean>>;

export interface Send {
  readonly source: string;
  readonly at?: string;
  readonly headers?: Texts;
  readonly data?: Json;
  readonly text?: string;
  readonly event?: string;
  readonly method?: string;
  readonly path?: string;
  readonly query?: Texts;
  readonly params?: Texts;
  readonly remote?: { readonly address: string; readonly proxy?: string };
  readonly sender?: { readonly id: string; readonly name?: string };
}

export interface Expectation {
  readonly channel?: string;
  readonly content?: ContentTests;
  readonly meta?: Readonly<Record<string, TextTests>>;
  readonly tokens?: Count;
  readonly priority?: string;
  readonly digest?: boolean | number;
  readonly none?: true | string;
  readonly outcome?: string;
  readonly delivered?: Count;
  readonly sent?: SentTests;
  readonly refused?: true | string;
}

export type TextTests = string | number | boolean | null | ContentTests;

export interface SentTests {
  readonly method?: TextTests;
  readonly url?: TextTests;
  readonly headers?: Readonly<Record<string, TextTests>>;
  readonly body?: TextTests;
  readonly json?: Json;
  readonly command?: readonly string[];
  readonly stdin?: TextTests;
  readonly file?: TextTests;
  readonly content?: TextTests;
}

export interface ContentTests {
  readonly equals?: string;
  readonly contains?: string | readonly string[];
  readonly excludes?: string | readonly string[];
  readonly matches?: string;
  readonly snapshot?: true;
}

export type Count = number | { readonly eq?: number; readonly lte?: number; readonly gte?: number };

/** An expectation that failed. */
export interface Failure {
  /** Of the expectation, as keys of the file. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Lines for the user: a difference, a trace, a text. */
  readonly lines: readonly string[];
  readonly expected?: Json;
  readonly actual?: Json;
}
