// Webhooks of GitHub, with `gh api`: https://docs.github.com/en/rest/repos/webhooks

import { isObject } from "../../json.ts";
import { programFailure } from "./program-failure.ts";
import { type RunProgram, readAnswers } from "./run-program.ts";
import type { HookSender, HookTarget, RemoteHook, WantedHook } from "./sender.ts";

export const github: HookSender = {
  title: "GitHub",
  scheme: "github",
  program: "gh",
  // A value with other characters is not an event name.
  eventPaths: { "headers.x-github-event": (value) => (/^[a-z_]+$/.test(value) ? value : undefined) },
  makesSecret: false,
  open(target, run) {
    const api = openApi(target, run);
    const of = api.path;
    return {
      target:
        target.org === undefined
          ? `repository ${target.repo} on ${target.host ?? "GitHub"}`
          : `organisation ${target.org} on ${target.host ?? "GitHub"}`,
      list: async () => (await api.call("GET", `${of}?per_page=100`)).flatMap(remoteHook),
      async create(hook) {
        await api.call("POST", of, { name: "web", active: true, ...bodyOf(hook) }, hook.secret);
        return undefined;
      },
      async update(id, hook) {
        await api.call("PATCH", `${of}/${id}`, { active: true, ...bodyOf(hook) }, hook.secret);
      },
      async remove(id) {
        await api.call("DELETE", `${of}/${id}`);
      },
    };
  },
};

function openApi({ repo, org, host }: HookTarget, run: RunProgram) {
  const scope = org === undefined ? "admin:repo_hook" : "admin:org_hook";
  // Always named: otherwise gh takes GH_HOST, or the only host with a login.
  const onHost = host ?? "github.com";
  return {
    path: org === undefined ? `repos/${repo}/hooks` : `orgs/${org}/hooks`,
    async call(method: string, path: string, body?: object, secret?: string): Promise<unknown[]> {
      const args = [
        "api",
        "--hostname",
        onHost,
        "--method",
        method,
        "-H",
        "Accept: application/vnd.github+json",
        ...(body === undefined ? [] : ["--input", "-"]),
        ...(method === "GET" ? ["--paginate"] : []),
        path,
      ];
      const result = await run("gh", args, body === undefined ? undefined : JSON.stringify(body));
      if (result.code === 0) return readAnswers("gh", result.stdout);
      throw programFailure(result, {
        program: "gh",
        login: `gh auth login${host === undefined ? "" : ` --hostname ${host}`}`,
        rights: `you need admin rights for it; then run  gh auth refresh -h ${onHost} -s ${scope}`,
        secret,
      });
    },
  };
}

function bodyOf({ url, events, secret }: WantedHook): object {
  return { events, config: { url, content_type: "json", insecure_ssl: "0", secret } };
}

/** Empty for a legacy service, which has no URL. */
function remoteHook(found: unknown): RemoteHook[] {
  if (!isObject(found) || !isObject(found.config) || typeof found.config.url !== "string") return [];
  const { content_type, insecure_ssl, secret } = found.config;
  return [
    {
      id: String(found.id),
      url: found.config.url,
      events: Array.isArray(found.events) ? found.events.map(String) : [],
      faults: [
        ...(found.active === false ? ["it is disabled"] : []),
        ...(content_type === "json" ? [] : ["it does not send JSON"]),
        ...(String(insecure_ssl ?? "0") === "0" ? [] : ["it does not check certificates"]),
        // GitHub masks a secret with asterisks, and omits the key if there is none.
        ...(typeof secret === "string" && secret !== "" ? [] : ["it has no secret"]),
      ],
    },
  ];
}
