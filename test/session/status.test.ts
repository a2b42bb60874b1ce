import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  describeStatus,
  type SessionStatus,
  type StatusReport,
  statusTool,
} from "../../src/session/tools/status.ts";

const counts = { accepted: 0, sent: 0, unmatched: 0, dropped: 0, duplicate: 0, refused: 0 };
const report: StatusReport = {
  version: "0.1.0",
  pid: 4711,
  epoch: 1,
  background: false,
  config: "/p/channels.yaml",
  folder: "/s",
  started: "2026-01-05T08:00:00.000Z",
  problems: [],
  address: "http://127.0.0.1:8788",
  sources: [
    {
      name: "github",
      type: "http",
      state: "running",
      address: "POST http://127.0.0.1:8788/github",
      try_it: "curl -d '{}' http://127.0.0.1:8788/github",
    },
  ],
  channels: [{ name: "ci_failed", from: ["github"] }],
  counts,
  sessions: [],
  journal: { open: 0, dead: 0, bytes: 0 },
  silences: [],
};
const healthy: SessionStatus = { report, session: "s1", isLeader: true };
const session = {
  id: "s1",
  pid: 12,
  project: "",
  listening: { state: "no" as const, reason: "" },
  since: "2026-01-05T08:00:00.000Z",
  sent: 0,
};
const withReport = (more: Partial<StatusReport>): SessionStatus => ({
  ...healthy,
  report: { ...report, ...more },
});

