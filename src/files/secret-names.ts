// Classifies a file by its name: credentials and keys (`secret`), or files that often contain some, such as a
// dump or a shell history (`sensitive`). Checks the whole path; ignores case, backup suffixes and invisible
// characters.

export type Sensitivity = "secret" | "sensitive";

/** Folders whose whole content is secret, by their last parts. */
const secretFolders = paths(`
  .ssh .gnupg .gpg .aws .azure .kube .gcloud .config/gcloud .config/gh .config/glab-cli .config/hub .config/op .config/doctl .config/rclone
  .config/heroku .config/configstore .config/github-copilot .config/containers .config/sops .config/filezilla .config/keepassxc .config/pulumi
  .config/fly .config/netlify .config/vercel .config/stripe .config/ngrok .config/cloudflared .config/scaleway .config/hcloud .config/linode
  .config/exercism .config/git .config/pip .config/pypoetry .config/uv .config/composer .config/helm .config/argocd .config/tailscale
  .config/google-chrome .config/google-chrome-beta .config/chromium .config/bravesoftware .config/microsoft-edge .config/vivaldi .config/opera
  .config/slack .config/discord .config/signal .config/element .config/bitwarden .config/1password .config/evolution .config/thunderbird
  .docker/contexts .docker/machine .password-store .local/share/keyrings .local/share/kwalletd .local/share/fish .local/share/pass
  .local/share/evolution .local/state/gh .mozilla .thunderbird .pki .cert .certs .electrum .bitcoin .ethereum .monero .solana .near
  .minikube .oci .bluemix .ibmcloud .aliyun .tccli .terraform.d .terraform .pulumi .vault .vercel .netlify .fly .serverless .chef .puppetlabs
  .password-store .bitwarden .authy .1password .op .databricks .snowsql .kaggle .huggingface .codex .gemini .cursor .continue .aider
  .claude-server-commander .subversion/auth .purple .irssi .weechat .mutt .abook .davfs2 .cloudflared .ngrok2 .step .acme.sh .lego`);
/** The same in the home of a user. */
const secretHomeFolders = paths(`
  library/keychains library/cookies library/messages library/mail library/safari library/accounts library/identityservices
  library/containers library/calendars library/application\\ssupport/google/chrome library/application\\ssupport/chromium
  library/application\\ssupport/bravesoftware library/application\\ssupport/firefox library/application\\ssupport/microsoft\\sedge
  library/application\\ssupport/vivaldi library/application\\ssupport/arc library/application\\ssupport/slack
  library/application\\ssupport/discord library/application\\ssupport/signal library/application\\ssupport/bitwarden
  library/application\\ssupport/1password library/application\\ssupport/claude
  appdata/roaming/microsoft/credentials appdata/local/microsoft/credentials appdata/roaming/microsoft/protect appdata/roaming/mozilla
  appdata/local/google appdata/local/microsoft/edge appdata/local/bravesoftware appdata/roaming/gnupg appdata/roaming/gcloud
  snap/firefox snap/chromium`);
/** The same, from the root. */
const secretRootFolders = paths(`
  run/secrets var/run/secrets etc/ssh etc/ssl/private etc/pki/tls/private etc/letsencrypt etc/wireguard etc/openvpn etc/ipsec.d etc/sudoers.d
  var/lib/docker var/lib/kubelet var/lib/secrets var/spool/cron var/mail var/spool/mail root/.local`);

