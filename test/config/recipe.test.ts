// A config that uses recipes: what comes out of it, and where its mistakes are told.

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import type { LoadedConfig } from "../../src/config/values.ts";
import { loadRegex } from "../../src/filters/regex.ts";
import { escapeForTemplate } from "../../src/templates/literal.ts";
import { type Loading, load, registry, temporaryFolder } from "./loading.ts";

const header = `recipe: ci
version: "1.0.0"
title: CI
description: Failed runs.
`;
const recipe = `${header}inputs:
  secret: { type: string, description: The webhook's secret., secret: true }
  branches: { type: array, items: { type: string }, description: Which branches., default: [main] }
  path: { type: string, pattern: "^/", description: Where., default: /ci }
sources:
  github:
    type: http
    path: \${inputs.path}
    verify: { scheme: github, secret: "\${inputs.secret}" }
channels:
  failed:
    from: github
    match: { data.branch: "\${inputs.branches}" }
    when: size(inputs.branches) > 0
    content: "failed on {{data.branch}} of {{join inputs.branches ', '}}"
  github:
    content: other
`;

const use = (body: string) => `use:\n  ci:\n    recipe: ./ci.yaml\n${body}`;
const withSecret = '    with: { secret: "${SECRET}" }\n';

function using(config: string, text = recipe, loading: Loading = {}): Promise<LoadedConfig> {
  return load(config, { env: { SECRET: "s3cret-from-outside" }, files: { "ci.yaml": text }, ...loading });
}

/** `file:line:column path: message (CODE) [hint] <- file:line:column path` */
function told({ issues }: Pick<LoadedConfig, "issues">): string[] {
  const at = ({ file, line, column }: { file: string; line: number; column: number }) =>
    `${file.split("/").at(-1)}:${line}:${column}`;
  return issues.map(({ path, message, hint, cause, ...place }) => {
    const because = cause === undefined ? "" : ` <- ${at(cause)} ${cause.path}`;
    return `${at(place)} ${path}: ${message}${hint === undefined ? "" : ` [${hint}]`}${because}`;
  });
}

describe("a recipe in use", () => {
  test("names of a recipe are prefixed, including references between them", async () => {
    const loaded = await using(use(withSecret));
    expect(told(loaded)).toEqual([]);
    const { sources, channels } = loaded.values;
    expect(Object.keys(sources)).toEqual(["ci_github"]);
    expect(Object.keys(channels)).toEqual(["ci_failed", "ci_github"]);
    expect(channels.ci_failed?.from).toEqual(["ci_github"]);
    expect(channels.ci_github?.from).toEqual(["ci_github"]);
  });

  test("inputs are inserted: a single input keeps its type, and expressions and templates see inputs that are not secret", async () => {
    const { values, secrets } = await using(
      use('    with: { secret: "${SECRET}", branches: [main, next] }\n'),
    );
    expect(values.channels.ci_failed?.match).toEqual({ "data.branch": ["main", "next"] });
    expect(values.channels.ci_failed?.inputs).toEqual({ branches: ["main", "next"], path: "/ci" });
    expect(values.sources.ci_github?.options).toMatchObject({
      path: "/ci",
      verify: { secret: "s3cret-from-outside" },
    });
    expect(secrets).toContain("s3cret-from-outside");
  });

  test("a value that is too long for the input's pattern is refused", async () => {
    const path = `/${"a".repeat(70_000)}`;
    const loaded = await using(use(`    with: { secret: "\${SECRET}", path: ${path} }\n`));
    expect(told(loaded).join()).toMatch(
      /^channels\.yaml:4:40 use\.ci\.with\.path: is a text of 70001 characters, and at most 65536 are read/,
    );
  });

  test("values from outside stay secret; a literal value of a non-secret input does not", async () => {
    const text = `${header}inputs:\n  url: { type: string, description: Where. }\nsources:\n  f: { type: feed, url: "\${inputs.url}" }\n`;
    const typed = await using(use("    with: { url: https://example.com/releases.atom }\n"), text);
    expect(told(typed)).toEqual([]);
    expect(typed.secrets).toEqual([]);
    const outside = await using(use('    with: { url: "${FEED}" }\n'), text, {
      env: { FEED: "https://example.com/with-a-token.atom" },
    });
    expect(outside.secrets).toEqual(["https://example.com/with-a-token.atom"]);
  });

  test("a recipe used under two names is expanded twice", async () => {
    const text = `use:
  one: { recipe: ./ci.yaml, with: { secret: aaaaaaaaaa } }
  two: { recipe: ./ci.yaml, with: { secret: bbbbbbbbbb, path: /two } }
`;
    const { values, issues } = await using(text);
    expect(issues).toEqual([]);
    expect(Object.keys(values.sources)).toEqual(["one_github", "two_github"]);
    expect(values.sources.two_github?.options.path).toBe("/two");
  });

  test("a recipe's channels come after the config's own", async () => {
    const text = `${use(withSecret)}channels:\n  mine: { from: ci_github }\n`;
    const { values, issues } = await using(text);
    expect(issues).toEqual([]);
    expect(Object.keys(values.channels)).toEqual(["mine", "ci_failed", "ci_github"]);
  });

  test("override merges mappings, removes null keys, and replaces other values", async () => {
    const text = use(`${withSecret}    override:
      channels:
        failed: { priority: "\${PRIORITY}", match: { data.repo: app }, when: null, from: [github, own] }
        github: null
      sources: { github: { rate: 5/10m } }
sources:
  own: { type: http, path: /own }
`);
    const { values, issues } = await using(text, recipe, {
      env: { SECRET: "s3cret-from-outside", PRIORITY: "high" },
    });
    expect(issues).toEqual([]);
    const { ci_failed: failed, ...others } = values.channels;
    expect(others).toEqual({});
    expect(failed).toMatchObject({
      priority: "high",
      match: { "data.branch": ["main"], "data.repo": "app" },
      from: ["ci_github", "own"],
    });
    expect(failed).not.toHaveProperty("when");
    expect(values.sources.ci_github?.rate).toEqual({ max: 5, perMs: 600_000 });
  });

  test("a recipe file is watched, even if it does not exist yet", async () => {
    const { files } = await using(use(withSecret));
    expect(files.find(({ path }) => path.endsWith("/ci.yaml"))?.sha256).toMatch(/^[0-9a-f]{64}$/);
    const missing = await load("use: { ci: { recipe: ./later.yaml } }\n");
    expect(missing.files.find(({ path }) => path.endsWith("/later.yaml"))?.sha256).toBe("absent");
  });

  test("the tests of a recipe are not added to the config", async () => {
    const tests = "tests:\n  - { name: x, send: { source: github }, expect: { none: true } }\n";
    const loaded = await using(use(withSecret), recipe + tests);
    expect(told(loaded)).toEqual([]);
    expect(loaded.tests).toEqual([]);
  });
});

