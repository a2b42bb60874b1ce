// A captured request, sent again to the built program in every way that needs no secret: one event, also after a kill and a restart.
// And what the journal keeps of a request does not let anybody send another.

import { createHmac } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { createProject, eventually, type Project } from "../support/router.ts";

const secret = "correct-horse/battery+staple==";
const signing = `whsec_${Buffer.from("a key of thirty-two bytes, truly").toString("base64")}`;
const config = (port: number) => `listen: 127.0.0.1:${port}
hosts: [box.lan]
sources:
  github: { type: http, path: /github, verify: { scheme: github, secret: "${secret}" } }
  zoom: { type: http, path: /zoom, verify: { scheme: zoom, secret: "${secret}" } }
  standard: { type: http, path: /standard, verify: { scheme: standard_webhooks, secret: "${signing}" } }
  gitlab: { type: http, path: /gitlab, verify: { scheme: gitlab, secret: "${signing}" } }
  key: { type: http, path: /key/*, verify: { scheme: token, query: key, secret: "${secret}" } }
  open: { type: http, path: /open, methods: [GET, POST] }
channels:
  all: { from: [github, zoom, standard, gitlab, key, open], content: "{{source}} {{data.n}}" }
`;

let project: Project;
let claude: SpawnedClaude;
beforeAll(async () => {
  project = await createProject(config);
  claude = await project.claude();
  await eventually(() =>
    send({ path: "/none" }).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );
});
afterAll(() => project.remove());

interface Sent {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly method?: string;
}

function send({
  path,
  headers = {},
  body = "",
  method = "POST",
}: Sent): Promise<{ status: number; outcome: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      {
        ...{ host: "127.0.0.1", port: project.port, path, method, agent: false },
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          ...headers,
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => {
          const outcome = /"outcome":"(\w+)"/.exec(text)?.[1] ?? "";
          resolve({ status: response.statusCode ?? 0, outcome });
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const hmac = (key: string | Buffer, text: string, encoding: "hex" | "base64") =>
  createHmac("sha256", key).update(text).digest(encoding);
const key = Buffer.from(signing.slice("whsec_".length), "base64");

function captures(): Sent[] {
  const at = String(Math.floor(Date.now() / 1_000));
  const body = '{"n":1}';
  const standard = (path: string, family: string): Sent => ({
    path,
    body,
    headers: {
      [`${family}-id`]: `m-${path}`,
      [`${family}-timestamp`]: at,
      [`${family}-signature`]: `v1,${hmac(key, `m-${path}.${at}.${body}`, "base64")}`,
    },
  });
  return [
    {
      path: "/github",
      body,
      headers: { "x-hub-signature-256": `sha256=${hmac(secret, body, "hex")}`, "x-github-delivery": "d-1" },
    },
    {
      path: "/zoom",
      body,
      headers: {
        "x-zm-signature": `v0=${hmac(secret, `v0:${at}:${body}`, "hex")}`,
        "x-zm-request-timestamp": at,
      },
    },
    standard("/standard", "svix"),
    standard("/gitlab", "webhook"),
  ];
}

/** Zoom documents 200; 202 is ours. */
const statusOf = (path: string) => (path === "/zoom" ? 200 : 202);

test("five times, with changed ids, with other families of headers, and after a kill and a restart: one event each", async () => {
  const all = captures();
  const forged = {
    ...{ "x-github-delivery": "d-2", "webhook-id": "m-2", "svix-id": "m-2", "idempotency-key": "k-2" },
    ...{ "x-gitlab-event-uuid": "u-2", "x-request-id": "r-2" },
  };
  for (const captured of all) {
    expect([captured.path, await send(captured)]).toEqual([
      captured.path,
      { status: statusOf(captured.path), outcome: "accepted" },
    ]);
    for (let again = 0; again < 4; again++)
      expect(await send(captured)).toEqual({ status: statusOf(captured.path), outcome: "duplicate" });
    const changed = { ...captured, headers: { ...forged, ...captured.headers, "x-github-delivery": "d-3" } };
    expect(await send(changed)).toEqual({ status: statusOf(captured.path), outcome: "duplicate" });
  }
  await eventually(() => claude.events.length >= all.length);
  expect(claude.events.map(({ content }) => content).sort()).toEqual([
    "github 1",
    "gitlab 1",
    "standard 1",
    "zoom 1",
  ]);

  await claude.process.kill("SIGKILL");
  const second = await project.claude();
  await eventually(() =>
    send({ path: "/none" }).then(
      ({ status }) => status === 404,
      () => false,
    ),
  );
  for (const captured of all)
    expect([captured.path, await send(captured)]).toEqual([
      captured.path,
      { status: statusOf(captured.path), outcome: "duplicate" },
    ]);
  const next = await send({ path: "/open", body: '{"n":2}' });
  expect(next).toEqual({ status: 202, outcome: "accepted" });
  await eventually(() => second.events.some(({ content }) => content === "open 2"));
  expect(second.events.filter(({ meta }) => meta.attempt === undefined)).toHaveLength(1);
  claude = second;
});

test("a page's GET by a name of `hosts` makes no event; a program's POST does", async () => {
  const host = `box.lan:${project.port}`;
  const refused = { status: 403, outcome: "" };
  expect(await send({ path: "/open?n=1", method: "GET", headers: { host } })).toEqual(refused);
  expect(await send({ path: "/open?n=1", method: "GET", headers: { host: "box.lan" } })).toEqual(refused);
  expect((await send({ path: "/open?n=1", method: "HEAD", headers: { host } })).outcome).toBe("");
  expect(
    await send({ path: "/open", body: "{}", headers: { "x-envoy-external-address": "1.2.3.4" } }),
  ).toEqual(refused);
  expect((await send({ path: "/open", body: "{}", headers: { host } })).outcome).toBe("accepted");
  expect((await send({ path: "/open?n=1", method: "GET" })).outcome).toBe("accepted");
});

test("what a sender repeats of its secret or signature is not in the state folder", async () => {
  const escaped = encodeURIComponent(secret);
  const base64 = Buffer.from(`user:${secret}`).toString("base64");
  const answer = await send({
    path: `/key/${escaped}?key=${escaped}&copy=${escaped}`,
    headers: {
      referer: `https://sender.test/page?key=${escaped}`,
      "x-original-auth": `Basic ${base64}`,
      "x-copy": secret,
    },
    body: JSON.stringify({ n: 7, links: [`https://x.test/?k=${escaped}`], token: secret, basic: base64 }),
  });
  expect(answer.status).toBe(202);
  const signature = hmac(secret, '{"n":8}', "hex");
  await send({
    path: "/github",
    body: '{"n":8}',
    headers: { "x-hub-signature-256": `sha256=${signature}`, "x-debug": `signed with sha256=${signature}` },
  });
  await eventually(() => claude.events.some(({ content }) => content === "github 8"));
  await eventually(() => claude.events.some(({ content }) => content === "key 7"));
  // The text of the active config is kept there on purpose, 0600, with what the user typed into it.
  const kept = filesBelow(project.state)
    .filter((file) => !file.endsWith("active-config.json"))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  expect(kept).toContain('"x-copy":"•••"');
  for (const text of [secret, escaped, base64, base64.slice(8, -4), signature])
    expect(kept).not.toContain(text);
  expect(kept).not.toMatch(/correct-horse|battery/);
});

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
