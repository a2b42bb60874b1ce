// Features of related languages that this router deliberately does not support: the alternative, and the
// reason. Messages say "not supported here" from it, and docs/not-supported.md is the same table; a test
// compares them.

export interface NotSupported {
  /** As written there; several names of one kind. */
  readonly names: readonly string[];
  readonly instead: string;
  readonly why: string;
}

const ownConfig =
  "an expression reads one event and gives one value: what is more belongs in the channel's content";

/** CEL: functions, macros and the namespaces of extensions. */
export const notInCel: readonly NotSupported[] = [
  {
    names: ["replace", "charAt", "reverse", "quote", "strings", "toLowerCase", "toUpperCase", "includes"],
    instead:
      'use contains, startsWith, matches, lowerAscii or upperAscii; or in content {{replace data.x "a" "b"}} and its like',
    why: ownConfig,
  },
  {
    names: ["format"],
    instead: "write the text in content, with the functions of templates",
    why: ownConfig,
  },
  {
    names: ["math", "greatest", "least", "abs", "sum"],
    instead: "compare the values: data.a > data.b ? data.a : data.b",
    why: "the extension is not part of CEL's specification",
  },
  {
    names: ["base64", "url", "proto", "regex", "extract", "find", "findAll"],
    instead: "ask with matches, contains or has",
    why: "what they read comes from senders, and their cost is not bounded here",
  },
  {
    names: ["ip", "isIP", "isCIDR", "containsIP"],
    instead: "write match: { remote: { cidr: 10.0.0.0/8 } }",
    why: "match has it, with the address that the sender cannot choose",
  },
  {
    names: ["sets", "lists", "sort", "sortBy", "flatten", "distinct", "slice", "range"],
    instead: "use in, all, exists, exists_one, filter and map",
    why: "lists of events are of any length, and these are not bounded",
  },
  {
    names: ["optional", "orValue", "optMap", "optFlatMap", "hasValue"],
    instead: 'ask first: has(data.x) ? data.x : ""',
    why: "the extension is not part of CEL's specification",
  },
  {
    names: ["transformMap", "transformList", "transformMapEntry", "existsOne"],
    instead: "use map, filter and exists_one, with one variable",
    why: "macros with two variables are an extension",
  },
  {
    names: ["now"],
    instead: "use time, when the event came",
    why: "the same event gives the same answer whenever it is asked",
  },
];

/** JSON Schema, in the `input` of a sink. */
export const notInSchema: readonly NotSupported[] = [
  {
    names: [
      "$ref",
      "$defs",
      "definitions",
      "$id",
      "id",
      "$schema",
      "$anchor",
      "$dynamicRef",
      "$dynamicAnchor",
      "$vocabulary",
    ],
    instead: "write the schema out where it is used, or use a YAML anchor",
    why: "Claude reads the schema as it is written, and a reference may lead anywhere",
  },
  {
    names: ["if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies"],
    instead: "use anyOf with one branch for each case",
    why: "clients show a form for each argument and cannot show one that depends on another",
  },
  {
    names: ["patternProperties", "propertyNames", "unevaluatedProperties", "unevaluatedItems"],
    instead: "name the properties, and use additionalProperties",
    why: "an argument without a name cannot be described to Claude",
  },
  {
    names: ["prefixItems", "additionalItems", "contains", "minContains", "maxContains"],
    instead: "use items, or an object with a name for each value",
    why: "models fill in named values more reliably than places in a list",
  },
  {
    names: ["nullable", "example", "discriminator", "xml", "externalDocs"],
    instead: 'write JSON Schema: type: ["string", "null"], examples: [...], oneOf',
    why: "they are OpenAPI's, and Claude's clients do not know them",
  },
  {
    names: ["contentEncoding", "contentMediaType", "contentSchema", "readOnly", "writeOnly"],
    instead: "say it in the description",
    why: "they check nothing",
  },
];

export interface CronNotSupported extends NotSupported {
  readonly is: RegExp;
}

/** Cron expressions, as a whole. */
export const notInCron: readonly CronNotSupported[] = [
  {
    names: ["@reboot"],
    is: /^@reboot$/i,
    instead: "use a hook of the client, or a command source without every, which runs when the router starts",
    why: "a router starts with each session, and another one takes over when it ends, so a single start does not exist",
  },
  {
    names: ["@every 5m"],
    is: /^@every\b/i,
    instead: 'write "*/5 * * * *"',
    why: "it counts from the start of a program, and several take turns here",
  },
  {
    names: ["@minutely", "@secondly"],
    is: /^@(?:minutely|secondly)$/i,
    instead: 'write "* * * * *", or "* * * * * *" for each second',
    why: "few programs know them, and not alike",
  },
  {
    names: ["TZ=Europe/Berlin 0 9 * * *", "CRON_TZ=Europe/Berlin 0 9 * * *"],
    is: /^(?:CRON_)?TZ=/,
    instead: "write tz: Europe/Berlin beside it",
    why: "an option of its own is checked and shown",
  },
  {
    names: ["cron(0 9 * * ? *)", "rate(5 minutes)"],
    is: /^(?:cron|rate)\(/i,
    instead: 'write the five parts alone, such as "0 9 * * *" or "*/5 * * * *"',
    why: "the form of AWS has a year, and counts weekdays from another number",
  },
  {
    names: ["0 0 12 * * ? 2027"],
    is: /^(?:\S+\s+){6}\S+$/,
    instead: "leave out the year, which is the last of seven parts",
    why: "an event a year ahead is one that nobody remembers; a date has a day and a month",
  },
  {
    names: ["H * * * *", "~ * * * *"],
    is: /(?:^|[\s,])(?:H|~|\d+~\d*)(?=[\s/,(]|$)/,
    instead: "choose a number, such as 17",
    why: "it spreads the load of many jobs on one server",
  },
  {
    names: ["0 0 L-3 * *"],
    is: /(?:^|\s)L-\d+(?:\s|$)/i,
    instead: "use L for the last day, or a day that every month has",
    why: "few programs know it",
  },
];

/** The entry with this name. */
export function notSupported(table: readonly NotSupported[], name: string): NotSupported | undefined {
  return table.find(({ names }) => names.includes(name));
}
