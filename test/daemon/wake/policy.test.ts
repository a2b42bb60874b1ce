// Where an organisation has decided about channels, nothing is rung.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { policyIn, policyOfSettings } from "../../../src/daemon/wake/policy.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cr-policy-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plugin = { name: "router", plugin: "router" };
const server = { name: "router" };
const judge = (who = plugin as { name: string; plugin?: string }) =>
  policyOfSettings(who, { configFolder: folder, file: join(folder, "managed-settings.json") });
const write = (name: string, settings: unknown) =>
  writeFileSync(join(folder, name), typeof settings === "string" ? settings : JSON.stringify(settings));

test("no settings, and settings that say nothing about it, allow it", async () => {
  expect(await judge()).toBeUndefined();
  write("managed-settings.json", { permissions: {} });
  expect(await judge()).toBeUndefined();
  expect(await judge(server)).toBeUndefined();
  write("managed-settings.json", { channelsEnabled: true });
  expect(await judge(server)).toBeUndefined();
});

test("channelsEnabled: false is a no, in whichever file of the administrator it is", async () => {
  mkdirSync(join(folder, "managed-settings.d"));
  for (const name of [
    "managed-settings.json",
    "managed-settings.d/50-channels.json",
    "remote-settings.json",
  ]) {
    write(name, { channelsEnabled: false });
    expect(await judge()).toBe(`channelsEnabled is false in ${join(folder, name)}`);
    rmSync(join(folder, name));
  }
  expect(await judge()).toBeUndefined();
});

test("a list of plugins that leaves this one out is a no, and so is any list for a server that is not a plugin", async () => {
  write("managed-settings.json", {
    channelsEnabled: true,
    allowedChannelPlugins: [{ plugin: "telegram", marketplace: "claude-plugins-official" }],
  });
  expect(await judge()).toMatch(/allowedChannelPlugins in .* does not list router@channel-router/);
  write("managed-settings.json", {
    allowedChannelPlugins: [{ plugin: "router", marketplace: "elsewhere" }, "router", null],
  });
  expect(await judge()).toMatch(/does not list/);
  write("managed-settings.json", {
    allowedChannelPlugins: [{ plugin: "router", marketplace: "channel-router" }],
  });
  expect(await judge()).toBeUndefined();
  expect(await judge(server)).toMatch(/does not list/);
});

test("settings that cannot be read are a no", async () => {
  write("managed-settings.json", "{ channelsEnabled");
  expect(await judge()).toMatch(/managed-settings.json cannot be read \(not JSON\)/);
  rmSync(join(folder, "managed-settings.json"));
  mkdirSync(join(folder, "managed-settings.json"));
  expect(await judge()).toMatch(/cannot be read/);
});

test("a folder of settings that exists and cannot be read is a no", async () => {
  const dropIns = join(folder, "managed-settings.d");
  // A link to itself cannot be read by root either.
  symlinkSync(dropIns, dropIns);
  expect(await judge()).toBe(`${dropIns} cannot be read (ELOOP)`);
  rmSync(dropIns);
  writeFileSync(dropIns, "");
  expect(await judge()).toBeUndefined();
  rmSync(dropIns);
  mkdirSync(dropIns, { mode: 0 });
  const isRoot = process.getuid?.() === 0;
  expect(await judge()).toBe(isRoot ? undefined : `${dropIns} cannot be read (EACCES)`);
});

test.each([
  "channels not enabled by org policy (set channelsEnabled: true in managed settings)",
  "plugin router is not on your org's approved channels list (set allowedChannelPlugins in managed settings)",
  "channels are off for your organization · ask your admin",
  "disabled by policy",
])("the client's log says who decided: %s", (reason) => {
  expect(policyIn({ registered: false, reason })).toBe(`Claude Code's log says: ${reason}`);
});

test.each([
  "server router not in --channels list for this session",
  "channels feature is not currently available",
  "server did not declare claude/channel capability",
  "plugin router is not on the approved channels allowlist (use --dangerously-load-development-channels for local dev)",
  "channels are not available on Bedrock, Vertex or Foundry",
])("nobody decided: %s", (reason) => {
  expect(policyIn({ registered: false, reason })).toBeUndefined();
});

test("a session that registered, or of which nothing is known, has no policy in its log", () => {
  expect(policyIn({ registered: true })).toBeUndefined();
  expect(policyIn(undefined)).toBeUndefined();
});
