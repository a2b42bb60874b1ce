// What a source has kept is found again after an edit, as far as its type says.

import { expect, test } from "vitest";
import type { JsonObject } from "../../src/contract.ts";
import { compileOf } from "./plan-of.ts";

async function keeps(options: JsonObject): Promise<string | undefined> {
  const { plan } = await compileOf({}, { sources: { post: { type: "letter", enabled: true, options } } });
  return plan.sources[0]?.keeps;
}

test("an edit of other options leaves it, also where it belongs to the source's name alone", async () => {
  expect(await keeps({ every: 1 })).toBe(await keeps({ every: 2 }));
  expect(await keeps({ address: "a", every: 1 })).toBe(await keeps({ address: "a", every: 2 }));
});

test("another address has its own", async () => {
  expect(await keeps({ address: "a" })).not.toBe(await keeps({ address: "b" }));
});
