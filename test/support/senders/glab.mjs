#!/usr/bin/env node
// A stand-in for `glab api` with the webhooks of one project. As in gitlab-org/cli, internal/commands/api: a body from --input is sent
// without a content type unless a header gives one, and each page is printed after the other.
import { argv, end, hooks, input, mode, nextId, parse, setHooks } from "./fake.mjs";

if (mode === "old") end(1, "", "Error: unknown flag: --input\n");
const { flags, rest } = parse(argv, ["--method", "--hostname", "--header", "--input"]);
const [method] = flags["--method"];
const [path] = rest[1].split("?");

function fail(status, body) {
  end(
    1,
    JSON.stringify(body),
    body.message === undefined ? `glab: HTTP ${status}\n` : `glab: ${body.message} (HTTP ${status})\n`,
  );
}

// Without a token the request is made all the same.
if (mode === "signed-out") fail(401, { message: "401 Unauthorized" });
if (mode === "no-rights") fail(403, { message: "403 Forbidden" });
if (mode === "rate-limit") end(1, "Retry later\n", "glab: HTTP 429\n");
const found = /^(projects\/acme%2Fapp|groups\/acme)\/hooks(?:\/(\d+))?$/.exec(path);
if (found === null || flags["--hostname"]?.[0] !== "gitlab.com")
  fail(404, { message: "404 Project Not Found" });
const [, , id] = found;
// A token is never shown.
const shown = ({ token: _, ...hook }) => hook;
const defaults = {
  push_events: true,
  enable_ssl_verification: true,
  issues_events: false,
  alert_status: "executable",
};
const isJson = flags["--header"]?.includes("Content-Type: application/json");
if (input !== "" && !isJson) fail(400, { error: "url is missing" });
if (method === "GET") {
  const pages = mode === "pages" ? hooks.map((hook) => [shown(hook)]) : [hooks.map(shown)];
  end(0, pages.map((page) => JSON.stringify(page)).join(""));
}
if (method === "POST") {
  const hook = { ...defaults, id: nextId(), ...JSON.parse(input) };
  setHooks([...hooks, hook]);
  end(0, JSON.stringify(shown(hook)));
}
if (!hooks.some((hook) => String(hook.id) === id)) fail(404, { message: "404 Not found" });
if (method === "PUT") {
  setHooks(hooks.map((hook) => (String(hook.id) === id ? { ...hook, ...JSON.parse(input) } : hook)));
  end(0, JSON.stringify({ id }));
}
setHooks(hooks.filter((hook) => String(hook.id) !== id));
end(0);
