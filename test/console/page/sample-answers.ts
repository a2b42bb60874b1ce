// Answers of a router that has something to show on every page.

import { readFileSync } from "node:fs";
import type { ConsoleAnswer, LiveEvent, OverviewAnswer, TriedEvent } from "../../../src/console/protocol.ts";
import type { RouterEvent } from "../../../src/contract.ts";
import type { StatusReport } from "../../../src/control/protocol.ts";
import type { MockAnswers } from "./mock-router.ts";
import { sampleEvent } from "./sample-event.ts";

const nowMs = Date.now();
const ago = (minutes: number) => new Date(nowMs - minutes * 60_000).toISOString();

const notes = [
  "checkout #4123 failed on main: 2 of 318 tests, first red since 9f31c2d",
  "PodCrashLooping: payments-7c9 restarted 6 times in 10 min",
  "release 2.14.0 is live in eu-west-1, took 3 min 12 s",
  "Ada: can you have a look at the flaky login test?",
  "invoice 2026-1107 could not be parsed: missing VAT id",
  "review requested: cart: keep the coupon over a reload (#4119)",
];
const plain = { trusted: true } as const;

export function sampleStatus(): StatusReport {
  return {
    version: "0.1.0",
    pid: 40_213,
    epoch: 7,
    background: false,
    config: "/home/ada/shop/channels.yaml",
    folder: "/home/ada/.local/state/channel-router/shop-4f1a",
    started: ago(312),
    active: "file",
    problems: [],
    last_reload: { time: ago(18), ok: true, text: "1 channel changed: ci_failed", notes: [] },
    address: "http://127.0.0.1:8788",
    powers: [{ power: "connect", value: "https://api.github.com", component: "sources.inbox", ...plain }],
    sources: [
      {
        name: "github",
        type: "http",
        state: "running",
        address: "POST http://127.0.0.1:8788/github",
        last_event: ago(0.2),
        no_try_it: "It needs the secret: channel-router send github --fixture push.json",
        refused: {
          statuses: [{ status: 401, count: 5 }],
          last: { status: 401, reason: "the signature does not match", time: ago(41) },
          text: "5 x 401 unauthorized, last 12:03:11",
        },
      },
      {
        name: "alerts",
        type: "http",
        state: "running",
        address: "POST http://127.0.0.1:8788/alerts",
        last_event: ago(2),
        try_it: `curl -d '{"status":"firing"}' -H 'content-type: application/json' http://127.0.0.1:8788/alerts`,
      },
      {
        name: "deploys",
        type: "sse",
        state: "running",
        detail: "connected to https://deploys.internal/events",
        last_event: ago(14),
      },
      {
        name: "inbox",
        type: "imap",
        state: "waiting",
        detail: "imap.example.net",
        last_error: "rate limited by imap.example.net, retrying in 40 s",
        next_try: new Date(nowMs + 40_000).toISOString(),
        last_event: ago(95),
      },
      {
        name: "team",
        type: "webchat",
        state: "running",
        address: "http://127.0.0.1:8788/team",
        last_event: ago(7),
      },
      {
        name: "telegram",
        type: "telegram",
        state: "failed",
        last_error: "the bot token was rejected (401): set TELEGRAM_BOT_TOKEN",
      },
    ],
    channels: [
      { name: "ci_failed", from: ["github"], receipt: true },
      { name: "reviews", from: ["github"] },
      { name: "oncall", from: ["alerts"], receipt: true, sinks: ["silence_alert"] },
      { name: "releases", from: ["deploys"] },
      { name: "invoices", from: ["inbox"] },
      { name: "chat", from: ["team", "telegram"], answerable: true },
    ],
    sinks: [
      { name: "silence_alert", type: "http", calls: 3, failures: 1, last_error: "503 from alertmanager" },
    ],
    counts: {
      accepted: 1_284,
      duplicate: 12,
      dropped: 31,
      unmatched: 402,
      refused: 5,
      sent: 1_190,
      shown: 1_171,
      read: 214,
      acked: 88,
    },
    sessions: [
      {
        id: "s-4f1a",
        pid: 40_213,
        project: "/home/ada/shop",
        name: "shop",
        idle: false,
        client: "claude-code 2.1.4",
        listening: { state: "yes", reason: "its log shows the channel messages of this server" },
        since: ago(310),
        sent: 903,
        shown: 903,
      },
      {
        id: "s-9c02",
        pid: 41_877,
        project: "/home/ada/payments",
        label: "payments",
        idle: true,
        client: "claude-code 2.0.9",
        listening: {
          state: "no",
          reason: "it was started without --channels server:channel-router; it is woken instead",
        },
        since: ago(121),
        sent: 0,
        wake: { way: "monitor", unanswered: 1, last_ring: ago(4), text: "rung through the plugin's monitor" },
      },
    ] as StatusReport["sessions"],
    unanswered: [{ event_id: "01kbq8m4s7", source: "team", name: "Grace", time: ago(7), session: "s-4f1a" }],
    journal: {
      open: 14,
      states: { held: 11, sent: 3 },
      dead: 1,
      dead_letters: [
        { event_id: "01kbq7zz10", channel: "oncall", reason: "no ack within 15 min after 5 attempts" },
      ],
      bytes: 4_812_200,
    },
    shaping: [
      {
        channel: "reviews",
        throttled: 0,
        dropped: 0,
        superseded: 4,
        quieted: 0,
        over_hour: 0,
        digests: 12,
        folded: 58,
        collecting: [
          { reason: "digest", groups: 1, events: 6, next: new Date(nowMs + 300_000).toISOString() },
        ],
        text: "12 digests of 58 events, 4 superseded",
      },
    ],
    silences: [
      { channel: "releases", until: new Date(nowMs + 2_400_000).toISOString(), reason: "release day" },
    ],
  };
}

