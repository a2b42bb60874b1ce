import { expect, test } from "vitest";
import { judgeListening, type ListeningEvidence } from "../../src/daemon/listening.ts";

const server = { name: "router" };
const claude = { name: "claude-code", version: "2.1.330" };
const flag = "--dangerously-load-development-channels";

const cases: [string, Omit<ListeningEvidence, "server"> & Partial<ListeningEvidence>, string, RegExp][] = [
  ["nothing", {}, "unknown", /no evidence/],
  ["another client", { client: { name: "crush", version: "1" } }, "unknown", /crush/],
  ["an event named that only the channel showed", { namedEvent: "e1" }, "yes", /e1/],
  [
    "an event named, against the log's no",
    { namedEvent: "e1", log: { registered: false, reason: "off" } },
    "no",
    /off/,
  ],
  [
    "an event named, against a command line without the flag",
    { namedEvent: "e1", claudeCommand: ["claude"] },
    "no",
    /without --channels/,
  ],
  [
    "a permission request of a precise client",
    { permissionRequest: true, client: claude },
    "yes",
    /permission/,
  ],
  [
    "one of an old client, which asks everybody",
    { permissionRequest: true, client: { ...claude, version: "2.1.233" } },
    "unknown",
    /no evidence/,
  ],
  [
    "an event that was not shown, against the log's yes",
    { notShown: "e1", log: { registered: true } },
    "no",
    /did not show event e1/,
  ],
  [
    "the log's yes, against the command line",
    { log: { registered: true }, claudeCommand: ["claude"] },
    "yes",
    /log/,
  ],
  [
    "the log's no, against the command line",
    { log: { registered: false, reason: "not allowed" }, claudeCommand: ["claude", flag, "server:router"] },
    "no",
    /not allowed/,
  ],
  ["a command line without channels", { claudeCommand: ["claude", "--resume"] }, "no", /without --channels/],
  [
    "a command line that names this server",
    { claudeCommand: ["claude", flag, "server:other", "server:router", "-c"] },
    "yes",
    /server:router/,
  ],
  ["one with an equals sign", { claudeCommand: ["claude", `${flag}=server:router`] }, "yes", /server:router/],
  [
    "one that names another server",
    { claudeCommand: ["claude", flag, "server:router2"] },
    "no",
    /without server:router/,
  ],
  [
    "the name as an argument of another option",
    { claudeCommand: ["claude", "-p", "server:router"] },
    "no",
    /without --channels/,
  ],
  [
    "a plugin",
    { claudeCommand: ["claude", "--channels", "plugin:cr@market"], server: { name: "router", plugin: "cr" } },
    "yes",
    /plugin:cr@market/,
  ],
  [
    "another plugin",
    {
      claudeCommand: ["claude", "--channels", "plugin:crx@market"],
      server: { name: "router", plugin: "cr" },
    },
    "no",
    /plugin:cr$/,
  ],
  ["a command line that cannot be read", { claudeCommand: [], client: claude }, "unknown", /no evidence/],
];

test.each(cases)("%s", (_, evidence, state, reason) => {
  const judged = judgeListening({ server, ...evidence });
  expect(judged.state).toBe(state);
  expect(judged.reason).toMatch(reason);
});
