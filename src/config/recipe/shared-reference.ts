// Parses references to shared recipes: `github:owner/repo/path@tag`, `git+https://host/repo//path@tag` and
// `npm:package/path@version`. recipes/ fetches them, which a start never does.

import { quoted } from "../yaml/problem.ts";

interface Written {
  /** The reference as written, without ref or version. */
  readonly base: string;
  /** A portable path in the repository or package. May lack `.yaml`. */
  readonly path: string;
}

export interface GitReference extends Written {
  readonly from: "git";
  /** The URL for git, without credentials. */
  readonly url: string;
  readonly host: string;
  /** `owner/repo` */
  readonly repository: string;
  /** A tag, a branch or a full commit id; undefined for the newest version. */
  readonly ref: string | undefined;
}

export interface NpmReference extends Written {
  readonly from: "npm";
  /** Including its scope. */
  readonly package: string;
  /** Undefined for the newest version. */
  readonly ref: string | undefined;
}

export type SharedReference = GitReference | NpmReference;

export interface ReferenceProblem {
  readonly message: string;
  readonly hint?: string | undefined;
}

const forms = "write github:OWNER/REPO/PATH@TAG, git+https://HOST/REPO//PATH@TAG or npm:PACKAGE/PATH@VERSION";
const schemes = /^(github|npm|git\+https):/;

/** Undefined if it is not a reference to a shared recipe, but a name, a file, or another scheme. */
export function parseShared(written: string): SharedReference | ReferenceProblem | undefined {
  const scheme = schemes.exec(written)?.[1];
  if (scheme === undefined) return undefined;
  if (written.length > maxReference) return { message: "the reference is longer than 500 characters" };
  const rest = written.slice(scheme.length + 1);
  if (scheme === "github") return parseGithub(rest);
  return scheme === "npm" ? parseNpm(rest) : parseGit(rest);
}

const maxReference = 500;

function parseGithub(rest: string): SharedReference | ReferenceProblem {
  const [, owner, name, tail] = /^([^/@]+)\/([^/@]+)\/(.+)$/s.exec(rest) ?? [];
  if (owner === undefined || name === undefined || tail === undefined)
    return { message: `${quoted(`github:${rest}`)} names no file in a repository`, hint: forms };
  if (!/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$/.test(owner)) return badPart("owner", owner);
  if (!/^[\w.-]{1,100}$/.test(name) || !isPortablePath(name)) return badPart("repository", name);
  const parts = splitRef(tail, isGitRef);
  if ("message" in parts) return parts;
  return {
    from: "git",
    base: `github:${owner}/${name}/${parts.path}`,
    url: `https://github.com/${owner}/${name}`,
    host: "github.com",
    repository: `${owner}/${name}`,
    ...parts,
  };
}

function parseGit(rest: string): SharedReference | ReferenceProblem {
  const [, authority, repository, tail] = /^\/\/([^/]+)\/((?:(?!\/\/).)+)\/\/(.+)$/s.exec(rest) ?? [];
  if (authority === undefined || repository === undefined || tail === undefined)
    return { message: `${quoted(`git+https:${rest}`)} names no file in a repository`, hint: forms };
  if (authority.includes("@"))
    return {
      message: "the URL of a shared recipe contains credentials",
      hint: "remove them: git uses your own credentials",
    };
  const [, host, port] = /^([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,5}))?$/i.exec(authority) ?? [];
  if (host === undefined || host.includes("..")) return badPart("host", authority);
  if (!isPortablePath(repository)) return badPart("repository", repository);
  const parts = splitRef(tail, isGitRef);
  if ("message" in parts) return parts;
  return {
    from: "git",
    base: `git+https://${authority}/${repository}//${parts.path}`,
    url: `https://${authority}/${repository}`,
    host: port === undefined ? host.toLowerCase() : `${host.toLowerCase()}_${port}`,
    repository,
    ...parts,
  };
}

function parseNpm(rest: string): SharedReference | ReferenceProblem {
  const [, name, tail] = /^((?:@[^/@]+\/)?[^/@]+)\/(.+)$/s.exec(rest) ?? [];
  if (name === undefined || tail === undefined)
    return { message: `${quoted(`npm:${rest}`)} names no file in a package`, hint: forms };
  if (name.length > 214 || !/^(?:@[a-z0-9~][\w.~-]*\/)?[a-z0-9~][\w.~-]*$/.test(name))
    return badPart("package", name);
  const parts = splitRef(tail, (version) => exactVersion.test(version));
  if ("message" in parts) return parts;
  return { from: "npm", base: `npm:${name}/${parts.path}`, package: name, ...parts };
}

const exactVersion = /^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[0-9A-Za-z.-]{1,64})?$/;

function splitRef(
  tail: string,
  isRef: (ref: string) => boolean,
): { readonly path: string; readonly ref: string | undefined } | ReferenceProblem {
  const at = tail.indexOf("@");
  const path = at === -1 ? tail : tail.slice(0, at);
  const ref = at === -1 ? undefined : tail.slice(at + 1);
  if (!isPortablePath(path)) return badPart("path", path);
  if (ref !== undefined && !isRef(ref))
    return {
      message: `${quoted(ref)} cannot be the version of a shared recipe`,
      hint: "write a tag, a branch or a full commit id; for npm an exact version such as 1.2.0",
    };
  return { path, ref };
}

function badPart(part: string, value: string): ReferenceProblem {
  return { message: `${quoted(value)} is not a valid ${part} of a shared recipe`, hint: forms };
}

/** Stricter than git: excludes anything that git, a shell or a file system could interpret. */
export function isGitRef(ref: string): boolean {
  return (
    /^[A-Za-z0-9_][\w./+@-]{0,199}$/.test(ref) &&
    !/\.\.|\/\/|\/\.|[./]$|\.lock(?:\/|$)/.test(ref) &&
    !/^(?:HEAD|FETCH_HEAD|refs\/.*)$/i.test(ref)
  );
}

/** Whether a ref is a full SHA-1 or SHA-256 commit id. */
export function isCommitId(ref: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
}

const maxPath = 240;
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * Whether a relative path with `/` means the same on every system: no `..`, no hidden or reserved names, and nothing
 * that a shell, a URL or Windows would interpret. `__snapshots__` is allowed.
 */
export function isPortablePath(path: string): boolean {
  return (
    path.length <= maxPath &&
    path
      .split("/")
      .every((name) => /^[A-Za-z0-9_][\w.+-]*$/.test(name) && !/\.$/.test(name) && !reserved.test(name))
  );
}

/** The paths at which the recipe may be, the written one first. */
export function candidatePaths(path: string): readonly string[] {
  return /\.ya?ml$/.test(path) ? [path] : [`${path}.yaml`, `recipes/${path}.yaml`];
}

/** As it is written in a config. */
export function writtenReference({ base, ref }: SharedReference): string {
  return ref === undefined ? base : `${base}@${ref}`;
}