describe("an error in a recipe", () => {
  test.each<[string, string, string, string[]]>([
    [
      "in the recipe, with the use that brought it there",
      use(withSecret),
      recipe.replace("from: github\n", "frm: github\n"),
      [
        'ci.yaml:15:3 channels.failed: names no source, and no source is called "ci_failed" [add from: with one of ci_github] <- channels.yaml:3:13 use.ci.recipe',
        'ci.yaml:16:5 channels.failed.frm: unknown key "frm" [did you mean "from"?] <- channels.yaml:3:13 use.ci.recipe',
      ],
    ],
    [
      "in the recipe, with the value in with: that made it one",
      use('    with: { secret: "${SECRET}", path: /often }\n'),
      recipe.replace("path: ${inputs.path}", 'path: /ci\n    rate: "${inputs.path}"'),
      [
        "ci.yaml:13:11 sources.github.rate: must be a rate [write how many (1 to 100000) in how long, for example 5/10m] <- channels.yaml:4:40 use.ci.with.path",
      ],
    ],
    [
      "at an input that the recipe does not have",
      use('    with: { secret: "${SECRET}", branchs: [a] }\n'),
      recipe,
      [
        'channels.yaml:4:34 use.ci.with.branchs: the recipe has no input "branchs" [did you mean "branches"?]',
      ],
    ],
    [
      "at an input of a wrong kind",
      use('    with: { secret: "${SECRET}", branches: main, path: "x" }\n'),
      recipe,
      [
        'channels.yaml:4:44 use.ci.with.branches: must be a list of text, found text [write ["main"]]',
        'channels.yaml:4:56 use.ci.with.path: has the wrong format, found "x" [Where.]',
      ],
    ],
    [
      "at a use without what the recipe needs",
      use(""),
      recipe,
      [
        'channels.yaml:2:3 use.ci: the recipe needs "secret": The webhook\'s secret. [add  with: { secret: "${SECRET}" }]',
      ],
    ],
    [
      "at an override of what the recipe does not have",
      use(`${withSecret}    override: { channels: { faild: { priority: high } } }\n`),
      recipe,
      [
        'channels.yaml:5:29 use.ci.override.channels.faild: the recipe has no channel "faild" [did you mean "failed"?]',
      ],
    ],
    [
      "at a key of an override",
      use(`${withSecret}    override: { channels: { failed: { priorty: high } } }\n`),
      recipe,
      [
        'channels.yaml:5:39 use.ci.override.channels.failed.priorty: unknown key "priorty" [did you mean "priority"?]',
      ],
    ],
    [
      "at a variable of the environment in a recipe",
      use(withSecret),
      recipe.replace("content: other", 'content: "${HOME} ${file:/etc/passwd}"'),
      [
        "ci.yaml:21:15 channels.github.content: a recipe cannot read ${HOME}: only its inputs are available [declare an input and write ${inputs.home}; the config sets its value. $${ is a literal ${] <- channels.yaml:3:13 use.ci.recipe",
        "ci.yaml:21:23 channels.github.content: a recipe cannot read ${file:/etc/passwd}: only its inputs are available [declare an input and write ${inputs.file}; the config sets its value. $${ is a literal ${] <- channels.yaml:3:13 use.ci.recipe",
      ],
    ],
    [
      "at an input that a recipe names and does not declare",
      use(withSecret),
      recipe
        .replace("size(inputs.branches)", "size(inputs.branchs)")
        .replace("content: other", 'content: "{{inputs.paths}} ${inputs.pth}"'),
      [
        'ci.yaml:18:16 channels.failed.when: the recipe has no input "branchs" [did you mean "branches"?] <- channels.yaml:3:13 use.ci.recipe',
        'ci.yaml:21:14 channels.github.content: the recipe has no input "paths" [did you mean "path"?] <- channels.yaml:3:13 use.ci.recipe',
        'ci.yaml:21:32 channels.github.content: the recipe has no input "pth" [did you mean "path"?] <- channels.yaml:3:13 use.ci.recipe',
      ],
    ],
    [
      "at a secret that a template would show",
      use(withSecret),
      recipe.replace("content: other", 'content: "{{inputs.secret}}"'),
      [
        "ci.yaml:21:17 channels.github.content: the input secret is secret and not available to events, templates and expressions [write ${inputs.secret} where an option needs it] <- channels.yaml:3:13 use.ci.recipe",
      ],
    ],
    [
      "at a name of the config in a recipe, which does not know it",
      `${use(withSecret)}sources:\n  gitub: { type: http, path: /x }\n`,
      recipe.replace("from: github", "from: gitub"),
      [
        'ci.yaml:16:11 channels.failed.from: the recipe has no source "gitub" [did you mean "github"?] <- channels.yaml:3:13 use.ci.recipe',
      ],
    ],
    [
      "at a name that two things have",
      `${use(withSecret)}sources:\n  ci_github: { type: http, path: /x }\n`,
      recipe,
      [
        "channels.yaml:6:3 sources.ci_github: ci_github is also the name of github of the recipe in use.ci [rename one of them]",
      ],
    ],
    [
      "in the recipe's own header",
      use(withSecret),
      recipe.replace('version: "1.0.0"', "version: 1").replace("secret: true", "secrets: true"),
      [
        'ci.yaml:2:10 version: must be text, found a number [quote it: "1"] <- channels.yaml:3:13 use.ci.recipe',
        'ci.yaml:6:63 inputs.secret.secrets: unknown key "secrets" [did you mean "secret"?] <- channels.yaml:3:13 use.ci.recipe',
      ],
    ],
    [
      "at a default that its own declaration does not take",
      use(withSecret),
      recipe.replace("default: /ci", "default: ci"),
      [
        'ci.yaml:8:70 inputs.path.default: has the wrong format, found "ci" [Where.] <- channels.yaml:3:13 use.ci.recipe',
      ],
    ],
    [
      "in the recipe's YAML",
      use(withSecret),
      `${header}sources: {`,
      [expect.stringContaining("ci.yaml:5:") as never],
    ],
    [
      "where inputs are read without a recipe",
      'sources:\n  p: { type: probe }\nchannels:\n  p: { content: "{{inputs.x}}" }\n',
      recipe,
      [
        "channels.yaml:4:20 channels.p.content: only recipes have inputs [use the event, such as data.x, or vars]",
      ],
    ],
  ])("%s", async (_, config, text, expected) => {
    const issues = told(await using(config, text));
    expect(issues).toEqual(expected);
  });

  test("an error shows the lines of both files, without secrets", async () => {
    const config = use("    with: { secret: typed-into-it, path: /x }\n");
    const loaded = await using(config, recipe.replace("path: ${inputs.path}", "rate: ${inputs.path}"));
    const frames = loaded.issues.map((issue) => loaded.frame(issue)).join("\n\n");
    expect(frames).toContain("because of channels.yaml:4:42 use.ci.with.path");
    expect(frames).toContain("12 |     rate: ${inputs.path}");
    expect(frames).toContain("with: { secret: ***, path: /x }");
    expect(frames).not.toContain("typed-into-it");
    expect(loaded.secrets).toContain("typed-into-it");
  });

  test("an error found by a later stage is shown in the recipe", async () => {
    const loaded = await using(use(withSecret));
    const issue = loaded.locate({
      path: ["channels", "ci_failed", "when"],
      offset: 5,
      code: "E_CONFIG_CEL",
      message: "x",
    });
    expect(told({ issues: [issue] })).toEqual([
      "ci.yaml:18:16 channels.failed.when: x <- channels.yaml:3:13 use.ci.recipe",
    ]);
  });
});

