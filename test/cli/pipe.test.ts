// The built program in a pipe.

import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { program } from "../support/router.ts";

test("a reader that has seen enough ends a command without a word", async () => {
  const child = spawn(process.execPath, [program, "schema"]);
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  child.stdout.destroy();
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(stderr).toBe("");
  expect(code).toBe(0);
});
