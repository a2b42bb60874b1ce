// Reads a repository of shared recipes: its refs, and the files of a commit. Nothing is checked out or run: objects
// are fetched into a temporary bare repository and read by id.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { maxSharedFileBytes, type RefKind } from "../config/recipe/lock.ts";
import { type GitReference, isCommitId } from "../config/recipe/shared-reference.ts";
import { ConnectorError } from "../errors.ts";
import { type GitOptions, runGit } from "./git-process.ts";
import { unsafeRecipe } from "./problems.ts";

export interface RemoteRef {
  readonly kind: RefKind;
  readonly commit: string;
}

export interface GitRepository {
  /** Undefined if the ref does not exist. */
  resolve(ref: string): Promise<RemoteRef | undefined>;
  /** The latest commit of its default branch. */
  head(): Promise<RemoteRef | undefined>;
  /** The names of all tags. */
  tags(): Promise<readonly string[]>;
  /** Fetches it, once. */
  open(ref: string, found: RemoteRef): Promise<CommitFiles>;
  close(): Promise<void>;
}

export interface CommitFiles {
  /** Undefined if the file does not exist. Rejects for a link, a submodule and a file that is too large. */
  read(path: string): Promise<Buffer | undefined>;
}

type Run = (...args: readonly string[]) => Promise<Buffer>;

/** The limit for refs in a repository. */
const maxRefs = 20_000;
const wanted = "refs/channel-router/wanted";
/** For `resolve` only: a reference to a recipe cannot use it. */
export const defaultBranch = "HEAD";
const folders = { tag: "tags", branch: "heads" } as const;

export async function openRepository(
  { url }: Pick<GitReference, "url">,
  { env, signal }: Pick<GitOptions, "env" | "signal">,
): Promise<GitRepository> {
  const folder = await mkdtemp(join(tmpdir(), "channel-router-git-"));
  const run: Run = (...args) => runGit(args, { folder, env, signal, online: false });
  const call: Run = (...args) => runGit(args, { folder, env, signal, online: true });
  let isMade = false;

  async function make(commit: string): Promise<void> {
    if (isMade) return;
    isMade = true;
    const format = commit.length === 64 ? ["--object-format=sha256"] : [];
    await run("init", "--quiet", "--bare", "--template=", ...format, folder);
  }

  return {
    async resolve(ref) {
      if (isCommitId(ref)) return { kind: "commit", commit: ref };
      if (ref === defaultBranch) {
        const commit = (await list(call, url, [defaultBranch])).get(defaultBranch);
        return commit === undefined ? undefined : { kind: "branch", commit };
      }
      const refs = await list(call, url, [`refs/tags/${ref}`, `refs/tags/${ref}^{}`, `refs/heads/${ref}`]);
      const tag = refs.get(`refs/tags/${ref}^{}`) ?? refs.get(`refs/tags/${ref}`);
      if (tag !== undefined) return { kind: "tag", commit: tag };
      const branch = refs.get(`refs/heads/${ref}`);
      return branch === undefined ? undefined : { kind: "branch", commit: branch };
    },
    async head() {
      const commit = (await list(call, url, ["HEAD"])).get("HEAD");
      return commit === undefined ? undefined : { kind: "commit", commit };
    },
    async tags() {
      const refs = await list(call, url, ["refs/tags/*"]);
      return [...refs.keys()]
        .filter((name) => name.startsWith("refs/tags/") && !name.endsWith("^{}"))
        .map((name) => name.slice("refs/tags/".length));
    },
    async open(ref, { kind, commit }) {
      await make(commit);
      const source =
        kind === "commit" ? commit : ref === defaultBranch ? ref : `refs/${folders[kind]}/${ref}`;
      const options = [
        "--quiet",
        "--depth=1",
        "--no-tags",
        "--no-write-fetch-head",
        "--no-recurse-submodules",
      ];
      const target = `+${source}:${wanted}`;
      await call(
        "fetch",
        ...options,
        `--filter=blob:limit=${maxSharedFileBytes}`,
        "--end-of-options",
        url,
        target,
      );
      const fetched = (
        await run("rev-parse", "--verify", "--quiet", "--end-of-options", `${wanted}^{commit}`)
      )
        .toString("utf8")
        .trim();
      if (fetched !== commit)
        throw new ConnectorError("E_RECIPE_FETCH", `${ref} of ${url} changed while it was fetched`, {
          retryable: true,
        });
      return { read: (path) => readFile(run, commit, path) };
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The ids of refs by full name. git matches patterns at the end of a name, so callers must compare full names. */
async function list(run: Run, url: string, patterns: readonly string[]): Promise<Map<string, string>> {
  const output = (await run("ls-remote", "--quiet", "--end-of-options", url, ...patterns)).toString("utf8");
  const refs = new Map<string, string>();
  for (const one of output.split("\n")) {
    const [id = "", name] = one.split("\t");
    if (name === undefined || !isCommitId(id)) continue;
    refs.set(name, id);
    if (refs.size > maxRefs)
      throw new ConnectorError("E_RECIPE_FETCH", `${url} has more than ${maxRefs} refs`);
  }
  return refs;
}

const modes = { file: "100644", program: "100755", link: "120000", submodule: "160000", folder: "040000" };

async function readFile(run: Run, commit: string, path: string): Promise<Buffer | undefined> {
  const names = path.split("/");
  let tree = `${commit}^{tree}`;
  for (const [index, name] of names.entries()) {
    const entry = await entryIn(run, tree, name);
    if (entry === undefined) return undefined;
    const { mode, id } = entry;
    const here = names.slice(0, index + 1).join("/");
    if (mode === modes.link) throw unsafeRecipe(`${here} is a link`);
    if (mode === modes.submodule) throw unsafeRecipe(`${here} is a submodule`);
    const isLast = index === names.length - 1;
    if (!isLast && mode === modes.folder) tree = id;
    else if (isLast && (mode === modes.file || mode === modes.program)) return readBlob(run, id, here);
    else return undefined;
  }
  return undefined;
}

async function entryIn(run: Run, tree: string, name: string) {
  const output = (await run("ls-tree", "-z", "--full-tree", tree, "--", name)).toString("utf8");
  for (const one of output.split("\0")) {
    const [, mode, id, found] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(one) ?? [];
    if (mode !== undefined && id !== undefined && found === name) return { mode, id };
  }
  return undefined;
}

async function readBlob(run: Run, id: string, path: string): Promise<Buffer> {
  const tooLarge = () => unsafeRecipe(`${path} is larger than ${maxSharedFileBytes / 1024} KiB`);
  // If the server supports filters, a larger file was not fetched, and its size is unknown too.
  const size = await run("cat-file", "-s", id).then(
    (output) => Number(output.toString("utf8")),
    () => Infinity,
  );
  if (!(size <= maxSharedFileBytes)) throw tooLarge();
  return run("cat-file", "blob", id);
}