describe("status", () => {
  test("of a healthy router that nothing has reached yet", () => {
    expect(describeStatus(healthy)).toMatchInlineSnapshot(`
      "channel-router 0.1.0
      config: /p/channels.yaml
      listener: http://127.0.0.1:8788
      sources:
        github (http) running, POST http://127.0.0.1:8788/github
      channels:
        ci_failed from github
      events since start: 0 accepted, 0 delivered, 0 unmatched, 0 dropped, 0 duplicate, 0 refused
      leader: this process (pid 4711)
      next:
        - nothing has arrived yet; to try github: curl -d '{}' http://127.0.0.1:8788/github"
    `);
  });

  test("says the address of a source once, also when that is its detail", () => {
    const [source] = report.sources;
    const text = describeStatus(withReport({ sources: [{ ...source!, detail: source!.address! }] }));
    expect(text).toContain("github (http) running, POST http://127.0.0.1:8788/github\n");
  });

  test("without a config says where it was looked for and what to write", () => {
    const { address, ...unbound } = report;
    const searched = ["/p/channels.yaml", "/p/.claude/channels.yaml"];
    const text = describeStatus({
      ...healthy,
      report: { ...unbound, searched, sources: [], channels: [] },
    });
    expect(text).toMatchInlineSnapshot(`
      "channel-router 0.1.0
      config: none found; looked for, in this order:
        /p/channels.yaml
        /p/.claude/channels.yaml
      sources: none
      channels: none
      events since start: 0 accepted, 0 delivered, 0 unmatched, 0 dropped, 0 duplicate, 0 refused
      leader: this process (pid 4711)
      next:
        - write /p/channels.yaml ("channel-router schema" prints what it may hold); it is read as soon as it is there"
    `);
  });

  test("says when a source last had something, and when it looks again", () => {
    const text = describeStatus(
      withReport({
        sources: [
          {
            name: "releases",
            type: "poll",
            state: "waiting",
            detail: "api.example answered 401 (not logged in: is the token right?)",
            last_event: "2026-01-05T09:00:00.000Z",
            next_try: "2026-01-05T09:10:00.000Z",
          },
        ],
      }),
    );
    expect(text).toContain(
      "  releases (poll) waiting: api.example answered 401 (not logged in: is the token right?), " +
        "last event 2026-01-05 09:00:00Z, next 2026-01-05 09:10:00Z",
    );
  });

  test("shows problems with their carets, failed sources with the reason, and the next step", () => {
    const frame =
      "channels.yaml:3:5 unknown key pth\n  3 |     pth: /github\n    |     ^^^ did you mean path?";
    const text = describeStatus({
      ...withReport({
        problems: [frame],
        address: "127.0.0.1:8788 is taken by node (pid 12)",
        sources: [{ name: "github", type: "http", state: "failed", detail: "E_LISTEN_IN_USE" }],
        counts: { ...counts, accepted: 3, sent: 3, unmatched: 1 },
      }),
      next: ["trust the new powers"],
    });
    expect(text).toContain(`problems: 1\n${frame}\n`);
    expect(text).toContain("listener: 127.0.0.1:8788 is taken by node (pid 12)");
    expect(text).toContain("github (http) failed: E_LISTEN_IN_USE");
    expect(text).toMatch(/next:\n {2}- trust the new powers\n {2}- correct the config file/);
    expect(text).toContain("a source has failed");
    expect(text).toContain("--dangerously-load-development-channels");
  });

  test("says who owns, who listens, what waits, what is dead and what is silent", () => {
    const text = describeStatus({
      ...withReport({
        active: "file",
        channels: [{ name: "ci_failed", from: ["github"], receipt: true, answerable: true }],
        counts: { ...counts, accepted: 5, sent: 2 },
        sessions: [
          {
            ...session,
            project: "/p",
            listening: {
              state: "no",
              reason: "started without --dangerously-load-development-channels server:router",
            },
          },
          {
            ...session,
            id: "s2",
            listening: { state: "yes", reason: "a tool call named an event" },
            label: "night",
          },
        ],
        journal: {
          open: 5,
          states: { accepted: 0, held: 3, sent: 2 },
          bytes: 3 * 1024 ** 2,
          dead: 12,
          dead_letters: [{ event_id: "e1", channel: "ci_failed", reason: "no ack after 3 attempts" }],
        },
        silences: [{ channel: "ci_failed", until: "2026-01-05T10:00:00.000Z", reason: "flaky" }],
      }),
      isLeader: false,
      waiting: 3,
    });
    expect(text.slice(text.indexOf("channels:"))).toMatchInlineSnapshot(`
      "channels:
        ci_failed (needs ack, reply) from github
      events since start: 5 accepted, 2 delivered, 0 unmatched, 0 dropped, 0 duplicate, 0 refused
      leader: another process (pid 4711)
      sessions:
        s1 (this one), /p, listening: no, started without --dangerously-load-development-channels server:router
        s2, label night, listening: yes, a tool call named an event
      journal: 3 held, 2 sent; 3.0 MiB
      waiting for this session: 3
      dead letters: 12
        e1 ci_failed: no ack after 3 attempts
      silent:
        ci_failed until 2026-01-05T10:00:00.000Z: flaky
      next:
        - events wait: call pending
        - no event is pushed to this session, because it does not listen: started without --dangerously-load-development-channels server:router
        - dead letters were not acknowledged in time: "channel-router replay EVENT_ID" sends one again"
    `);
  });

  test("says what to do when this process works alone", () => {
    expect(describeStatus({ ...healthy, alone: "the state folder is gone" })).toMatch(
      /next:\n {2}- this session receives nothing .*channel-router doctor/,
    );
  });

  test("says when the journal cannot be written", () => {
    const journal = { ...report.journal, failure: "ENOSPC: no space left on device" };
    const text = describeStatus(withReport({ active: "file", journal }));
    expect(text).toContain("journal: nothing open; 0.0 MiB; failing: ENOSPC: no space left on device");
    expect(text).toMatch(/next:\n {2}- the journal cannot be written/);
  });

  test("counts what it leaves out", () => {
    const source = { ...report.sources[0]!, detail: "waits for the network" };
    const sources = Array.from({ length: 500 }, (_, n) => ({ ...source, name: `source_${n}` }));
    const text = describeStatus(withReport({ sources }));
    const listed = text.match(/source_\d+ /g)!.length;
    expect(text).toContain(`... ${500 - listed} more sources`);
  });

  test("is under 2,000 tokens whatever the report holds", () => {
    // Long ones are a short one over and over: to draw each character costs more than all the rest.
    const text = (maxLength: number) =>
      fc
        .tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 20 }), fc.nat(Math.floor(maxLength / 2)))
        .map(([piece, cut]) => piece.repeat(maxLength).slice(0, maxLength - cut));
    const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 40, size: "max" });
    fc.assert(
      fc.property(
        fc.option(text(500), { nil: undefined }),
        list(text(300)),
        list(text(2000)),
        list(
          fc.record({
            name: text(80),
            type: text(20),
            detail: text(400),
            address: text(300),
            try_it: text(900),
          }),
        ),
        list(fc.record({ name: text(80), from: fc.array(text(40)) })),
        list(text(400)),
        list(fc.record({ id: text(80), label: text(80), project: text(300), reason: text(300) })),
        (file, searched, problems, sources, channels, next, sessions) => {
          const full: StatusReport = {
            ...report,
            active: "file",
            config: file ?? "",
            ...(file === undefined && { searched }),
            problems,
            address: "x".repeat(1000),
            sources: sources.map((source) => ({ ...source, state: "running" as const })),
            channels,
            sessions: sessions.map(({ reason, ...one }) => ({
              ...session,
              ...one,
              listening: { state: "no" as const, reason },
            })),
            journal: {
              open: 2e9,
              states: { held: 1e9, sent: 1e9 },
              bytes: 1e12,
              failure: "x".repeat(1_000),
              dead: 1e6,
              dead_letters: sessions.map(({ id, label, reason }) => ({
                event_id: id,
                channel: label,
                reason,
              })),
            },
            silences: sessions.map(({ id, reason }) => ({
              channel: id,
              until: "2001-09-09T01:46:40.000Z",
              reason,
            })),
          };
          const status = {
            report: full,
            session: sessions[0]?.id ?? "",
            isLeader: true,
            alone: "x".repeat(500),
            waiting: 1e9,
            next,
          };
          expect(describeStatus(status).length).toBeLessThanOrEqual(8000);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("the tool reads the report anew at each call", async () => {
    let accepted = 0;
    const tool = statusTool(() => withReport({ counts: { ...counts, accepted } }));
    expect(await tool.call({})).toContain("0 accepted");
    accepted = 7;
    expect(await tool.call({})).toContain("7 accepted");
    expect(Buffer.byteLength(tool.description)).toBeLessThan(300);
  });
});
