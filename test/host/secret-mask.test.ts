import fc from "fast-check";
import { expect, test } from "vitest";
import { createMask, maskAll } from "../../src/host/secret-mask.ts";

const secret = 'hunter2-"quoted"\nhunter2';

test("a secret is hidden as it is, inside JSON, and as a part of a longer one", () => {
  const mask = createMask(["hunter2-hunter2", "hunter2-hunter2-longer", secret]);
  expect(mask(`a hunter2-hunter2-longer b hunter2-hunter2 c ${JSON.stringify({ secret })}`)).toBe(
    'a ••• b ••• c {"secret":"•••"}',
  );
});

test("a secret that was cut short is hidden where the cut is marked, and nothing else that begins like it", () => {
  const mask = createMask(["https://hooks.example.com/T0/B0"]);
  expect(mask('wanted "https://hooks.example.com/T…"')).toBe('wanted "•••…"');
  expect(mask("https://hooks.example.com/docs says… ")).toBe("https://hooks.example.com/docs says… ");
});

test("a secret of four to seven characters is hidden where it is a whole word, a shorter one nowhere", () => {
  const mask = createMask(["main", "p@ss.1", "cat", ""]);
  expect(mask("main, domain, (main) main_2 key=p@ss.1! xp@ss.1 cat")).toBe(
    "•••, domain, (•••) main_2 key=•••! xp@ss.1 cat",
  );
  expect(mask('{"key":"p@ss.1"}')).toBe('{"key":"•••"}');
});

test("no secret is left in any value, whatever stands around it", () => {
  const secrets = fc.array(fc.string({ minLength: 8, maxLength: 40 }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(secrets, fc.string(), fc.string(), (known, before, after) => {
      fc.pre(known.every((one) => !one.includes("•")));
      const value = maskAll({ list: known.map((one) => before + one + after) }, createMask(known));
      const shown = (value as { list: string[] }).list;
      return known.every((one) => shown.every((text) => !text.includes(one)));
    }),
  );
});

test("a short secret of any characters is hidden between blanks", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4, maxLength: 7, unit: "grapheme" }), (secret) => {
      fc.pre(!/[•\s]/.test(secret) && secret.length < 8);
      expect(createMask([secret])(`a ${secret} b`)).toBe("a ••• b");
    }),
  );
});