/** Whole names. */
const secretFiles = new Set(
  words(`
  .netrc _netrc .pgpass pgpass.conf .pg_service.conf .my.cnf .mylogin.cnf .npmrc .yarnrc .yarnrc.yml .pypirc pip.conf .condarc .gemrc
  .git-credentials .gitconfig .dockercfg .dockerconfigjson .htpasswd .htdigest .s3cfg .boto .vault-token .vault_pass .vault-password
  .vaultpass .terraformrc terraform.rc .databrickscfg .snowflake .cdsapirc .rhosts .shosts .fetchmailrc .msmtprc .muttrc .offlineimaprc
  .mbsyncrc .getmailrc .wgetrc .curlrc .smbcredentials .cifscreds .cifs .credentials.json .claude.json .flaskenv .envrc .dev.vars .secret
  .secrets .secrets.baseline .token .tokens .apikey .api_key .passwd .password .passwords .pass .wallet .lesshst .viminfo .wget-hsts
  .xauthority .iceauthority .ovpn .s3ql .ldaprc .ldapvirc .bundle-config .erlang.cookie .rediscli_auth .mongorc.js .dbshell .irb-history
  authorized_keys authorized_keys2 known_hosts known_hosts2 wallet.dat default.wallet key3.db key4.db cert8.db cert9.db logins.json
  logins-backup.json signons.sqlite login\\sdata login\\sdata\\sfor\\saccount web\\sdata local\\sstate cookies safe\\sbrowsing\\scookies
  cookies.sqlite cookies.db cookies.txt cookies.binarycookies places.sqlite formhistory.sqlite webappsstore.sqlite sessionstore.jsonlz4
  history.sqlite history.db login.keychain shadow shadow- gshadow gshadow- master.passwd opasswd sudoers ntds.dit security.hive
  system.hive krb5.keytab krb5cc_0 .k5login wp-config.php localsettings.php local.settings.json accesskeys.csv rootkey.csv access_tokens.db
  credentials.db msal_token_cache.bin msal_token_cache.json azureprofile.json application_default_credentials.json legacy_credentials
  adc.json gcp-key.json gcp_key.json gcloud.json kaggle.json rclone.conf filezilla.xml sitemanager.xml recentservers.xml winscp.ini
  confcons.xml consolehost_history.txt settings-security.xml master.key secret_key_base secrets.enc credentials.yml.enc kubeconfig
  kubeconfig.yaml kubeconfig.yml admin.conf kubelet.conf k3s.yaml talosconfig .talosconfig terraform.tfstate jenkins.model.jenkins.xml
  hudson.util.secret oauth2.json oauth.json oauth_creds.json auth.json token.json token.pickle token.txt tokens.txt api_key.txt
  apikey.txt apikeys.txt api_keys.txt api-key.txt api-keys.txt vault.yml vault.yaml vault.json keystore.properties key.properties
  keyfile keyfile.json recovery-codes.txt recovery_codes.txt backup-codes.txt backup_codes.txt mnemonic.txt seed.txt seedphrase.txt
  seed_phrase.txt wg0.conf ipsec.secrets chap-secrets pap-secrets wpa_supplicant.conf tnsnames.ora orapw .docker_env docker.env
  gha-creds.json github_token gh_token npm_token trust.key`),
);

/** In these folders the file of that name. */
const secretPaths = paths(`
  .docker/config.json .docker/.token_seed .cargo/credentials .cargo/credentials.toml .m2/settings.xml .gradle/gradle.properties .gem/credentials
  .bundle/config .composer/auth.json .config/hub .cache/huggingface/token .cache/gh .claude/settings.json .claude/settings.local.json
  .git/config .git/credentials .hg/hgrc .nuget/nuget.config .android/adbkey .android/debug.keystore .helm/repositories.yaml
  .argocd/config .config/rclone.conf etc/shadow etc/gshadow etc/sudoers etc/master.passwd etc/environment etc/fstab.cred etc/crypttab
  etc/ppp/chap-secrets etc/openldap/ldap.secret etc/mysql/debian.cnf etc/krb5.keytab etc/rancher/k3s/k3s.yaml etc/kubernetes/admin.conf
  config/master.key config/secrets.yml config/credentials.yml.enc .ssh`);