export function sampleOverview(): OverviewAnswer {
  const hour = Math.floor(nowMs / 3_600_000) * 3_600_000;
  const wave = (scale: number, shift: number) =>
    Array.from({ length: 24 }, (_, index) =>
      Math.max(0, Math.round(scale * (1 + Math.sin((index + shift) / 3.1)) * (index < 5 ? 0.2 : 1))),
    );
  return {
    budget: 20_000,
    since: new Date(hour - 23 * 3_600_000).toISOString(),
    channels: [
      { name: "ci_failed", hours: wave(1_900, 1) },
      { name: "reviews", budget: 4_000, hours: wave(1_700, 4) },
      { name: "oncall", hours: wave(900, 9) },
      { name: "releases", hours: wave(300, 2) },
      { name: "invoices", hours: wave(250, 7) },
      { name: "chat", hours: wave(1_200, 12) },
    ],
    recipes: [
      { use: "ci", name: "github-ci", version: "1.4.0", newer: "1.5.0" },
      { use: "alertmanager", name: "alertmanager", version: "2.0.1" },
    ],
    reloads: [
      {
        time: ago(18),
        ok: true,
        text: "1 channel changed: ci_failed",
        diff: "--- channels.yaml\n+++ channels.yaml\n@@ -12,3 +12,3 @@\n   ci_failed:\n     from: github\n-    match: { data.action: completed }\n+    match: { data.action: completed, data.workflow_run.conclusion: failure }\n",
      },
      { time: ago(22), ok: false, text: "the previous config stays active: channels.yaml has 1 problem" },
    ],
  };
}

const prompt = {
  id: "kfbqz",
  kind: "permission",
  text: 'Claude wants to use Bash in /home/ada/shop\n\nRun the database migration on staging\n\n{\n  "command": "pnpm migrate --env staging"\n}',
  since: ago(1),
  session: "shop (s-4f1a)",
  answerable: true,
  shown: "c2hvd24",
} as const;

const configText = `# Which builds matter.
sources:
  github:
    type: http
    path: /github
channels:
  ci_failed:
    from: github
    match:
      data.action: completed
    content: "{{data.workflow_run.name}} failed"
tests:
  - name: a failed build
    send: { source: github, data: { file: fixtures/failed.json } }
    expect: { channel: ci_failed }
`;

function sampleConfig(): ConsoleAnswer<"config"> {
  return {
    file: "/home/ada/shop/channels.yaml",
    text: configText,
    sha256: "0".repeat(64),
    schema: JSON.parse(
      readFileSync(new URL("../../../schema/channels.schema.json", import.meta.url), "utf8"),
    ),
    channels: ["ci_failed"],
    sources: ["github"],
    editable: true,
  };
}

/** A text with `broken` in it has a problem there. */
function sampleTry(text: string, event: TriedEvent): ConsoleAnswer<"try"> {
  const at = text.split("\n").findIndex((line) => line.includes("broken"));
  if (at !== -1) {
    const column = (text.split("\n")[at] ?? "").indexOf("broken") + 1;
    const issue = {
      line: at + 1,
      column,
      length: 6,
      message: "unknown key",
      hint: "remove it",
      frame: "broken\n^",
    };
    return { issues: [issue], channels: [] };
  }
  if ("source" in event && event.source === "") return { issues: [], channels: [] };
  const stored = "event_id" in event ? { event: sampleEvent(event.event_id).event as RouterEvent } : {};
  const taken = /data.action: completed$/m.test(text);
  const step = {
    channel: "ci_failed",
    filter: taken ? "taken" : "match",
    pass: taken,
    detail: "data.action",
  };
  const channel = { name: "ci_failed", taken, steps: [step] };
  return {
    issues: [],
    channels: [taken ? { ...channel, block: "<channel>\nCI failed\n</channel>", tokens: 41 } : channel],
    ...stored,
  };
}

