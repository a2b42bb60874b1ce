// One event with everything that is known about it.

import type { EventDetail } from "../../../src/console/protocol.ts";

const startMs = Date.now() - 4 * 60_000;
const after = (ms: number) => new Date(startMs + ms).toISOString();

export function sampleEvent(id: string): EventDetail {
  return {
    event: {
      id,
      source: "github",
      connector: "http",
      timeMs: startMs,
      trust: "verified",
      text: '{"action":"completed","workflow_run":{"name":"checkout","conclusion":"failure"}}',
      method: "POST",
      path: "/github",
      headers: {
        "x-github-event": "workflow_run",
        "user-agent": "GitHub-Hookshot/8f1c2aa",
        "x-hub-signature-256": "•••",
      },
      remote: { address: "140.82.115.4" },
      deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958",
      data: {
        action: "completed",
        workflow_run: {
          id: 30_433_642,
          name: "checkout",
          head_branch: "main",
          head_sha: "9f31c2d4d6a1b0e7c1f2",
          conclusion: "failure",
          html_url: "https://github.com/acme/shop/actions/runs/30433642",
          run_attempt: 1,
          actor: { login: "ada", id: 71_203 },
          jobs: [
            { name: "unit", conclusion: "success" },
            { name: "e2e", conclusion: "failure" },
          ],
        },
        repository: {
          full_name: "acme/shop",
          private: true,
          stargazers_count: 12,
          topics: ["shop", "web", "node", "cart", "payments"],
        },
        sender: null,
      },
    },
    why: {
      event_id: id,
      source: "github",
      outcome: "accepted",
      marks: [{ channel: "ci_failed", mark: "acked" }],
      steps: [
        {
          time: after(0),
          step: "arrived",
          text: "POST /github from 140.82.115.4, signature verified (github)",
        },
        { time: after(3), step: "decided", channel: "ci_failed", text: "taken by ci_failed" },
        { time: after(4), step: "held", channel: "ci_failed", text: "held: session shop is busy" },
        {
          time: after(2_140),
          step: "sent",
          channel: "ci_failed",
          session: "s-4f1a",
          attempt: 1,
          text: "sent to session shop",
        },
        {
          time: after(2_610),
          step: "proof",
          channel: "ci_failed",
          session: "s-4f1a",
          text: "shown by the client's log",
        },
        {
          time: after(41_300),
          step: "call",
          channel: "ci_failed",
          session: "s-4f1a",
          text: "reply: posted a comment on #4123",
        },
        { time: after(41_900), step: "acked", channel: "ci_failed", session: "s-4f1a", text: "acknowledged" },
      ],
      trace: [
        { channel: "ci_failed", filter: "match", pass: true, path: "data.action", detail: 'is "completed"' },
        {
          channel: "ci_failed",
          filter: "match",
          pass: true,
          path: "data.workflow_run.conclusion",
          detail: 'is "failure"',
        },
        {
          channel: "ci_failed",
          filter: "dedupe",
          pass: true,
          detail: "30433642 was not seen in the last 24 h",
        },
        {
          channel: "reviews",
          filter: "match",
          pass: false,
          path: "data.action",
          detail: 'was "completed", wanted "review_requested"',
        },
      ],
      not_asked: ["releases_by_tag"],
    },
    shown: [
      {
        channel: "ci_failed",
        session: "s-4f1a",
        tokens: 64,
        block: `<channel source="channel-router" channel="ci_failed" event="${id}" receipt="ack">\ncheckout failed on main (9f31c2d), attempt 1: e2e\nhttps://github.com/acme/shop/actions/runs/30433642\n</channel>`,
      },
    ],
    answers: [
      { time: after(41_300), session: "s-4f1a", tool: "reply", text: "posted a comment on #4123" },
      { time: after(41_900), session: "s-4f1a", tool: "ack", text: "done: reverted 9f31c2d" },
    ],
    deliveries: [{ channel: "ci_failed", state: "done", mark: "acked", tokens: 64, attempts: 1 }],
  };
}
