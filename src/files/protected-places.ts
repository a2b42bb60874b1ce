// Files that are executed or obeyed: by Claude Code, a shell, git, an editor, the system, or this router. A
// sink that writes there would do more than write a note. Checks the whole path, ignoring case.

import { partsOf, sensitivityOf } from "./secret-names.ts";

/** Folders by their last parts. */
const anywhere = `.git .hg .svn .jj .husky .githooks .claude .ssh .gnupg .aws .kube .docker .azure .vscode .idea .zed .fleet .devcontainer .github .gitlab
  .circleci .cursor .codex .gemini .windsurf .continue .aider .direnv .mise .asdf .config .local/bin .local/lib .local/share/applications
  .local/share/systemd .local/share/dbus-1 .local/share/bash-completion .local/share/fish .local/share/nautilus .oh-my-zsh .zsh .bash .fish
  .vim .emacs.d .doom.d .pip .npm .nvm .pyenv .rbenv .cargo .rustup .gradle .m2 .ivy2 .sbt .gem .bundle .yarn .pnpm-store .venv venv
  site-packages dist-packages node_modules __pycache__ .ipython .jupyter .r .julia .gdbinit.d .tmux .screen .mozilla .thunderbird
  .password-store .terraform .terraform.d .ansible .vagrant.d cron.d cron.daily cron.hourly cron.weekly cron.monthly
  launchagents launchdaemons startupitems init.d systemd/system systemd/user profile.d autostart`;
/** From the root. */
const fromRoot =
  "bin sbin boot dev etc lib lib32 lib64 libx32 proc root/.config run sys usr var/spool/cron var/lib system library windows program\\sfiles";
/** In the home of the user. */
const inHome = `library/launchagents library/services library/scripts library/application\\sscripts library/preferences library/keychains
  library/application\\ssupport appdata bin .bin`;

/** Names that programs execute, build from or read as settings, and that Claude obeys. */
const obeyed =
  /^(?:claude(?:\.local)?\.md|agents?\.md|gemini\.md|copilot-instructions\.md|conventions\.md|skill\.md|package(?:-lock)?\.json|npm-shrinkwrap\.json|pnpm-workspace\.yaml|pnpm-lock\.yaml|yarn\.lock|bunfig\.toml|deno\.jsonc?|(?:gnu|bsd)?makefile|.*\.mk|justfile|taskfile\.ya?ml|rakefile|.*\.rake|gemfile(?:\.lock)?|.*\.gemspec|vagrantfile|jenkinsfile|dockerfile.*|containerfile.*|.*\.dockerfile|(?:docker-)?compose(?:[._-].*)?\.ya?ml|procfile.*|brewfile|podfile|fastfile|dangerfile|guardfile|capfile|thorfile|setup\.(?:py|cfg)|conftest\.py|(?:site|user)customize\.py|__init__\.py|__main__\.py|manage\.py|tasks\.py|noxfile\.py|fabfile\.py|dodo\.py|sconstruct|sconscript|wscript|pyproject\.toml|tox\.ini|pytest\.ini|pip\.conf|requirements.*\.txt|pipfile|uv\.toml|environment\.ya?ml|(?:build|settings|init)\.gradle(?:\.kts)?|gradle\.properties|pom\.xml|build\.xml|build\.sbt|build\.sc|cargo\.toml|build\.rs|go\.(?:mod|work)|cmakelists\.txt|.*\.cmake|cmakepresets\.json|meson\.build|build(?:\.bazel)?|workspace(?:\.bazel)?|module\.bazel|.*\.bzl|flake\.nix|shell\.nix|default\.nix|devbox\.json|devenv\.nix|mise\.toml|lefthook\.ya?ml|crontab|.*\.(?:config|rc|setup|workspace)\.[cm]?[jt]sx?|.*\.pth|.*\.(?:sh|bash|zsh|fish|command|ps1|psm1|psd1|bat|cmd|com|exe|scr|msi|vbs|vbe|wsf|wsh|hta|jse|lnk|url|reg|desktop|service|timer|socket|path|mount|target|plist|workflow|scpt|applescript|app|dylib|so|dll|pyc|pyo|jar|war|crontab|code-workspace)|config\.fish|init\.(?:vim|lua|el)|autorun\.inf|desktop\.ini|authorized_keys2?|known_hosts|tsconfig.*\.json|jsconfig\.json|netlify\.toml|vercel\.json|wrangler\.toml|serverless\.ya?ml|ansible\.cfg|main\.tf|.*\.tf|.*\.tfvars|channels\.ya?ml|.*\.channels\.ya?ml)$/;

const folders = {
  anywhere: list(anywhere),
  fromRoot: list(fromRoot),
  inHome: list(inHome),
};

/** For an absolute path of a folder: why sinks cannot write there. `home`: of the user. */
export function protectedFolder(folder: string, home: string): string | undefined {
  const parts = partsOf(folder);
  const own = partsOf(home);
  const isBelowHome = own.length > 0 && startsWith(parts, own);
  const below = isBelowHome ? parts.slice(own.length) : [];
  const hit = folders.anywhere.find((known) =>
    parts.some((_, at) => endsWith(parts.slice(0, at + 1), known)),
  );
  // The router's own folder in Claude's folder has separate rules.
  if (hit !== undefined && !(hit[0] === ".claude" && isRouterFolder(parts)))
    return `programs act on the contents of a folder ${hit.join("/")}`;
  if (!isBelowHome && folders.fromRoot.some((known) => startsWith(parts, known)))
    return "it belongs to the system";
  if (folders.inHome.some((known) => startsWith(below, known))) return "programs act on its contents";
  return sensitivityOf(`${folder}/x`, { home }) === "secret" && !isRouterFolder(parts)
    ? "it is a folder for secrets"
    : undefined;
}

/** For a plain name from a value: why sinks cannot write to it. */
export function protectedName(name: string, home: string): string | undefined {
  const [plain = ""] = partsOf(name);
  if (obeyed.test(plain)) return "programs or Claude act on a file of that name";
  return sensitivityOf(`/${name}`, { home }) === "secret"
    ? "it is the name of a file for secrets"
    : undefined;
}

function isRouterFolder(parts: readonly string[]): boolean {
  const at = parts.lastIndexOf(".claude");
  return parts[at + 1] === "channels" && parts[at + 2] === "router" && parts.length > at + 3;
}

function startsWith(parts: readonly string[], path: readonly string[]): boolean {
  return path.every((part, index) => parts[index] === part);
}

function endsWith(parts: readonly string[], path: readonly string[]): boolean {
  return parts.length >= path.length && startsWith(parts.slice(-path.length), path);
}

function list(text: string): string[][] {
  return text.split(/\s+/).map((path) => path.replaceAll("\\s", " ").split("/"));
}
