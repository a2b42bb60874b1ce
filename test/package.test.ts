import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");

test("the notices name each dependency of the bundle with a licence text", () => {
  const notices = read("dist/THIRD-PARTY-NOTICES.txt");
  const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const entries = notices.split(/^-{80}$/m).slice(1);
  for (const name of Object.keys(dependencies)) {
    const entry = entries.find((one) => one.trim().startsWith(`${name} `));
    expect(entry ?? `no notice of ${name}`).toMatch(/copyright|permission to use/i);
  }
});

test("nothing that users install runs an install script", () => {
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { dev?: boolean; hasInstallScript?: boolean }>;
  };
  const scripts = Object.entries(packages).filter(
    ([, one]) => one.hasInstallScript === true && one.dev !== true,
  );
  expect(scripts.map(([path]) => path)).toEqual([]);
});
