// Writes the channels.yaml that the router is measured with: one signed GitHub source and any number of channels, one for
// each repository and event, each with three match keys, a content template and meta, every fifth with a CEL `when`.
// Whatever the number, the same ten channels take the posts of payloads.mjs, and they are spread over the whole file.

import { actionsOf, repositoryOf, subjects } from "./payloads.mjs";

const templates = {
  issues: "{{data.sender.login}} {{data.action}} issue #{{data.issue.number}}: {{data.issue.title}}",
  issue_comment:
    "{{data.sender.login}} on #{{data.issue.number}} {{data.issue.title}}: {{data.comment.body}}",
  pull_request:
    "{{data.sender.login}} {{data.action}} PR #{{data.pull_request.number}}: {{data.pull_request.title}}",
  pull_request_review:
    "{{data.review.state}} by {{data.sender.login}} on PR #{{data.pull_request.number}}: {{data.review.body}}",
  check_run:
    "{{data.check_run.name}} {{data.action}}: {{default data.check_run.conclusion data.check_run.status}}",
  workflow_run:
    "{{data.workflow_run.name}} {{data.action}} on {{data.workflow_run.head_branch}}: {{data.workflow_run.conclusion}}",
  workflow_job:
    "{{data.workflow_job.name}} {{data.action}}{{#if data.workflow_job.conclusion}}: {{data.workflow_job.conclusion}}{{/if}}",
  release: "{{data.release.tag_name}} {{data.action}} by {{data.release.author.login}}",
  discussion:
    "{{data.sender.login}} {{data.action}} discussion #{{data.discussion.number}}: {{data.discussion.title}}",
  deployment_status: "{{data.deployment.environment}}: {{data.deployment_status.state}}",
};

/**
 * The YAML text. `channels` is a multiple of ten; `port` 0 lets the system choose; with `label` the events are for the
 * session of that label only.
 */
export function routerConfig({ channels, port, label }) {
  const repositories = channels / subjects.length;
  const blocks = [];
  for (let row = 0; row < repositories; row++) {
    subjects.forEach((subject, column) => {
      // Event number n of ten finds its channel at about n tenths of the file.
      const hot = row === Math.floor((repositories * (column + 0.5)) / subjects.length);
      const repository = hot ? repositoryOf(subject.event) : `acme/service-${row}`;
      const name = `${subject.event}_${row}`;
      blocks.push(channel(subject, repository, name, { label, withWhen: blocks.length % 5 === 4 }));
    });
  }
  return `listen: 127.0.0.1:${port}
budget: { hour: none }
sources:
  github:
    type: http
    path: /github
    verify: { scheme: github, secret: "\${GITHUB_WEBHOOK_SECRET}" }
channels:
${blocks.join("")}`;
}

function channel({ event, key }, repository, name, { label, withWhen }) {
  return `  ${name}:
    from: github
    match:
      headers.x-github-event: ${event}
      data.repository.full_name: ${repository}
      data.action: [${actionsOf(event).join(", ")}]
${label === undefined ? "" : `    to: { label: ${label} }\n`}${withWhen ? "    when: data.repository.fork == false && size(data.sender.login) > 0\n" : ""}    content: |
      ${templates[event]}
      {{data.${key}.html_url}}
    meta:
      repo: "{{data.repository.full_name}}"
      actor: "{{data.sender.login}}"
      delivery: "{{headers.x-github-delivery}}"
`;
}
