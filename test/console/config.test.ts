// `console:` in the config: what it may say, and what that needs consent for.

import { describe, expect, test } from "vitest";
import { openProject, wordsOf } from "../support/proven.ts";

const project = openProject();

const proven = (written: string) => project.prove(`${written}\n`);
const planned = async (written: string) => {
  const { plan, issues } = await proven(written);
  const { powers, ...settings } = plan.console;
  return {
    ...settings,
    powers: wordsOf(powers),
    issues: issues.map(({ path, message, hint }) => `${path}: ${message}; ${hint}`),
  };
};

const usual = { enabled: true, isRemote: false, readOnly: false, metrics: false, powers: [], issues: [] };

describe("console:", () => {
  test("is on without a word in the config, on this machine, and needs no consent", async () => {
    expect(await planned("version: 1")).toEqual(usual);
    expect(await planned("console: true")).toEqual(usual);
  });

  test("false turns it off", async () => {
    expect(await planned("console: false")).toEqual({ ...usual, enabled: false });
  });

  test("an address of this machine needs no consent", async () => {
    const address = { host: "127.0.0.1", port: 9999, loopback: true };
    expect(await planned('console: "127.0.0.1:9999"')).toEqual({ ...usual, address });
    expect(await planned('console: ":9999"')).toEqual({ ...usual, address });
    expect(await planned('console: { listen: "127.0.0.1:9999", read_only: true }')).toEqual({
      ...usual,
      address,
      readOnly: true,
    });
  });

  test("an address beyond this machine needs an origin, and consent", async () => {
    expect((await planned('console: "0.0.0.0:9999"')).issues).toEqual([
      "console: listens beyond this machine and has no origin; put a reverse proxy with TLS in front of it, and name its address in console.origin",
    ]);
    const { powers, origin, issues } = await planned(
      'console: { listen: "0.0.0.0:9999", origin: "https://Console.example.com" }',
    );
    expect(issues).toEqual([]);
    expect(origin).toBe("https://console.example.com");
    expect(powers).toEqual(["listen 0.0.0.0:9999 as https://console.example.com (console)"]);
  });

  test("another name for an address of this machine needs consent, too; one of this machine does not", async () => {
    expect((await planned("console: { origin: https://host.tailnet.example }")).powers).toEqual([
      "listen 127.0.0.1 as https://host.tailnet.example (console)",
    ]);
    expect((await planned("console: { origin: 'http://127.0.0.1:9000' }")).powers).toEqual([]);
  });

  test.each([
    ["console: { origin: http://console.example.com }", "console.origin: needs https"],
    ["console: { origin: https://console.example.com/path }", "console.origin: "],
    ['console: "unix:/tmp/console.sock"', "console: a browser cannot open a socket file"],
    ['console: "8787"', "console: needs a host and a port"],
    ["console: { port: 8787 }", "console"],
    ["console: {}", "console"],
    ["console: 8787", "console"],
  ])("%s is a problem", async (written, message) => {
    const { issues, enabled } = await planned(written);
    expect(issues.join("\n")).toContain(message);
    // Not another address than the one that was meant.
    expect(enabled).toBe(false);
  });

  test("every part of it is in the power: another address or origin asks again", async () => {
    const hash = async (written: string) => (await proven(written)).plan.console.powers[0]?.hash;
    const all: (string | undefined)[] = [];
    for (const written of [
      'console: { listen: "0.0.0.0:9999", origin: "https://a.example" }',
      'console: { listen: "0.0.0.0:9998", origin: "https://a.example" }',
      'console: { listen: "0.0.0.0:9999", origin: "https://b.example" }',
      'console: { origin: "https://a.example" }',
    ])
      all.push(await hash(written));
    expect(new Set(all).size).toBe(all.length);
  });
});