describe("malformed input causes issues, never an exception", () => {
  const frames = (loaded: LoadedConfig) => loaded.issues.map((issue) => loaded.frame(issue)).join("\n");

  test("a recipe with missing, repeated or misplaced parts causes issues", async () => {
    const lines = recipe.split("\n");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(lines.length - 1), { maxLength: 30 }),
        fc.array(
          fc.constantFrom("  x: 1", "inputs:", "sources:", "  - a", "a: [", "  ? {}", "*a", "use: {}"),
          { maxLength: 3 },
        ),
        async (chosen, more) => {
          const kept = lines.filter((_, index) => !chosen.includes(index));
          const text = [...kept.slice(0, chosen[0] ?? 0), ...more, ...kept.slice(chosen[0] ?? 0)].join("\n");
          expect(frames(await using(use(withSecret), text))).not.toContain("s3cret-from-outside");
        },
      ),
      { numRuns: 60 },
    );
  });

  test("any value under with and override causes issues at most", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue({ maxDepth: 3 }),
        fc.jsonValue({ maxDepth: 4 }),
        async (given, override) => {
          const shaped = { sources: { github: override }, channels: { failed: override, github: override } };
          const one = { recipe: "./ci.yaml", with: given, override };
          const text = JSON.stringify({ use: { one, two: { ...one, override: shaped } } });
          frames(await using(text));
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each(["", "- a\n", "recipe: x\n", "\u0000", `${"a: &a [*a]\n"}`])(
    "the text %j as a recipe causes issues",
    async (text) => {
      expect(frames(await using(use(withSecret), text))).toContain("ci.yaml");
    },
  );
});

