// The main job with real input: every payload that GitHub documents, signed by somebody else's signer, posted at the built
// server, read from its stdout by a client.

import examples from "@octokit/webhooks-examples";
import { sign } from "@octokit/webhooks-methods";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tokensOf } from "../../src/text/tokens.ts";
import type { ChannelEvent, SpawnedClaude } from "../support/claude-simulator.ts";
import { createProject, type Project } from "../support/router.ts";

interface Definition {
  readonly name: string;
  readonly examples: readonly object[];
}

// The package's types describe a namespace, its JSON is a list.
const all = (examples as unknown as readonly Definition[]).flatMap(({ name, examples }) =>
  examples.map((payload, index) => ({ name, id: `${name}-${index}`, body: JSON.stringify(payload) })),
);
/** A body that was signed is taken once, so of those that are equal only the first is a delivery. */
const deliveries = all.filter(({ body }, index) => all.findIndex((one) => one.body === body) === index);
const secret = "It's a Secret to Everybody";
const budget = 200;

const config = (port: number) => `
listen: 127.0.0.1:${port}
budget: { event: ${budget}, hour: none }
sources:
  github: { type: http, path: /github, verify: { scheme: github, secret: "\${GITHUB_WEBHOOK_SECRET}" } }
channels:
  failed_runs:
    from: github
    match: { headers.x-github-event: [workflow_run, check_run, check_suite], data.action: completed }
    content: "{{headers.x-github-event}} {{data.action}} in {{data.repository.full_name}}"
    meta: { delivery: "{{headers.x-github-delivery}}" }
  rest:
    from: github
    meta: { delivery: "{{headers.x-github-delivery}}", kind: "{{headers.x-github-event}}", sender: "{{data.sender.login}}" }
`;

let project: Project;
let claude: SpawnedClaude;

beforeAll(async () => {
  project = await createProject(config);
  claude = await project.claude({}, { GITHUB_WEBHOOK_SECRET: secret });
});
afterAll(() => project.remove());

async function post(
  { name, id, body }: (typeof deliveries)[number],
  signature?: string,
): Promise<[number, string]> {
  const response = await fetch(`${project.address}/github`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "user-agent": "GitHub-Hookshot/044aadd",
      "x-github-event": name,
      "x-github-delivery": id,
      "x-hub-signature-256": signature ?? (await sign(secret, body)),
    },
    body,
  });
  const answer = (await response.json()) as { outcome?: string; error?: string };
  return [response.status, answer.outcome ?? answer.error ?? ""];
}

const deliveryOf = (event: ChannelEvent) => event.meta.delivery as string;

test("every payload of the corpus is accepted once, none is lost and none is over budget", async () => {
  expect(deliveries.length).toBeGreaterThan(290);
  const expected = deliveries.filter(({ name }) => name !== "ping");
  const answers = await Promise.all(deliveries.map((delivery) => post(delivery)));
  deliveries.forEach(({ name, id }, index) => {
    expect([id, answers[index]]).toEqual([
      id,
      name === "ping" ? [200, expect.anything()] : [202, "accepted"],
    ]);
  });
  await claude.waitForEvents(expected.length);
  expect(claude.events.map(deliveryOf).sort()).toEqual(expected.map(({ id }) => id).sort());
  for (const event of claude.events) {
    expect(tokensOf(event.text.replace(' source="router"', "").length)).toBeLessThanOrEqual(budget);
    expect(event.text.match(/<\/?channel/g)).toHaveLength(2);
    expect(event.meta).not.toHaveProperty("trust");
  }
  claude.assertCleanWire();
});

test("the same delivery again is a duplicate, a forged one is refused, and neither is delivered", async () => {
  const before = claude.events.length;
  const [delivery] = deliveries.filter(({ name }) => name === "push");
  if (delivery === undefined) throw new Error("the corpus has no push");
  expect(await post(delivery)).toEqual([202, "duplicate"]);
  const forged = { ...delivery, id: "another", body: delivery.body.replace("{", '{"x":1,') };
  expect((await post(forged, await sign(secret, delivery.body)))[0]).toBe(401);
  expect((await post({ ...delivery, id: "third" }, "sha256="))[0]).toBe(401);
  expect(claude.events).toHaveLength(before);
});

test("status tells the model what is going on, in few words and without the secret", async () => {
  const { text, isError } = await claude.callTool("status");
  expect(isError).toBe(false);
  expect(text).toContain("github (http) running");
  expect(text).toContain(`${project.address}/github`);
  expect(text).toMatch(/\d+ accepted/);
  expect(text).not.toContain(secret);
  expect(tokensOf(text.length)).toBeLessThan(720);
});