export function sampleAnswers(): MockAnswers {
  const nothing = () => ({}) as never;
  return {
    status: sampleStatus,
    sessions: () => ({ sessions: sampleStatus().sessions }),
    overview: sampleOverview,
    events: () => ({ events: [] }),
    event: ({ event_id }) => sampleEvent(event_id),
    why: ({ event_id }) => sampleEvent(event_id).why,
    recall: ({ event_id }) => sampleEvent(event_id).event as never,
    replay: () => ({ event_id: "01kbq9zz99", outcome: "accepted", channels: ["ci_failed"], trace: [] }),
    send: nothing,
    silence: ({ channel, for_ms }) => ({
      channel,
      ...(for_ms === 0 ? {} : { until: new Date(nowMs + for_ms).toISOString() }),
    }),
    access: ({ request }) => ({
      said: request.do === "list" ? "" : "Grace Hopper may write on telegram now",
      sources: [
        {
          source: "team",
          type: "webchat",
          dm: "pairing",
          people: [
            { id: "1f0a-77c2-90de-4b11-03aa", name: "Ada's laptop", from: "paired", since: ago(9_000) },
            { id: "77aa-0b1c-44ef-9d20-7e15", from: "config" },
          ],
          bots: [],
          groups: [],
          pending: [],
        },
        {
          source: "telegram",
          type: "telegram",
          dm: "pairing",
          people: [{ id: "418812044", name: "Ada Lovelace", from: "paired", since: ago(40_000) }],
          bots: [],
          groups: [{ chat: "-1001834", mention: true, allow: [], from: "added" }],
          pending: [
            {
              code: "a41f9c",
              id: "505120331",
              name: "Grace Hopper",
              until: new Date(nowMs + 3_000_000).toISOString(),
            },
          ],
        },
      ],
    }),
    powers: () => ({ asked: null }),
    reload: () => ({
      time: new Date().toISOString(),
      ok: true,
      text: "nothing has changed",
      problems: [],
      notes: [],
    }),
    config: sampleConfig,
    try: ({ text, event }) => sampleTry(text, event),
    compare: () => ({
      compared: 120,
      newly: [{ event_id: "01kbq90001", channel: "ci_failed", block: "<channel>\nnew\n</channel>" }],
      no_longer: [
        {
          event_id: "01kbq90002",
          channel: "rest",
          block: "<channel>\nold\n</channel>",
          reason: "match: data.action",
        },
      ],
      changed: [
        {
          event_id: "01kbq90003",
          channel: "ci_failed",
          before: "<channel>\nbuild failed\n</channel>",
          after: "<channel>\nbuild broke\n</channel>",
          parts: ["content"],
        },
      ],
      counts: { newly: 1, no_longer: 1, changed: 1 },
      tokens: { before: 4_200, after: 1_300 },
      channels: [
        { channel: "ci_failed", before: { events: 4, tokens: 1_200 }, after: { events: 5, tokens: 1_300 } },
        { channel: "rest", before: { events: 80, tokens: 3_000 }, after: { events: 0, tokens: 0 } },
      ],
      left_out: 0,
    }),
    save: ({ dry_run }) => ({
      diff: "--- channels.yaml\n+++ channels.yaml\n@@ -4 +4 @@\n-    from: github\n+    from: gitlab\n",
      sha256: "1".repeat(64),
      ...(dry_run === true
        ? {}
        : {
            verdict: {
              time: new Date().toISOString(),
              ok: true,
              text: "ci_failed changed",
              problems: [],
              notes: [],
            },
          }),
    }),
    propose_channel: () => ({
      yaml: 'channels:\n  github_workflow_run:\n    from: github\n    match:\n      data.action: completed\n    content: "{{data.workflow_run.name}} {{data.workflow_run.conclusion}}"\n    dedupe: data.workflow_run.id\n',
      reasons: [
        "data.action was the same in 14 similar events",
        "data.workflow_run.id differs in each of them",
      ],
      tokens: 41,
    }),
    make_test: ({ event_id }) => ({
      yaml: `tests:\n  - name: ${event_id} goes to ci_failed\n    send: github\n    expect: [ci_failed]\n`,
    }),
    make_recipe: () => ({
      yaml: "recipe: github-workflow-run\nversion: 1.0.0\n",
      fixtures: { "workflow_run.json": { action: "completed" } },
    }),
    prompts: () => ({ prompts: [prompt] }),
    answer_prompt: () => ({ state: "done" }),
    consent: () => ({
      file: "/home/ada/shop/channels.yaml",
      contents: [],
      powers: [
        {
          id: "p1",
          kind: "command",
          component: "sources.backup",
          text: "/usr/bin/rsync --dry-run /srv/data backup:/srv/data",
          state: "waiting",
        },
        {
          id: "p2",
          kind: "connect",
          component: "sources.inbox",
          text: "imaps://imap.example.net:993",
          state: "waiting",
        },
        { id: "p3", kind: "listen", component: "listen", text: "127.0.0.1:8788", state: "trusted" },
      ],
    }),
    agree: nothing,
    browsers: () => ({
      browsers: [
        {
          id: "0000-1111-2222-3333-4444",
          since: ago(20_000),
          last_seen: ago(0),
          name: "Chrome on Linux",
          own: true,
        },
        {
          id: "8812-aa01-7730-c6de-1190",
          since: ago(3_000),
          last_seen: ago(600),
          name: "Safari on iPhone",
          own: false,
        },
        { id: "tok-7f", since: ago(800), name: "grafana", own: false, token: true },
      ],
    }),
    revoke: () => ({ browsers: [] }),
    audit: () => ({
      entries: [
        {
          time: ago(66),
          what: "allow",
          id: "xnwpa",
          session: "s-4f1a",
          tool: "Bash",
          description: "pnpm test -- --run login",
          people: ["telegram 418812044"],
        },
        {
          time: ago(67),
          what: "asked",
          id: "xnwpa",
          session: "s-4f1a",
          tool: "Bash",
          description: "pnpm test -- --run login",
          people: ["telegram 418812044"],
        },
        {
          time: ago(180),
          what: "deny",
          id: "qrstu",
          session: "s-4f1a",
          tool: "WebFetch",
          description: "https://example.org/install.sh",
          people: ["console 0000-1111"],
        },
      ],
    }),
  };
}

