// The TypeScript type of options, derived from their schema as written in `options.ts`.

/**
 * The options of a schema (`as const`), as the code gets them: keys in camelCase, a `duration` as
 * milliseconds under `<key>Ms`, a `size` as bytes under `<key>Bytes`, a `rate` as `{max, perMs}`, and a key
 * that is required or has a default is always present.
 */
export type OptionsOf<Schema> = Schema extends { readonly enum: readonly (infer Value)[] }
  ? Value
  : Schema extends { readonly const: infer Value }
    ? Value
    : Schema extends { readonly oneOf: readonly (infer Choice)[] }
      ? EachOptionsOf<Choice>
      : Schema extends { readonly anyOf: readonly (infer Choice)[] }
        ? EachOptionsOf<Choice>
        : Schema extends { readonly type: readonly (infer Type)[] }
          ? OfEachType<Schema, Type>
          : Schema extends { readonly type: infer Type }
            ? OfType<Schema, Type>
            : unknown;

type EachOptionsOf<Choice> = Choice extends unknown ? OptionsOf<Choice> : never;

type OfEachType<Schema, Type> = Type extends unknown ? OfType<Schema, Type> : never;

type OfType<Schema, Type> = Type extends "string"
  ? OfFormat<Schema>
  : Type extends "integer" | "number"
    ? number
    : Type extends "boolean"
      ? boolean
      : Type extends "null"
        ? null
        : Type extends "array"
          ? ListOf<Schema>
          : Type extends "object"
            ? ObjectOf<Schema>
            : unknown;

type OfFormat<Schema> = Schema extends { readonly format: "duration" | "size" }
  ? number
  : Schema extends { readonly format: "rate" }
    ? { max: number; perMs: number }
    : string;

type ListOf<Schema> = Schema extends { readonly items: infer Item }
  ? Schema extends { readonly minItems: 1 }
    ? [OptionsOf<Item>, ...OptionsOf<Item>[]]
    : OptionsOf<Item>[]
  : unknown[];

type ObjectOf<Schema> = Schema extends { readonly properties: infer Properties }
  ? Flat<
      {
        [Key in keyof Properties as Key extends Present<Schema, Properties>
          ? OptionKey<Key, Properties[Key]>
          : never]: OptionsOf<Properties[Key]>;
      } & {
        [Key in keyof Properties as Key extends Present<Schema, Properties>
          ? never
          : OptionKey<Key, Properties[Key]>]?: OptionsOf<Properties[Key]>;
      }
    >
  : Schema extends { readonly additionalProperties: infer Value extends object }
    ? { [name: string]: OptionsOf<Value> }
    : { [name: string]: unknown };

type Flat<Type> = { [Key in keyof Type]: Type[Key] };

/** The keys that are always present. */
type Present<Schema, Properties> =
  | (Schema extends { readonly required: readonly (infer Key)[] } ? Key : never)
  | {
      [Key in keyof Properties]: Properties[Key] extends { readonly default: unknown } ? Key : never;
    }[keyof Properties];

/** The type-level counterpart of `optionKey` in config/schema/schema-tree.ts. */
type OptionKey<Key, Schema> = Key extends string
  ? Schema extends { readonly format: "duration" }
    ? `${Camel<Key>}Ms`
    : Schema extends { readonly format: "size" }
      ? `${Camel<Key>}Bytes`
      : Camel<Key>
  : never;

type Camel<Key extends string> = Key extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Key;
