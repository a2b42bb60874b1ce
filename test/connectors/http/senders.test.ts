// docs/senders.md says of each preset what the preset says, and how far it is tested.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { sendersTable } from "./senders-table.ts";

it("docs/senders.md has the row of each preset, and no other", () => {
  const page = readFileSync(new URL("../../../docs/senders.md", import.meta.url), "utf8");
  const table = (page.split("\n## ")[0] ?? "").split("\n").filter((each) => each.startsWith("|"));
  // A failure prints the rows as they should be.
  expect(table).toEqual(sendersTable());
});
