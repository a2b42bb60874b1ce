// Webhook endpoints of Stripe, with `stripe get`, `post` and `delete`: https://docs.stripe.com/api/webhook_endpoints
// `stripe` also exits with 0 if the API returns an error, unless the key is invalid.

import { ConnectorError } from "../../errors.ts";
import { isObject } from "../../json.ts";
import { programFailure } from "./program-failure.ts";
import { type RunProgram, readAnswers } from "./run-program.ts";
import type { HookSender, HookTarget, RemoteHook, WantedHook } from "./sender.ts";

const endpoints = "/v1/webhook_endpoints";

export const stripe: HookSender = {
  title: "Stripe",
  scheme: "stripe",
  program: "stripe",
  eventPaths: { "data.type": (value) => (/^[a-z0-9_]+(\.[a-z0-9_]+)+$/.test(value) ? value : undefined) },
  makesSecret: true,
  open(target, run) {
    const call = openApi(target, run);
    return {
      target: target.live ? "Stripe, live mode" : "Stripe, test mode",
      async list() {
        const found: RemoteHook[] = [];
        for (let after: string | undefined; ; ) {
          const page = await call("get", [
            endpoints,
            "--limit",
            "100",
            ...(after === undefined ? [] : ["--starting-after", after]),
          ]);
          const list = Array.isArray(page.data) ? page.data : [];
          found.push(...list.flatMap(remoteHook));
          after = found.at(-1)?.id;
          if (page.has_more !== true || list.length === 0) return found;
        }
      },
      async create(hook) {
        const { secret } = await call("post", [
          endpoints,
          ...dataOf(hook),
          "-d",
          `description=channel-router ${hook.source}`,
        ]);
        if (typeof secret === "string") return secret;
        throw new ConnectorError("E_HOOK", "Stripe did not show the secret of the new endpoint", {
          hint: "copy it from the dashboard (Developers, Webhooks) to .env",
        });
      },
      async update(id, hook) {
        await call("post", [`${endpoints}/${id}`, ...dataOf(hook), "-d", "disabled=false"]);
      },
      async remove(id) {
        await call("delete", [`${endpoints}/${id}`, "--confirm"]);
      },
    };
  },
};

function openApi({ live }: HookTarget, run: RunProgram) {
  return async (method: string, args: readonly string[]): Promise<Record<string, unknown>> => {
    const result = await run("stripe", [method, ...args, ...(live ? ["--live"] : [])]);
    const hints = {
      program: "stripe",
      login: "stripe login",
      rights: "the key needs write access to webhook endpoints:  stripe login  creates one that has it",
    };
    if (result.code !== 0) throw programFailure(result, hints);
    const [answer] = readAnswers("stripe", result.stdout);
    if (!isObject(answer)) throw programFailure(result, hints);
    if (isObject(answer.error)) throw programFailure(result, hints, statusOf(answer.error));
    return answer;
  };
}

/** `stripe` does not print the status of the response. */
function statusOf({ type, code }: Readonly<Record<string, unknown>>): number | undefined {
  if (code === "rate_limit" || type === "rate_limit_error") return 429;
  if (code === "more_permissions_required" || code === "secret_key_required") return 403;
  return code === "resource_missing" ? 404 : undefined;
}

function dataOf({ url, events }: WantedHook): string[] {
  return [`url=${url}`, ...events.map((event) => `enabled_events[]=${event}`)].flatMap((one) => ["-d", one]);
}

function remoteHook(found: unknown): RemoteHook[] {
  if (!isObject(found) || typeof found.url !== "string") return [];
  return [
    {
      id: String(found.id),
      url: found.url,
      events: Array.isArray(found.enabled_events) ? found.enabled_events.map(String) : [],
      faults: found.status === "disabled" ? ["it is disabled"] : [],
    },
  ];
}
