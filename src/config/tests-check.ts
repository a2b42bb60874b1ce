// Mistakes in `tests:` that its schema does not detect: unknown names, duplicate names.

import type { Json, JsonObject } from "../contract.ts";
import { type Names, namesOf } from "../did-you-mean.ts";
import { isObject } from "../json.ts";
import type { IssueDraft } from "./values.ts";
import { type Path, quoted } from "./yaml/problem.ts";

/** `root` includes the components of the config's recipes. */
export function checkTests(root: JsonObject, isRecipe: boolean): IssueDraft[] {
  if (!Array.isArray(root.tests)) return [];
  const sourceNames = namesIn(root.sources);
  const sources = namesOf("source", sourceNames);
  const channels = namesOf("channel", [...namesIn(root.channels), ...sourceNames]);
  const sinks = namesOf("sink", namesIn(root.sinks));
  const seen = new Set<Json>();
  return root.tests.flatMap((test, index): IssueDraft[] => {
    if (!isObject(test)) return [];
    const path: Path = ["tests", index];
    const drafts: IssueDraft[] = [];
    const { name = null } = test;
    if (typeof name === "string" && seen.has(name)) {
      const message = "two tests have this name";
      drafts.push({
        path: [...path, "name"],
        code: "E_CONFIG_NAME",
        message,
        hint: "describe the difference in the name",
      });
    }
    seen.add(name);
    if (test.with !== undefined && !isRecipe) {
      drafts.push({
        path: [...path, "with"],
        on: "key",
        code: "E_CONFIG_VALUE",
        message: "only the tests of a recipe give inputs",
        hint: "in a config they belong under use:",
      });
    }
    for (const [send, at] of each(test.send, [...path, "send"])) {
      drafts.push(...unknown(send.source, [...at, "source"], sources), ...payloadDrafts(send, at));
    }
    if (isObject(test.call)) drafts.push(...unknown(test.call.sink, [...path, "call", "sink"], sinks));
    if (test.send === undefined && test.call === undefined) {
      const message = "nothing is sent, and no sink is called";
      drafts.push({
        path,
        code: "E_CONFIG_MISSING_KEY",
        message,
        hint: "add  send: { source: ..., data: ... }",
      });
    }
    for (const [expected, at] of each(test.expect, [...path, "expect"])) {
      drafts.push(...unknown(expected.channel, [...at, "channel"], channels));
    }
    return drafts;
  });
}

function payloadDrafts(send: JsonObject, at: Path): IssueDraft[] {
  const others = ["data", "text", "headers"].filter((key) => send[key] !== undefined);
  if (send.event === undefined || others.length === 0) return [];
  const message = `a recorded event has its own ${others.join(" and ")}`;
  return [
    { path: [...at, others[0] as string], on: "key", code: "E_CONFIG_VALUE", message, hint: "remove it" },
  ];
}

function unknown(name: Json | undefined, path: Path, { noun, known, listed, hint }: Names): IssueDraft[] {
  if (typeof name !== "string" || name === "" || known.has(name)) return [];
  return [
    {
      path,
      code: "E_CONFIG_REFERENCE",
      message: `no ${noun} is called ${quoted(name)}`,
      hint: hint(name) ?? `${noun}s: ${listed || "none"}`,
    },
  ];
}

function each(value: Json | undefined, path: Path): [JsonObject, Path][] {
  if (!Array.isArray(value)) return isObject(value) ? [[value, path]] : [];
  return value.flatMap((one, index): [JsonObject, Path][] =>
    isObject(one) ? [[one, [...path, index]]] : [],
  );
}

function namesIn(section: Json | undefined): string[] {
  return isObject(section) ? Object.keys(section) : [];
}
