#!/usr/bin/env node
// A stand-in for `stripe get|post|delete /v1/webhook_endpoints`. As in stripe/stripe-cli, pkg/requests/base.go: an answer with an error is
// printed and ends with 0, unless its status is 401; a deletion asks on stdin without --confirm.
import { argv, end, hooks, mode, nextId, parse, setHooks } from "./fake.mjs";

if (mode === "signed-out")
  end(
    1,
    "",
    "You have not configured API keys yet\n  If you have an API key: set STRIPE_API_KEY or pass --api-key <key>.\n  To start a browser login (requires user action): run `stripe login` and follow the printed instructions.\n",
  );
if (mode === "expired")
  end(
    1,
    "",
    'Request failed, status=401, body={"error": {"code": "api_key_expired", "message": "Expired API Key provided"}}\n',
  );
if (mode === "old") end(1, 'unknown command "post" for "stripe"\n');
const { flags, rest } = parse(argv, ["-d", "--limit", "--starting-after"]);
const [method, path] = rest;
const id = /^\/v1\/webhook_endpoints\/(we_\w+)$/.exec(path)?.[1];

const fail = (error) => end(0, JSON.stringify({ error }, null, 2));
if (mode === "rate-limit")
  fail({ code: "rate_limit", message: "Request rate limit exceeded.", type: "invalid_request_error" });
if (mode === "no-rights")
  fail({
    code: "more_permissions_required",
    message: "The provided key does not have the required permissions for this endpoint.",
    type: "invalid_request_error",
  });

const data = {};
for (const pair of flags["-d"] ?? []) {
  const [key, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
  if (key === "enabled_events[]") data.enabled_events = [...(data.enabled_events ?? []), value];
  else if (key === "disabled") data.status = value === "true" ? "disabled" : "enabled";
  else data[key] = value;
}
const shown = ({ secret: _, ...hook }) => hook;
if (method === "get") {
  const after = flags["--starting-after"]?.[0];
  const limit = mode === "pages" ? 1 : Number(flags["--limit"]?.[0] ?? 10);
  const from = after === undefined ? 0 : hooks.findIndex((hook) => hook.id === after) + 1;
  const page = hooks.slice(from, from + limit);
  end(
    0,
    JSON.stringify({ object: "list", data: page.map(shown), has_more: from + limit < hooks.length }, null, 2),
  );
}
if (method === "post" && id === undefined) {
  const hook = {
    id: `we_${nextId()}`,
    object: "webhook_endpoint",
    livemode: flags["--live"] !== undefined,
    status: "enabled",
    ...data,
    secret: "whsec_madeByStripe0123456789",
  };
  setHooks([...hooks, hook]);
  end(0, JSON.stringify(hook, null, 2));
}
if (!hooks.some((hook) => hook.id === id))
  fail({
    code: "resource_missing",
    message: `No such webhook endpoint: '${id}'`,
    type: "invalid_request_error",
  });
if (method === "post") {
  setHooks(hooks.map((hook) => (hook.id === id ? { ...hook, ...data } : hook)));
  end(0, JSON.stringify(shown({ id, ...data })));
}
if (flags["--confirm"] === undefined)
  end(
    0,
    "Are you sure you want to perform the command: DELETE?\nEnter 'yes' to confirm: Exiting without execution. User did not confirm the command.\n",
  );
setHooks(hooks.filter((hook) => hook.id !== id));
end(0, JSON.stringify({ id, object: "webhook_endpoint", deleted: true }));