const secretPatterns: readonly RegExp[] = [
  // .env, .env.production, prod.env, app.env.local
  /^\.env(?:$|[^a-z0-9])/,
  /\.env(?:$|\.(?!ts$|js$|mjs$|cjs$|tsx$|jsx$|md$|d\.ts$))/,
  // Private keys and stores of keys.
  /\.(?:pem|key|p8|p12|pfx|pkcs\d*|kdb|kdbx?|jks|jceks|bcfks|bks|uber|keystore|truststore|keytab|ppk|pvk|snk|sec|priv|privkey|age|agekey|ovpn|rdp|psafe3|agilekeychain|1pif|1pux|opvault|kwallet|wallet|keychain|keychain-db|mobileprovision|provisionprofile|publishsettings|pgpass|netrc|htpasswd|vault|vault-token|kubeconfig|tfstate|tfvars|tfplan|credentials?|secrets?|password|passwords|token|tokens|apikey|kirbi|ccache)$/,
  /\.(?:tfvars|tfstate)(?:\.\w+)+$/,
  /^id_[a-z0-9]+(?:_sk)?$/,
  /^id_(?:rsa|dsa|ecdsa|ed25519|xmss)(?:_sk)?(?!\.pub$)(?:[._-].*)?$/,
  /(?:^|[._-])(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?$/,
  /^ssh_host_.*_key$/,
  /(?:^|[._-])(?:private|privat|secret|signing|deploy|ssh|server|client|tls|ssl|host|api|service|license|encryption|master)[._-]?key(?:$|\.(?:txt|json|pem|asc|b64|base64|bin|der|gpg|old))$/,
  /^(?:private|secring|privkey|secret-?key)[\w-]*\.(?:asc|gpg|pgp|der|bin|txt|b64)$/,
  // Names that say it.
  /^\.?(?:[\w.-]*[._-])?credentials?(?!.*\.(?:[cm]?[jt]sx?|py|go|rs|java|kt|rb|md|html|css|vue|svelte|[ch]|cpp|cs|swift)$)(?:[._-][\w.-]*)?$/,
  /^\.?(?:[\w.-]*[._-])?secrets?(?:[._-][\w.-]*)?\.(?:json|ya?ml|toml|ini|cfg|conf|csv|txt|xml|properties|enc|db|plist|env|tf|hcl|php|rb)$/,
  /^\.?(?:[\w.-]*[._-])?(?:passwords?|passwd|passphrase|logins)(?:[._-][\w-]+)?\.(?:json|ya?ml|toml|ini|cfg|conf|csv|tsv|txt|xml|properties|db|xlsx?|ods|docx?|odt|kdbx|numbers|plist)$/,
  /^(?:[\w.-]*[._-])?service[._-]?account[\w.-]*\.json$/,
  /^client[._-]?secrets?[\w.@-]*\.json$/,
  /firebase-adminsdk[\w.-]*\.json$/,
  /^(?:gcp|gcloud|google|gke|aws|azure|vertex|bigquery)[._-](?:key|creds?|auth|sa|token)[\w-]*\.(?:json|csv|txt|ya?ml)$/,
  /^(?:[\w.-]*[._-])?(?:creds|cred)\.(?:json|ya?ml|toml|ini|txt|csv|xml|properties)$/,
  /^(?:[\w.-]*[._-])?(?:api|access|auth|bearer|refresh|session|bot|github|gitlab|slack|npm|pypi)[._-]?tokens?(?:$|\.(?:json|ya?ml|txt|csv|db|pickle))$/,
  /^wp-config\.php/,
  /^\.?vault[._-]?(?:pass|password|token|key)s?(?:[._-]\w+)?$/,
  // Input histories.
  /^[._][\w.-]*hist(?:ory|file|file-.*|)?$/,
  /^\w[\w.-]*_history(?:$|\.(?:txt|db|jsonl?|sqlite))$/,
  /^\.(?:zsh|bash|sh|ksh|fish|python|node_repl|psql|mysql|sqlite|rediscli|irb|pry|php|julia|r|octave|mongo|dbshell|scala|ghci|utop|lua)_?\w*(?:history|hist|sessions?)/,
  /^\.rhistory$/,
  // Of Claude and similar programs.
  /^\.claude(?:\.json)?(?:[._-].*)?\.(?:json|jsonl|db|bak|backup)/,
  /^\.aider(?:\.|$)/,
];

const sensitiveFolders = paths("secrets credentials creds");
const sensitiveHomeFolders = paths("library appdata");
const sensitivePatterns: readonly RegExp[] = [
  // Dumps of databases and of memory, captures of a network or a browser, mail.
  /\.(?:sql|sqlite3?|db|db3|mdb|accdb|dump|dmp|mdmp|hprof|heapsnapshot|core|pcap|pcapng|cap|har|saz|pst|ost|mbox|eml|vcf|rdb|aof|ibd|frm|bson|bak|gpg|pgp)$/,
  /^(?:core|vmcore|heapdump)(?:\.\d+)?$/,
  /(?:^|[._-])(?:dump|backup)(?:[._-][\w-]+)?(?:$|\.(?:json|jsonl|csv|tsv|txt|xml|ya?ml))$/,
  /^(?:tokens|sessions|users|accounts|customers)\.(?:json|csv|db)$/,
  /^\.mcp\.json$/,
  /^(?:app|web)settings[\w.-]*\.json$/,
  /^(?:web|app)\.config$/,
  /^(?:application|bootstrap)(?:-[\w]+)?\.(?:properties|ya?ml)$/,
  /^(?:database|settings|configuration|parameters|local_settings|localsettings)\.(?:php|py|ya?ml|inc|local\.php)$/,
  /^(?:passwd|group|hosts)$/,
];
/** Public names in a project that begin with a dot. */
const openNames =
  /^\.(?:git(?:ignore|attributes|modules|keep|hub|lab(?:-ci\.yml)?|blame-ignore-revs)|editorconfig|prettier\w*(?:\..*)?|eslint\w*(?:\..*)?|stylelint\w*(?:\..*)?|babelrc(?:\..*)?|swcrc|browserslistrc|nvmrc|node-version|python-version|ruby-version|tool-versions|dockerignore|npmignore|vscode|idea|storybook|changeset|husky|circleci|travis\.yml|devcontainer|well-known|clang-(?:format|tidy)|rustfmt\.toml|rubocop\.yml|flake8|pylintrc|coveragerc|pre-commit-config\.yaml|markdownlint\w*(?:\..*)?|mailmap|yamllint(?:\.ya?ml)?|golangci\.ya?ml|releaserc(?:\..*)?|commitlintrc(?:\..*)?|lintstagedrc(?:\..*)?|mocharc(?:\..*)?|nycrc(?:\..*)?|c8rc(?:\..*)?|readthedocs\.ya?ml|codecov\.yml|dependabot|renovaterc(?:\..*)?|claude|ds_store|env\.d\.ts)$/;

interface Around {
  /** Of the user, absolute. */
  readonly home: string;
  /**
   * The part of the path that begins in a folder of visible files, such as the project: hidden folders and
   * files in there are sensitive, except common ones of repositories. Default: the whole path.
   */
  readonly below?: string;
}

/** Of an absolute path. */
export function sensitivityOf(path: string, { home, below = path }: Around): Sensitivity | undefined {
  const parts = partsOf(path);
  const names = namesOf(parts.at(-1) ?? "");
  const folders = parts.slice(0, -1);
  const inHome = foldersInHome(folders, partsOf(home));
  const isSecret =
    names.some((name) => isSecretName(name, folders)) ||
    isIn(folders, secretFolders) ||
    secretRootFolders.some((known) =>
      startsWith(folders[0] === "private" ? folders.slice(1) : folders, known),
    ) ||
    secretHomeFolders.some((known) => startsWith(inHome, known)) ||
    isTranscript(folders, names);
  if (isSecret) return "secret";
  const seen = partsOf(below);
  const isSensitive =
    seen.some((part) => part.startsWith(".") && !openNames.test(part)) ||
    names.some((name) => sensitivePatterns.some((pattern) => pattern.test(name))) ||
    sensitiveHomeFolders.some((known) => startsWith(inHome, known)) ||
    isIn(seen.slice(0, -1), sensitiveFolders);
  return isSensitive ? "sensitive" : undefined;
}

/** The part after the home of this or another user. */
function foldersInHome(folders: readonly string[], home: readonly string[]): readonly string[] {
  if (startsWith(folders, home)) return folders.slice(home.length);
  const at = folders.findIndex((part) => part === "users" || part === "home");
  return at === -1 ? [] : folders.slice(at + 2);
}

function startsWith(folders: readonly string[], path: readonly string[]): boolean {
  return path.every((part, index) => folders[index] === part);
}

/** Whether the last name alone is that of a secret, in any folder. */
function isSecretName(name: string, folders: readonly string[]): boolean {
  if (secretFiles.has(name) || secretPatterns.some((pattern) => pattern.test(name))) return true;
  return secretPaths.some(
    (path) => path.at(-1) === name && endsWith(folders, path.slice(0, -1)) && path.length > 1,
  );
}

/** Session files of Claude Code and similar programs. */
function isTranscript(folders: readonly string[], names: readonly string[]): boolean {
  const at = folders.lastIndexOf(".claude");
  if (at === -1) return false;
  const below = folders[at + 1] ?? "";
  return (
    /^(?:projects|todos|sessions|history|shell-snapshots|file-history|paste-cache|debug|statsig|channels|session-env|ide|logs|plugins|backups|telemetry|tasks|teams|uploads)$/.test(
      below,
    ) || names.some((name) => /\.jsonl$|^settings.*\.json$|^\.|^history|^credentials/.test(name))
  );
}

function isIn(folders: readonly string[], known: readonly (readonly string[])[]): boolean {
  return folders.some((_, at) => known.some((path) => endsWith(folders.slice(0, at + 1), path)));
}

function endsWith(folders: readonly string[], path: readonly string[]): boolean {
  return path.every((part, index) => folders[folders.length - path.length + index] === part);
}

const maxNameLength = 255;

/** Normalised like a file system that ignores case, drops some characters and trailing dots. */
export function partsOf(path: string): string[] {
  return (
    path
      .normalize("NFKC")
      .replaceAll(/[\p{Cf}\p{Cc}\p{Mn}]/gu, "")
      .toLowerCase()
      .split(/[\\/]+/)
      .map((part) =>
        part
          .replace(/::?\$data$/, "")
          .replace(/(?<=[^.\s])[.\s]+$/, "")
          .trim(),
      )
      .filter((part) => part !== "" && part !== ".")
      // No file system has longer names; the check takes time.
      .map((part) => part.slice(-maxNameLength))
  );
}

const copies =
  /(?:~|\.(?:bak|backup|old|orig|original|save|saved|sav|sw[a-p]|tmp|temp|copy|dist|prev|new|rej|\d{1,8}|gz|tgz|bz2|xz|zst|zip|7z|rar|tar|enc|b64|base64|hex|txt|part)|[\s_-]+(?:copy|kopie|backup|old)(?:[\s_-]*\d+)?|[\s_-]*\(\d+\))$/;

/**
 * The name, and the name that it is a copy of: `id_rsa.bak`, `.#id_rsa`, `.id_rsa.swp`, `prod.pem (1)`,
 * `old-id_rsa`.
 */
function namesOf(name: string): string[] {
  const names = [name];
  let rest = name.replace(/^(?:\.#|#)/, "").replace(/#$/, "");
  for (let left = 6; left > 0; left -= 1) {
    names.push(rest);
    if (/\.sw[a-p]$/.test(rest)) names.push(rest.replace(/^\./, "").replace(/\.sw[a-p]$/, ""));
    const shorter = rest.replace(copies, "");
    if (shorter === rest || shorter === "") break;
    rest = shorter;
  }
  // `Copy of id_rsa`, `backup-id_rsa`; `report (1).pem` keeps its extension.
  names.push(...names.map((one) => one.replace(/^(?:copy of |backup[._-]|old[._-]|my[._-])/, "")));
  names.push(
    ...names.map((one) => one.replace(/(?:[\s_-]*\(\d+\)|[\s_-]+copy(?:[\s_-]*\d+)?)(?=\.\w+$)/, "")),
  );
  return [...new Set(names)].filter((one) => one !== "");
}

function words(text: string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll("\\s", " "));
}

function paths(text: string): string[][] {
  return words(text).map((path) => path.split("/"));
}
