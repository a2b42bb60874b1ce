import { expect, it } from "vitest";
import { pluginOf } from "../../../src/daemon/start/client-facts.ts";

it.each([
  [
    "the plugin's own program",
    { CLAUDE_PLUGIN_ROOT: "/p/router/0.1.0" },
    "/p/router/0.1.0/dist/channel-router.js",
    "router",
  ],
  [
    "a program that Claude runs beside it",
    { CLAUDE_PLUGIN_ROOT: "/p/other/1" },
    "/usr/bin/channel-router",
    undefined,
  ],
  ["a server of .mcp.json", {}, "/p/router/0.1.0/dist/channel-router.js", undefined],
  [
    "a variable that the client left as it was",
    { CLAUDE_PLUGIN_ROOT: "${CLAUDE_PLUGIN_ROOT}" },
    "/x",
    undefined,
  ],
])("%s", (_, env, program, expected) => {
  expect(pluginOf(env, program)).toBe(expected);
});
