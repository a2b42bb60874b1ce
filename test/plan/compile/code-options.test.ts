import { expect, test } from "vitest";
import { codeOptions } from "../../../src/config/schema/code-options.ts";
import type { JsonSchema } from "../../../src/contract.ts";
import { codeOf } from "../../support/host.ts";

const schema: JsonSchema = {
  type: "object",
  properties: {
    items: { type: "string", "x-cel": true },
    start_line: { type: "string", "x-regex": true },
    files: { type: "array", items: { type: "string", "x-glob": true } },
    request: {
      type: "object",
      properties: {
        url: { type: "string", "x-template": { roots: ["cursor"], encode: "url" } },
        headers: { type: "object", additionalProperties: { type: "string", "x-template": true } },
      },
    },
  },
};

const written = {
  items: "data.list.filter(i, i.n > 1)",
  start_line: "^(?P<day>\\d+)-(?P<name>\\w+)",
  files: ["logs/*.log", "var/**"],
  request: { url: "https://h.example/{{data.name}}?after={{cursor}}", headers: { "x-a": "{{text}}" } },
};

test("options that are code are found by their marks, in the words of the code", () => {
  expect(codeOptions(schema, written).map(({ key, kind }) => `${kind} ${key}`)).toEqual([
    "cel items",
    "regex startLine",
    "glob files.0",
    "glob files.1",
    "template request.url",
    "template request.headers.x-a",
  ]);
});

test("compiled, they do what a channel's own would", async () => {
  const code = await codeOf(schema, written);
  expect(code.cel("items")?.({ data: { list: [{ n: 1 }, { n: 2 }] } })).toEqual([{ n: 2 }]);
  expect(code.regex("startLine")?.test("12-may")).toBe(true);
  expect(code.regex("startLine")?.groups("12-may: x")).toEqual({ day: "12", name: "may" });
  expect(code.regex("startLine")?.groups("no")).toBeUndefined();
  expect(code.glob("files.0")?.("logs/a.log")).toBe(true);
  expect(code.glob("files.0")?.("logs/b/a.log")).toBe(false);
  expect(code.cel("nothing")).toBeUndefined();
});

test("a value cannot leave its place in a URL, and further roots are there", async () => {
  const code = await codeOf(schema, written);
  const url = code.template("request.url")?.({ data: { name: "../a?b=c&d#e\ud800" }, cursor: "x&y" });
  expect(url).toBe("https://h.example/..%2Fa%3Fb%3Dc%26d%23e%EF%BF%BD?after=x%26y");
});

test("a mistake is told at its place", async () => {
  await expect(codeOf(schema, { items: "data.list.filter(" })).rejects.toThrow(/^sources.tested.items: /);
  await expect(codeOf(schema, { start_line: "(a" })).rejects.toThrow(/^sources.tested.start_line: /);
  await expect(codeOf(schema, { request: { url: "https://h/{{curser}}" } })).rejects.toThrow(
    /curser is not a root/,
  );
});
