// The built program has only the parts of undici that it uses: requests work, directly and through a proxy.

import { createServer, request as forward, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";

let project: Project;
let api: Server;
let proxy: Server;
let seen: string[];
beforeEach(async () => {
  seen = [];
  api = createServer((_, response) =>
    response.setHeader("content-type", "application/json").end('[{"id":1,"text":"polled text"}]'),
  );
  proxy = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    const outgoing = forward(String(incoming.url), { method: incoming.method }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(outgoing);
  });
  proxy.on("connect", (incoming, socket, head) => {
    seen.push(`CONNECT ${incoming.url}`);
    const { port, hostname } = new URL(`http://${incoming.url}`);
    const upstream = connect(Number(port), hostname, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    for (const one of [upstream, socket]) one.on("error", () => socket.destroy());
  });
  for (const server of [api, proxy])
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = api.address() as AddressInfo;
  project = await createProject(
    () => `sources:
  api:
    type: poll
    url: http://127.0.0.1:${port}/
    every: 5s
    backfill: 1
    items: data
    key: data.id
channels:
  api:
    content: "{{data.text}}"
`,
    { consent: "all" },
  );
});
afterEach(async () => {
  for (const server of [api, proxy]) {
    server.closeAllConnections();
    server.close();
  }
  await project.remove();
});

test.each([[false], [true]])("a poll of the built program (through a proxy: %s)", async (isProxied) => {
  const { port } = proxy.address() as AddressInfo;
  const env = isProxied
    ? { HTTP_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: "" }
    : { HTTP_PROXY: "", HTTPS_PROXY: "", http_proxy: "", https_proxy: "" };
  expect((await project.run(["up"], { env })).code).toBe(0);
  try {
    await eventually(async () => (await project.ask(["events"])).stdout.includes("polled text"));
  } finally {
    await project.run(["down"]);
  }
  expect(seen.length > 0).toBe(isProxied);
});
