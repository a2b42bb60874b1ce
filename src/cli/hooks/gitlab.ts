// Webhooks of GitLab, with `glab api`: https://docs.gitlab.com/api/project_webhooks/

import { ConnectorError } from "../../errors.ts";
import { isObject } from "../../json.ts";
import { programFailure } from "./program-failure.ts";
import { type RunProgram, readAnswers } from "./run-program.ts";
import type { HookSender, HookTarget, RemoteHook, WantedHook } from "./sender.ts";

/** Events: attribute in the API, header of the request, and `object_kind`. */
const events = [
  ["push_events", "Push Hook", "push"],
  ["tag_push_events", "Tag Push Hook", "tag_push"],
  ["issues_events", "Issue Hook", "issue"],
  ["confidential_issues_events", "Confidential Issue Hook", ""],
  ["merge_requests_events", "Merge Request Hook", "merge_request"],
  ["note_events", "Note Hook", "note"],
  ["confidential_note_events", "Confidential Note Hook", ""],
  ["job_events", "Job Hook", "build"],
  ["pipeline_events", "Pipeline Hook", "pipeline"],
  ["wiki_page_events", "Wiki Page Hook", "wiki_page"],
  ["deployment_events", "Deployment Hook", "deployment"],
  ["feature_flag_events", "Feature Flag Hook", "feature_flag"],
  ["releases_events", "Release Hook", "release"],
  ["milestone_events", "Milestone Hook", "milestone"],
  ["emoji_events", "Emoji Hook", "emoji"],
  ["resource_access_token_events", "Resource Access Token Hook", "access_token"],
] as const;

export const gitlab: HookSender = {
  title: "GitLab",
  scheme: "gitlab",
  program: "glab",
  eventPaths: {
    "headers.x-gitlab-event": (value) => events.find(([, header]) => header === value)?.[0],
    "data.object_kind": (value) => events.find(([, , kind]) => kind === value && kind !== "")?.[0],
  },
  makesSecret: false,
  open(target, run) {
    const api = openApi(target, run);
    const of = api.path;
    return {
      target:
        target.org === undefined
          ? `project ${target.repo} on ${target.host ?? "GitLab"}`
          : `group ${target.org} on ${target.host ?? "GitLab"}`,
      list: async () => (await api.call("GET", `${of}?per_page=100`)).flatMap(remoteHook),
      async create(hook) {
        await api.call("POST", of, bodyOf(hook), hook.secret);
        return undefined;
      },
      async update(id, hook) {
        await api.call("PUT", `${of}/${id}`, bodyOf(hook), hook.secret);
      },
      async remove(id) {
        await api.call("DELETE", `${of}/${id}`);
      },
    };
  },
};

function openApi({ repo, org, host }: HookTarget, run: RunProgram) {
  return {
    path:
      org === undefined
        ? `projects/${encodeURIComponent(repo ?? "")}/hooks`
        : `groups/${encodeURIComponent(org)}/hooks`,
    async call(method: string, path: string, body?: object, secret?: string): Promise<unknown[]> {
      const args = [
        "api",
        // Without it, glab uses the host of the repository in the current folder.
        "--hostname",
        host ?? "gitlab.com",
        "--method",
        method,
        ...(body === undefined ? [] : ["--header", "Content-Type: application/json", "--input", "-"]),
        ...(method === "GET" ? ["--paginate"] : []),
        path,
      ];
      const result = await run("glab", args, body === undefined ? undefined : JSON.stringify(body));
      if (result.code === 0) return readAnswers("glab", result.stdout);
      throw programFailure(result, {
        program: "glab",
        login: `glab auth login${host === undefined ? "" : ` --hostname ${host}`}`,
        rights:
          "you must be a maintainer of the project (or an owner of the group), and the token needs the scope api",
        secret,
      });
    },
  };
}

/** Sends every event attribute, because some are on by default if omitted. */
function bodyOf({ source, url, events: wanted, secret }: WantedHook): object {
  if (secret?.startsWith("whsec_"))
    throw new ConnectorError("E_HOOK", "the secret is a signing token, which only GitLab can create", {
      hint: "create it in the webhook's settings, or set a secret that does not begin with whsec_",
    });
  const chosen = Object.fromEntries(events.map(([attribute]) => [attribute, wanted.includes(attribute)]));
  return { url, token: secret, enable_ssl_verification: true, name: `channel-router ${source}`, ...chosen };
}

function remoteHook(found: unknown): RemoteHook[] {
  if (!isObject(found) || typeof found.url !== "string") return [];
  return [
    {
      id: String(found.id),
      url: found.url,
      events: events.flatMap(([attribute]) => (found[attribute] === true ? [attribute] : [])),
      faults: found.enable_ssl_verification === false ? ["it does not check certificates"] : [],
    },
  ];
}
