// What to type instead of a command line.

import { expect, test } from "vitest";
import { wrongKind } from "../../src/config/describe-value.ts";

const argv = { type: "array", items: { type: "string" }, "x-argv": true };

test.each([
  ["ls -l", "write [ls, -l]"],
  ["  tail  -n 5 logs/app.log", 'write [tail, -n, "5", logs/app.log]'],
  ["./run --level=warn true .5 a:b", 'write [./run, --level=warn, "true", ".5", "a:b"]'],
  ["./Größe", 'write ["./Größe"]'],
  ["", undefined],
  ['echo "a b"', "write the program and its arguments as a list, for example [ls, -l]"],
  ["say {{input.text}}", "write the program and its arguments as a list, for example [ls, -l]"],
  [
    "ls | wc",
    "commands run without a shell: write the program and its arguments as a list, for example [ls, -l]",
  ],
])("a command that is text, %j, is written as the list that it stands for", (typed, hint) => {
  expect(wrongKind(typed, argv, typed).hint).toBe(hint ?? 'write [""]');
});

test("a command that holds a secret is not repeated", () => {
  expect(wrongKind("ls -l s3cr3t", argv, undefined).hint).toBeUndefined();
});
