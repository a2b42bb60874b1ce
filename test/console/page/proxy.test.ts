// The console behind a reverse proxy with TLS, as docs/console.md describes it for a phone or another computer.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request, type ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { expect, test } from "vitest";
import { codeOf } from "../../support/console-router.ts";
import { createProject, freePort } from "../../support/router.ts";
import { noBrowser, startBrowser } from "./browser.ts";

/** Passes everything on as it is, the name of the host too, as Caddy does. */
async function startProxy(folder: string, port: number, target: string): Promise<Server> {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const made = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=console";
  execFileSync("openssl", [...made.split(" "), "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const pass = (incoming: IncomingMessage, response: ServerResponse) => {
    const { url = "/", method, headers } = incoming;
    const passed = request(`${target}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    incoming.pipe(passed);
  };
  const proxy = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, pass);
  await new Promise<void>((resolve) => proxy.listen(port, "127.0.0.1", resolve));
  return proxy;
}

test.skipIf(noBrowser !== undefined)(
  `a browser signs in through a proxy with TLS, and only under the name in the config${noBrowser ? ` (${noBrowser})` : ""}`,
  async () => {
    const [port, consolePort] = [await freePort(), await freePort()];
    const origin = `https://console.localhost:${port}`;
    const project = await createProject(
      (http) => `listen: 127.0.0.1:${http}
console: { listen: "127.0.0.1:${consolePort}", origin: "${origin}" }
sources: { ci: { type: http, path: /ci } }
channels: { ci: { from: ci } }
`,
      { consent: "all" },
    );
    const folder = await mkdtemp("/tmp/cr-proxy-");
    const browser = await startBrowser();
    const proxy = await startProxy(folder, port, `http://127.0.0.1:${consolePort}`);
    try {
      await project.claude();
      await expect
        .poll(
          () =>
            fetch(`http://127.0.0.1:${consolePort}/healthz`).then(
              ({ status }) => status,
              () => 0,
            ),
          {
            timeout: 15_000,
          },
        )
        .toBe(200);
      const context = await browser.newContext({ ignoreHTTPSErrors: true });
      const page = await context.newPage();
      await page.goto(`${origin}/#enter=${await codeOf(project)}`);
      await page.locator(".connection.open").waitFor();
      await fetch(`${project.address}/ci`, { method: "POST", body: '{"n":1}' });
      await page.locator(".feed-row").first().waitFor();
      const other = await page.goto(`https://other.localhost:${port}/`);
      expect(other?.status()).toBe(403);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
      await browser.close();
      await project.remove();
      await rm(folder, { recursive: true });
    }
  },
);
