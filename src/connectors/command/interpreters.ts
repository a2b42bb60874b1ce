// Programs that take a program as text: in an argument, on stdin, or both. Their arguments may contain no
// template, because which of them are code depends on options with too many spellings.

import { namesOf } from "./program-name.ts";

/**
 * How to see that a program does not read its program from stdin; read-program.ts has the rules. `always`:
 * this cannot be seen.
 */
export type CommandForm = "shell" | "language" | "filter" | "sql" | "sqlite" | "always";

const families: readonly (readonly [reading: CommandForm, names: string])[] = [
  [
    "shell",
    `sh bash dash zsh fish ksh csh tcsh ash mksh oksh loksh pdksh lksh mirbsd yash rbash rksh rzsh posh sash hush bosh
    pfsh pfbash osh ysh`,
  ],
  ["always", "rc scsh elvish nu nushell xonsh murex ion git-shell rssh ssh-agent hyperfine capsh"],
  [
    "language",
    "python pythonw pypy micropython node nodejs perl ruby jruby truffleruby php php-cgi lua luajit texlua",
  ],
  [
    "always",
    `deno bun bunx tsx ts-node qjs d8 js mujs rhino jjs coffee ipython bpython jython graalpy irb rake pry raku moar parrot
    phpdbg psysh luarocks fennel moon tclsh wish jimsh expect expectk autoexpect r rscript littler julia octave octave-cli matlab scilab
    maxima gp sage gap ghci ghc runghc runhaskell stack cabal ocaml ocamlrun utop racket guile scheme mit-scheme chicken csi gsi sbcl
    clisp ecl ccl abcl clojure clj bb lein janet picolisp newlisp swipl gprolog yap erl erlc escript elixir iex mix scala scala-cli
    amm kotlin kotlinc groovy groovysh jshell java javaw javac jdb jruby-complete dotnet csc csharp csharprepl fsi fsharpi mono swift
    swiftc lldb-repl nim crystal zig v dart tcc cling root evcxr go gore cargo rustc rust-script gforth forth bc dc m4 gnuplot povray
    tex latex pdftex pdflatex xetex xelatex luatex lualatex gs ghostscript postscript wasmtime wasmer`,
  ],
  ["filter", "awk gawk mawk nawk original-awk bwk busybox-awk sed ssed jq gojq jaq yq xq"],
  ["always", "mlr miller dasel fx sd xsltproc saxon xquery basex zorba"],
  ["sql", "psql mysql mariadb"],
  ["sqlite", "sqlite sqlite3"],
  [
    "always",
    `pgcli mycli litecli usql iredis redis-cli valkey-cli mongo mongosh cqlsh influx sqlplus sqlcmd isql osql bcp tsql bq duckdb clickhouse
    clickhouse-client clickhouse-local trino presto beeline hive impala-shell spark-sql spark-shell spark-submit pyspark snowsql cypher-shell
    cockroach surreal dolt ldapmodify`,
  ],
  ["always", "osascript osacompile jxa automator shortcuts swiftscript hs"],
  [
    "always",
    "pwsh powershell powershell_ise cmd cscript wscript mshta rundll32 regsvr32 wmic forfiles wsl msbuild conhost",
  ],
  [
    "always",
    "ed ex vi vim vimx vimdiff view rview rvim gvim gview evim nvim neovim emacs emacsclient xemacs kak hx helix micro joe",
  ],
  ["always", "gdb lldb r2 radare radare2 rizin dtrace bpftrace stap perf ltrace valgrind"],
  // They run, or expand, the contents of a file that they are given.
  [
    "always",
    `make gmake bmake ninja samu cmake ctest cpack scons waf just task mage gradle gradlew mvn mvnw ant sbt bazel bazelisk buck buck2 meson tox
    nox invoke fab nix nix-shell nix-build nix-instantiate guix ansible ansible-playbook ansible-console salt salt-call chef-client
    puppet terraform tofu terragrunt pulumi packer vagrant`,
  ],
  // They run packages, or scripts through a shell.
  [
    "always",
    "npx pnpx pnpm yarn yarnpkg uvx uv pipx pip pipenv poetry pdm hatch rye conda mamba micromamba bundle gem rbenv pyenv nvm volta",
  ],
  // A shell on this or another machine gets all of their arguments.
  [
    "always",
    `ssh slogin autossh sshpass mosh rsh rlogin remsh telnet scp sftp rsync pssh parallel-ssh pdsh dsh clush lftp ftp ncftp socat
    watch script scriptreplay parallel sem entr at batch crontab su runuser login newgrp sg machinectl tmux screen zellij
    byobu dtach abduco expect-lite xterm gnome-terminal konsole alacritty kitty wezterm urxvt rxvt`,
  ],
  // The dynamic loader runs its argument.
  ["always", "ld.so ld-linux ld-linux-x86-64.so ld-linux-aarch64.so ld-musl-x86_64.so ld-musl-aarch64.so"],
];

const readings = new Map(
  families.flatMap(([reading, names]) => names.split(/\s+/).map((name) => [name, reading] as const)),
);
const loader = /^ld(?:64|-linux|-musl|-[\d.]+|\.so)[\w.-]*$/;

export interface Interpreter {
  /** As the tables spell it. */
  readonly name: string;
  readonly reading: CommandForm;
}

/** Undefined for a program that is not known to take a program as text. */
export function interpreterOf(program: string): Interpreter | undefined {
  for (const name of namesOf(program)) {
    const reading = readings.get(name) ?? (loader.test(name) ? "always" : undefined);
    if (reading !== undefined) return { name, reading };
  }
  return undefined;
}