describe("which file a recipe is", () => {
  const told1 = async (recipe: string, files: Loading["files"] = {}) =>
    told(await load(`use: { ci: { recipe: "${recipe}" } }\n`, { files }));

  test.each([
    ["./none.yaml", 'the recipe "./none.yaml" does not exist'],
    ["none.yaml", "write ./none.yaml"],
    ["../ci.yaml", "outside the config's folder|does not exist"],
    ["/etc/passwd", "neither the name of a bundled recipe nor a file"],
    ["github-ci-faild", 'no bundled recipe is called "github-ci-faild"'],
    ["git+https://host/owner/repo//path@v1.2.0", "is not in channels.lock"],
    ["npm:@scope/pkg/name", "is not in channels.lock"],
    ["https://host/ci.yaml", "a recipe cannot be fetched from https:"],
    [".", "neither"],
    ["./", "folder|is a folder"],
  ])("%s", async (recipe, expected) => {
    const issues = await told1(recipe);
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(new RegExp(expected));
  });

  test("a link out of the config's folder is refused", async () => {
    const outside = temporaryFolder();
    writeFileSync(join(outside, "ci.yaml"), recipe);
    const folder = temporaryFolder();
    mkdirSync(join(folder, "recipes"));
    symlinkSync(join(outside, "ci.yaml"), join(folder, "ci.yaml"));
    symlinkSync(outside, join(folder, "recipes", "linked"));
    for (const written of ["./ci.yaml", "./recipes/linked/ci.yaml"]) {
      writeFileSync(join(folder, "channels.yaml"), `use: { ci: { recipe: ${written} } }\n`);
      const loaded = await loadConfig("channels.yaml", {
        env: { HOME: folder },
        registry,
        escapeForTemplate,
        loadPatterns: loadRegex,
        cwd: folder,
      });
      expect(told(loaded)).toEqual([
        `channels.yaml:1:22 use.ci.recipe: the recipe "${written}" leads through a link to a path outside the config's folder [copy the file into the folder of the config, or write its own path: ../OTHER/FILE.yaml]`,
      ]);
    }
  });

  test("a recipe cannot be used as a config", async () => {
    expect(told(await load(recipe))).toEqual([
      "channels.yaml:1:1 recipe: this file is a recipe, to be used by a config [in channels.yaml beside it, write  use: { NAME: { recipe: ./FILE.yaml } }]",
    ]);
  });
});
