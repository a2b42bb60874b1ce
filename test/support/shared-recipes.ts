// Repositories of shared recipes on this machine, which git finds where github.com would be; and projects that
// use them. No network.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { CommandContext, Person } from "../../src/cli/context.ts";
import { type Finished, runHere } from "./command-line.ts";

export interface SharedPlace {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  repository(name: string): FixtureRepository;
  /** A project with this config, or none. */
  project(name: string, config?: string): FixtureProject;
  remove(): void;
}

export interface FixtureRepository {
  readonly folder: string;
  git(...args: readonly string[]): string;
  write(files: Readonly<Record<string, string | Buffer>>): void;
  /** Commits everything, and gives it a tag. The commit id. */
  release(tag?: string): string;
}

export interface FixtureProject {
  readonly folder: string;
  run(args: readonly string[], more?: Partial<CommandContext>): Promise<Finished>;
}

export function openPlace(): SharedPlace {
  const folder = mkdtempSync("/tmp/cr-shared-");
  const settings = join(folder, "gitconfig");
  writeFileSync(
    settings,
    `[url "file://${folder}/github/"]\n\tinsteadOf = https://github.com/\n[user]\n\tname = test\n\temail = test@example.com\n[init]\n\tdefaultBranch = main\n`,
  );
  const env = {
    HOME: join(folder, "home"),
    PATH: process.env.PATH,
    GIT_CONFIG_GLOBAL: settings,
    GIT_CONFIG_NOSYSTEM: "1",
  };
  mkdirSync(env.HOME, { recursive: true });
  return {
    folder,
    env,
    repository: (name) => openFixtureRepository(join(folder, "github", name), env),
    project(name, config) {
      const project = join(folder, name);
      mkdirSync(project, { recursive: true });
      if (config !== undefined) writeFileSync(join(project, "channels.yaml"), config);
      return { folder: project, run: (args, more) => runHere(args, contextOf(project, env), more) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function openFixtureRepository(folder: string, env: NodeJS.ProcessEnv): FixtureRepository {
  mkdirSync(folder, { recursive: true });
  const git = (...args: readonly string[]) =>
    execFileSync("git", args, {
      cwd: folder,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  git("init", "--quiet");
  return {
    folder,
    git,
    write(files) {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), content);
      }
    },
    release(tag) {
      git("add", "--all");
      git("commit", "--quiet", "--allow-empty", "--message", tag ?? "work");
      if (tag !== undefined) git("tag", tag);
      return git("rev-parse", "HEAD");
    },
  };
}

/** A user at a terminal who gives these answers, then none. */
export function answering(...answers: string[]): Person & { readonly questions: readonly string[] } {
  const questions: string[] = [];
  return {
    questions,
    async ask(question) {
      questions.push(question);
      return answers.shift() ?? "";
    },
  };
}

function contextOf(cwd: string, env: NodeJS.ProcessEnv): Omit<CommandContext, "print" | "note"> {
  return {
    env,
    cwd,
    now: Date.now,
    routers: { list: async () => [], call: async () => null },
    processes: { self: async () => ({ pid: 1, start: "" }), isRunning: async () => false },
    foreground: async () => 0,
    underClaude: undefined,
    person: undefined,
    interrupted: () => new AbortController().signal,
    clientLog: async () => undefined,
  };
}

interface RecipeWishes {
  readonly version?: string;
  /** The default of its input. */
  readonly conclusions?: readonly string[];
  readonly hosts?: readonly string[];
  readonly content?: string;
  readonly tests?: string;
  readonly inputs?: string;
}

/** A recipe for failed builds, `recipes/builds.yaml` with a payload. */
export function buildsRecipe({
  version = "1.0.0",
  conclusions = ["failure"],
  hosts = [],
  content = "{{data.job}} ended as {{data.conclusion}}",
  tests = "",
  inputs = "",
}: RecipeWishes = {}): Record<string, string> {
  return {
    "recipes/builds.yaml": `recipe: builds
version: "${version}"
title: Failed builds
description: A build that fails becomes a line.
setup: |
  Send builds to \${inputs.path}.
inputs:
  token:
    type: secret
    description: The token of the hook.
    example: "\${BUILD_TOKEN}"
  path:
    type: string
    default: /builds
    description: The path of the webhook.
  conclusions:
    type: list
    default: [${conclusions.join(", ")}]
    description: The conclusions that count.
${inputs}capabilities:
  listen: ["\${inputs.path}"]
  hosts: [${hosts.join(", ")}]
  secrets:
    token: [verify]
sources:
  build:
    type: http
    path: \${inputs.path}
    verify:
      scheme: token
      header: x-build-token
      secret: "\${inputs.token}"
channels:
  failed:
    from: build
    match:
      data.conclusion: \${inputs.conclusions}
    content: "${content}"
tests:
  - name: a failed build is a line
    send:
      source: build
      data:
        file: fixtures/builds/failed.json
    expect:
      channel: failed
  - name: a build that passes is silent
    send:
      source: build
      data:
        conclusion: success
    expect:
      none: data.conclusion
${tests}`,
    "recipes/fixtures/builds/failed.json": '{"job": "nightly", "conclusion": "failure"}\n',
  };
}

/** A new test of a later version. */
export const cancelledTest = `  - name: a cancelled build is a line
    send:
      source: build
      data:
        job: nightly
        conclusion: cancelled
    expect:
      channel: failed
`;
