// The owner of a webhook at the sender: what the user names, else the repository of the config.

import { UsageError } from "../../errors.ts";
import type { RunProgram } from "./run-program.ts";
import type { HookSender, HookTarget } from "./sender.ts";

const usualHosts: Readonly<Record<string, string>> = { github: "github.com", gitlab: "gitlab.com" };

export async function readTarget(
  { scheme, title }: HookSender,
  { repo, org, host, live }: HookTarget,
  folder: string,
  run: RunProgram,
): Promise<HookTarget> {
  const usual = usualHosts[scheme];
  if (usual === undefined) return { live };
  const named =
    host === undefined || host === usual ? {} : { host: checked(host, /^[\w.-]+(:\d+)?$/, "--host") };
  if (org !== undefined) return { org: checked(org, /^[\w.-]+(\/[\w.-]+)*$/, "--org"), ...named };
  if (repo !== undefined) return { repo: checked(repo, /^[\w.-]+(\/[\w.-]+)+$/, "--repo"), ...named };
  // Reads a setting without running anything from the repository.
  const { stdout } = await run("git", ["-C", folder, "config", "--get", "remote.origin.url"]).catch(() => ({
    stdout: "",
  }));
  const origin = parseRemote(stdout.trim());
  const isOfHost =
    origin !== undefined && (host === undefined ? isLikely(origin.host, scheme) : origin.host === host);
  if (!isOfHost || origin === undefined)
    throw new UsageError("E_USAGE", `no repository on ${title} was named or found`, {
      hint: "add  --repo OWNER/NAME , or  --org NAME  for all repositories of an organisation",
    });
  // Its login, or a token of the environment, is sent there: the settings of a repository do not choose whom.
  if (origin.host !== usual && host === undefined)
    throw new UsageError("E_USAGE", `the repository ${origin.path} is on ${origin.host}, not on ${usual}`, {
      hint: `to send your login there, add  --host ${origin.host}`,
    });
  return { repo: origin.path, ...(origin.host === usual ? {} : { host: origin.host }) };
}

/** Recognizes a self-hosted server by its name. */
function isLikely(host: string, scheme: string): boolean {
  const others = Object.entries(usualHosts).filter(([one]) => one !== scheme);
  return (
    host === usualHosts[scheme] || !others.some(([other, usual]) => host === usual || host.includes(other))
  );
}

function checked(text: string, pattern: RegExp, option: string): string {
  if (
    pattern.test(text) &&
    !text.split("/").some((part) => part === "." || part === ".." || part.startsWith("-"))
  )
    return text;
  throw new UsageError("E_USAGE", `${text} is not valid for ${option}`);
}

/** `https://host/owner/name.git`, `git@host:owner/name.git`, `ssh://git@host:22/owner/name` */
export function parseRemote(url: string): { readonly host: string; readonly path: string } | undefined {
  const found =
    /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([\w.-]+)(?::\d+)?\/(.+?)(?:\.git)?\/?$/.exec(url) ??
    /^(?:[\w.-]+@)?([\w.-]+):(?!\/)(.+?)(?:\.git)?\/?$/.exec(url);
  const [, host, path] = found ?? [];
  if (host === undefined || path === undefined || !/^[\w.-]+(\/[\w.-]+)+$/.test(path)) return undefined;
  return path.split("/").some((part) => /^(?:-|\.{1,2}$)/.test(part)) ? undefined : { host, path };
}
