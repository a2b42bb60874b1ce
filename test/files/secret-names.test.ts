// What a name says of a file, by tables: nobody could list them all, so each kind has its rows.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sensitivityOf } from "../../src/files/secret-names.ts";
import { runs } from "../support/runs.ts";

const home = "/home/ann";
const inProject = (path: string) => sensitivityOf(`/work/app/${path}`, { home, below: path });
const anywhere = (path: string) => sensitivityOf(path, { home });

const secretInProject = `
  .env .env.local .env.production .env.example .env~ .env.bak .ENV .Env.Local prod.env app.prod.env prod.env.gz config/.env deploy/staging.env
  .envrc .flaskenv .dev.vars
  server.pem certs/privkey.pem key.PEM tls.key server.key cert.p12 cert.pfx store.jks release.keystore vault.kdbx old.kdb key.ppk AuthKey_ABC.p8
  app.keytab vpn/office.ovpn home.rdp apns.p12.bak server.pem.old key.pem.txt
  id_rsa id_ed25519 id_ecdsa_sk id_work id_rsa.bak id_rsa.old keys/id_rsa .id_rsa.swp id_rsa~ deploy_rsa github_ed25519 ssh_host_rsa_key
  authorized_keys known_hosts private.key signing-key.asc secring.gpg
  .netrc _netrc .pgpass pgpass.conf .npmrc .yarnrc.yml .pypirc .git-credentials .gitconfig .my.cnf .mylogin.cnf .htpasswd .htdigest .s3cfg .boto
  .dockercfg .vault-token .vault_pass .terraformrc .smbcredentials .fetchmailrc .msmtprc .curlrc .wgetrc .git/config .git/credentials
  .docker/config.json .cargo/credentials.toml .m2/settings.xml .gradle/gradle.properties .composer/auth.json
  .kube/config .aws/credentials .aws/config .azure/accessTokens.json .config/gh/hosts.yml .config/gcloud/credentials.db .ssh/config .gnupg/pubring.kbx
  kubeconfig kubeconfig.yaml admin.kubeconfig terraform.tfstate terraform.tfstate.backup prod.tfvars prod.auto.tfvars.json secrets.yml secrets.yaml
  config/secrets.json app-secrets.toml my.secrets.env credentials credentials.json credentials.csv aws-credentials.txt credentials.yml.enc
  google-credentials.json service-account.json service_account_prod.json serviceaccount.json client_secret_123.apps.json client_secrets.json
  app-firebase-adminsdk-x1.json gcp-key.json application_default_credentials.json token.json api_token.txt github_token access-tokens.json
  passwords.txt passwords.xlsx my-passwords.csv logins.csv wallet.dat mnemonic.txt recovery-codes.txt master.key config/master.key
  wp-config.php wp-config.php.bak local.settings.json accessKeys.csv rootkey.csv keystore.properties vault.yml
  .bash_history .zsh_history .python_history .node_repl_history .psql_history .mysql_history .sqlite_history .rediscli_history .irb_history
  .lesshst .viminfo fish_history ConsoleHost_history.txt .histfile .Rhistory
  cookies.sqlite Cookies logins.json key4.db places.sqlite cookies.txt login.keychain-db
  .claude.json .claude.json.backup .credentials.json .claude/settings.json .claude/settings.local.json .claude/projects/x/1.jsonl
  .claude/history.jsonl .claude/.credentials.json .claude/todos/1.json .aider.chat.history.md
  shadow trust.key wg0.conf krb5.keytab`
  .trim()
  .split(/\s+/);

