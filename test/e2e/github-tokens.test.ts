// What GitHub sends and what Claude reads of it: every payload that GitHub documents, through a config that somebody could have.
// In memory, because the figure is about text; github-corpus.test.ts sends the same over the wire.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import examples from "@octokit/webhooks-examples";
import { afterAll, expect, test } from "vitest";
import type { Arrival } from "../../src/contract.ts";
import { loadPlan } from "../../src/daemon/start/load-plan.ts";
import { createSimulator } from "../../src/testing/simulator.ts";
import { tokensOf } from "../../src/text/tokens.ts";

interface Definition {
  readonly name: string;
  readonly examples: readonly object[];
}

// The package's types describe a namespace, its JSON is a list.
const payloads = (examples as unknown as readonly Definition[]).flatMap(({ name, examples }) =>
  examples.map((payload) => ({ name, body: JSON.stringify(payload) })),
);
const folder = mkdtempSync("/tmp/cr-tokens-");
afterAll(() => rmSync(folder, { recursive: true }));

/** The recipes for GitHub, and one line for everything else that happens. */
const sensible = `use:
  ci: { recipe: github-ci-failed, with: { secret: "\${GITHUB_WEBHOOK_SECRET}" } }
  review: { recipe: github-review, with: { secret: "\${GITHUB_WEBHOOK_SECRET}" } }
  mention: { recipe: github-mention, with: { secret: "\${GITHUB_WEBHOOK_SECRET}", login: codertocat } }
sources:
  github: { type: http, path: /github, verify: { scheme: github, secret: "\${GITHUB_WEBHOOK_SECRET}" } }
channels:
  rest:
    from: github
    content: "{{headers.x-github-event}} {{data.action}} by {{data.sender.login}}: {{truncate (default data.pull_request.title data.issue.title data.release.name data.ref data.repository.full_name) 60}}"
`;

test("a config that somebody could have costs at least 40 times fewer tokens than the payloads", async () => {
  const file = join(folder, "channels.yaml");
  writeFileSync(file, sensible);
  const { plan, issues } = await loadPlan(file, {}, { placeholders: true });
  expect(issues).toEqual([]);
  const rehearsal = createSimulator({ plan, startMs: Date.UTC(2026, 0, 5, 9) });
  let raw = 0;
  for (const { name, body } of payloads) {
    raw += tokensOf(body.length);
    for (const source of plan.sources) {
      const arrival: Arrival = source.type.sampleArrival(source.options, body, { "x-github-event": name });
      rehearsal.send(source.name, arrival);
    }
  }
  rehearsal.advance(Date.UTC(2026, 0, 6));
  const delivered = rehearsal.delivered();
  const tokens = delivered.reduce((sum, { delivery }) => sum + delivery.tokens, 0);
  const figures = {
    payloads: payloads.length,
    "tokens raw": raw,
    "events delivered": delivered.length,
    "tokens delivered": tokens,
    "times fewer": Math.round(raw / tokens),
  };
  process.stdout.write(
    `GitHub's documented payloads: ${Object.entries(figures)
      .map(([what, figure]) => `${figure.toLocaleString("en")} ${what}`)
      .join(", ")}\n`,
  );
  // Nothing is left out to get there: each payload is at least one event of the channel for the rest.
  expect(delivered.length).toBeGreaterThanOrEqual(payloads.length);
  expect(raw / tokens).toBeGreaterThanOrEqual(40);
});
