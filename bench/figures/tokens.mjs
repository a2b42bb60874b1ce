// What a day of GitHub costs: every payload that GitHub documents, one every two minutes, through a config as a maintainer would write
// it. The tokens that the payloads have by themselves, against those that a session is sent.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { validators } from "../../scripts/validators.mjs";
import { note } from "../harness/note.mjs";

const minRatio = 40;
const everyMs = 2 * 60_000;
const startMs = Date.UTC(2026, 0, 5, 8);
const perToken = 4;

const config = `
sources: { github: { type: http, path: /github } }
channels:
  failed_runs:
    from: github
    match: { headers.x-github-event: workflow_run, data.workflow_run.conclusion: [failure, timed_out] }
    content: |
      {{data.workflow_run.name}} failed on {{data.workflow_run.head_branch}}
      {{data.workflow_run.html_url}}
    priority: high
  reviews:
    from: github
    match: { headers.x-github-event: [pull_request_review, pull_request_review_comment, issue_comment], data.action: [created, submitted] }
    content: "{{data.sender.login}} on {{default data.pull_request.title data.issue.title}}: {{truncate (default data.review.body data.comment.body) 200}}"
    thread: "{{default data.pull_request.number data.issue.number}}"
  pull_requests:
    from: github
    match: { headers.x-github-event: pull_request, data.action: [opened, reopened, closed, ready_for_review, review_requested] }
    content: "{{data.sender.login}} {{data.action}} PR #{{data.number}}: {{data.pull_request.title}}"
    supersede: "{{data.number}}"
  issues:
    from: github
    match: { headers.x-github-event: issues, data.action: [opened, closed, reopened] }
    content: "{{data.sender.login}} {{data.action}} #{{data.issue.number}}: {{data.issue.title}}"
  rest:
    from: github
    content: "{{headers.x-github-event}} {{data.action}} by {{data.sender.login}}"
    digest: { every: 4h, wait: 1h }
    budget: { event: 200 }
`;

export async function tokens() {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  // Beside the source, so that its dependencies are found.
  const folder = mkdtempSync(join(root, "node_modules/.channel-router-bench-"));
  try {
    note("tokens: a day of GitHub");
    const outfile = join(folder, "parts.mjs");
    const contents = [
      'export { loadPlan } from "./src/daemon/start/load-plan.ts";',
      'export { createSimulator } from "./src/testing/simulator.ts";',
    ].join("\n");
    await build({
      stdin: { contents, resolveDir: root, loader: "ts" },
      ...{ bundle: true, packages: "external", platform: "node", format: "esm", logLevel: "error", outfile },
      plugins: [validators],
    });
    const { loadPlan, createSimulator } = await import(pathToFileURL(outfile));
    const file = join(folder, "channels.yaml");
    writeFileSync(file, config);
    const { plan, issues } = await loadPlan(file);
    if (issues.length > 0) throw new Error(issues.map(({ message }) => message).join("\n"));
    const { sent, raw, count, delivered } = run(createSimulator({ plan, startMs }), plan);
    return [
      {
        figure: `tokens of ${count} GitHub payloads, raw against delivered`,
        router: `${sent.toLocaleString("en")} in ${delivered} events`,
        against: raw.toLocaleString("en"),
        ratio: raw / sent,
        target: `>= ${minRatio} x fewer`,
        ok: raw >= minRatio * sent,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(rehearsal, plan) {
  const corpus = createRequire(import.meta.url).resolve("@octokit/webhooks-examples");
  const [github] = plan.sources;
  let raw = 0;
  let count = 0;
  for (const { name, examples } of JSON.parse(readFileSync(corpus, "utf8"))) {
    for (const payload of examples) {
      const body = JSON.stringify(payload);
      raw += Math.ceil(body.length / perToken);
      rehearsal.advance(startMs + count++ * everyMs);
      rehearsal.send("github", github.type.imagine(github.options, body, { "x-github-event": name }));
    }
  }
  rehearsal.advance(startMs + 24 * 60 * 60_000);
  const delivered = rehearsal.delivered();
  const sent = delivered.reduce((sum, { delivery }) => sum + delivery.tokens, 0);
  return { raw, sent, count, delivered: delivered.length };
}