describe("a name of a secret", () => {
  test.each(secretInProject.map((path) => [path]))("%s", (path) => {
    expect(inProject(path)).toBe("secret");
  });

  test.each(
    `/home/ann/.ssh/config /home/ann/.aws/sso/cache/x.json /home/ann/.config/gh/hosts.yml /home/ann/.config/google-chrome/Default/Preferences
    /home/ann/.mozilla/firefox/x.default/prefs.js /home/ann/.local/share/keyrings/login.keyring /home/ann/.password-store/web.gpg
    /home/bob/.kube/cache/x /Users/bob/Library/Keychains/x /home/ann/Library/Cookies/Cookies.binarycookies /root/.docker/config.json
    /home/ann/.gnupg/trustdb.gpg /run/secrets/db /var/run/secrets/kubernetes.io/serviceaccount/token /etc/shadow /etc/ssh/ssh_host_rsa_key
    /private/etc/ssl/private/x /etc/letsencrypt/live/x/fullchain1 /home/ann/.claude/projects/-work/1.jsonl /home/ann/.claude/settings.json
    /home/ann/AppData/Local/Google/Chrome/x /home/ann/.config/rclone/rclone.conf /home/ann/.terraform.d/x /home/ann/.codex/sessions/1`
      .split(/\s+/)
      .map((path) => [path]),
  )("%s, wherever it lies", (path) => {
    expect(anywhere(path)).toBe("secret");
  });

  test.each([
    ["id_rsa (1)"],
    ["id_rsa copy"],
    ["server (2).pem"],
    ["Copy of id_rsa"],
    ["backup-id_rsa"],
    [".#id_rsa"],
    ["#id_rsa#"],
    ["prod.env (1)"],
    ["Login Data"],
    [".env."],
    [".env "],
    [".env::$DATA"],
    [".e\u200Cnv"],
    ["\uFF0Eenv"],
    [".ssh./x"],
    ["a\\.ssh\\id"],
  ])("%j, however it is spelled", (path) => {
    expect(inProject(path)).toBe("secret");
  });

  test("stays one in any case, in any folder, as any copy", () => {
    const copies = ["", "~", ".bak", ".old", ".orig", ".1", ".gz", ".tar", ".txt", " (1)", ".bak.gz"];
    fc.assert(
      fc.property(
        fc.constantFrom(...secretInProject),
        fc.constantFrom(...copies),
        fc.array(fc.constantFrom("a", "b c", "src", ".x", "ä"), { maxLength: 3 }),
        fc.boolean(),
        (path, copy, folders, isUpper) => {
          const whole = [...folders, path].join("/") + copy;
          expect(inProject(isUpper ? whole.toUpperCase() : whole), whole).toBe("secret");
        },
      ),
      { numRuns: runs(600) },
    );
  });
});

describe("a name that may be one", () => {
  test.each(
    `dump.sql app.sqlite3 data.db core heapdump.1 x.hprof x.heapsnapshot session.har x.pcap mail.mbox users.csv backup.json db-dump.txt
    appsettings.Production.json web.config database.yml application-prod.yml settings.php .mcp.json secrets/readme.md .cache/x .next/trace
    .vercel-output/x .hidden tokens.json`
      .split(/\s+/)
      .map((path) => [path]),
  )("%s is asked about", (path) => {
    expect(inProject(path)).toBe("sensitive");
  });
});

describe("any other name", () => {
  test.each(
    `README.md report.pdf src/index.ts src/config/variables/secrets.ts src/auth/token.ts test/env.test.ts src/env.d.ts vite-env.d.ts docs/password-reset.md
    src/PasswordField.tsx src/credentials.ts chart.png logs/app.log data.csv keyboard.ts src/keys/index.ts id_rsa.pub id_ed25519.pub
    .github/workflows/ci.yml .gitignore .editorconfig .prettierrc.json .eslintrc.cjs .vscode/extensions.json .claude/commands/review.md
    .claude/agents/x.md .nvmrc dist/app.tar.gz package.json history.md docs/history.txt monkey.png tokenizer.py environment.md
    library/messages/index.php library/mail/Mail.php google/chrome/manifest.json locales/en/login.json notes.txt identity.txt sam.txt
    server.crt cert.cer src/settings.ts shadow.css shadow.ts turkey.jpg public.key.md`
      .split(/\s+/)
      .map((path) => [path]),
  )("%s says nothing", (path) => {
    expect(inProject(path)).toBeUndefined();
  });
});

test("no name takes long to judge", () => {
  const pieces = [
    "a",
    ".",
    "-",
    "_",
    " ",
    "(1)",
    ".bak",
    "/",
    "key",
    "id_",
    "secret",
    "credentials",
    "\u200C",
    "é",
    "private",
  ];
  for (const piece of pieces) {
    // Of the processor: this machine may be busy.
    const before = process.cpuUsage();
    inProject(piece.repeat(4_096 / piece.length));
    for (const word of [
      "a",
      "credentials",
      "secrets",
      "password",
      "service-account",
      ".history",
      "id_rsa",
      "my_history",
      "backup",
    ])
      for (const end of ["!", ".json!", ""]) inProject(`${word}${piece.repeat(240 / piece.length)}${end}`);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000, piece).toBeLessThan(500);
  }
});