const channels = ["ci_failed", "oncall", "releases", "chat", "invoices", "reviews"];
const states = ["acked", "shown", "sent", "read", "held", "shown"];

/** Events in the order in which they arrived. */
export function sampleEvents(count: number, at = nowMs): LiveEvent[] {
  return Array.from({ length: count }, (_, index): LiveEvent => {
    const kind = index % 6;
    const event = {
      event_id: `01kbq9${index.toString(36).padStart(4, "0")}`,
      time: new Date(at - (count - index) * 3_700).toISOString(),
      source: ["github", "alerts", "deploys", "team", "inbox", "github"][kind] as string,
      note: notes[kind] as string,
    };
    if (index % 7 === 3)
      return {
        ...event,
        outcome: "unmatched",
        channels: [],
        note: 'no channel took it: data.action was "opened"',
      };
    if (index % 19 === 5) return { ...event, outcome: "duplicate", channels: [] };
    return {
      ...event,
      outcome: "accepted",
      channels: [{ name: channels[kind] as string, state: states[kind] as string }],
      tokens: 38 + kind * 9,
    };
  });
}

/** A web chat: a question with a picture that is gone, and Claude's answer with markup. */
export const sampleChat = [
  {
    id: "u1",
    room: "main",
    from: "you",
    text: "Which test fails on main?",
    time_ms: Date.parse("2026-11-30T09:41:07Z"),
    event_id: "01kbq90001",
  },
  {
    id: "m1",
    room: "main",
    from: "claude",
    text: "checkout: it expects a total with tax.",
    html: 'Only <b>checkout</b>: it expects a total with tax.\n<pre><code class="language-ts">expect(total).toBe(119)</code></pre><a href="https://example.com">The run</a>',
    time_ms: Date.parse("2026-11-30T09:41:30Z"),
    reply_to: "u1",
    reactions: ["👀"],
  },
  {
    id: "m2",
    room: "main",
    from: "router",
    text: "Bash\nnpm run deploy",
    html: "Bash\n<pre>npm run deploy</pre>",
    time_ms: Date.parse("2026-11-30T09:42:00Z"),
    prompt: {
      id: "abcde",
      buttons: [
        { button: "allow", label: "Allow" },
        { button: "deny", label: "Deny" },
      ],
    },
  },
] as const;
