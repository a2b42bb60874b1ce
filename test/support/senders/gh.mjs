#!/usr/bin/env node
// A stand-in for `gh api` with the webhooks of one repository. Output, exit codes and errors as in cli/cli, pkg/cmd/api/api.go: the body of
// an error goes to stdout, `gh: MESSAGE (HTTP STATUS)` to stderr, and nobody logged in is exit code 4.
import { argv, end, hooks, input, mode, nextId, parse, setHooks } from "./fake.mjs";

if (mode === "signed-out")
  end(
    4,
    "",
    "To get started with GitHub CLI, please run:  gh auth login\nAlternatively, populate the GH_TOKEN environment variable with a GitHub API authentication token.\n",
  );
if (mode === "old")
  end(1, "", 'unknown command "api" for "gh"\n\nUsage:  gh <command> <subcommand> [flags]\n');
const { flags, rest } = parse(argv, ["--method", "--hostname", "-H", "--input"]);
if (rest[0] !== "api" || rest.length !== 2) end(1, "", `accepts 1 arg(s), received ${rest.length - 1}\n`);
if (flags["--paginate"] && flags["--input"])
  end(1, "", "the `--paginate` option is not supported with `--input`\n");
const [method] = flags["--method"];
const [path] = rest[1].split("?");

function fail(status, body, more = "") {
  const said = [body.message, ...(body.errors ?? []).map(({ message }) => message)];
  end(
    1,
    JSON.stringify(body),
    `gh: ${said[0]} (HTTP ${status})\n${said
      .slice(1)
      .map((one) => `${one}\n`)
      .join("")}${more}`,
  );
}

if (mode === "bad-token")
  fail(401, { message: "Bad credentials" }, "Try authenticating with:  gh auth login\n");
if (mode === "rate-limit") fail(403, { message: "API rate limit exceeded for user ID 583231." });
if (mode === "no-rights")
  fail(
    404,
    { message: "Not Found", documentation_url: "https://docs.github.com/rest/repos/webhooks", status: "404" },
    'gh: This API operation needs the "admin:repo_hook" scope. To request it, run:  gh auth refresh -h github.com -s admin:repo_hook\n',
  );
if (mode === "echo-secret" && input !== "") fail(422, { message: `cannot parse ${input}` });

const shown = (hook) => ({
  ...hook,
  config: { ...hook.config, ...(hook.config.secret ? { secret: "********" } : {}) },
});
const found =
  /^repos\/acme\/app\/hooks(?:\/(\d+))?$/.exec(path) ?? /^orgs\/acme\/hooks(?:\/(\d+))?$/.exec(path);
if (found === null) fail(404, { message: "Not Found" });
const [, id] = found;
if (method === "GET") {
  const pages = mode === "pages" ? hooks.map((hook) => [shown(hook)]) : [hooks.map(shown)];
  // Without a terminal it prints each page as it came.
  end(0, pages.map((page) => JSON.stringify(page)).join(""));
}
if (method === "POST") {
  const wanted = JSON.parse(input);
  const same = hooks.some(
    ({ config, events }) => config.url === wanted.config.url && events.join() === wanted.events.join(),
  );
  if (same)
    fail(422, {
      message: "Validation Failed",
      errors: [{ resource: "Hook", code: "custom", message: "Hook already exists on this repository" }],
    });
  const hook = { type: "Repository", id: nextId(), ...wanted };
  setHooks([...hooks, hook]);
  end(0, JSON.stringify(shown(hook)));
}
if (!hooks.some((hook) => String(hook.id) === id)) fail(404, { message: "Not Found" });
if (method === "PATCH") {
  const changes = JSON.parse(input);
  setHooks(hooks.map((hook) => (String(hook.id) === id ? { ...hook, ...changes } : hook)));
  end(0, JSON.stringify(shown({ id, ...changes })));
}
if (method === "DELETE") {
  setHooks(hooks.filter((hook) => String(hook.id) !== id));
  end(0);
}
end(1, "", `gh: HTTP 405\n`);
