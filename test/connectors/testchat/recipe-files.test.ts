// The files that Claude sends through the chat of a recipe, on the built program: those that the recipe names under
// files, and no others, whatever the user would agree to and whichever tool asks.

import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type BuiltProgram, buildWith } from "../../support/build-with.ts";
import { createProject, type Project } from "../../support/router.ts";
import { openTestPlatform, type TestPlatform } from "../../support/testchat/platform.ts";

const ada = { id: "41", name: "Ada" };
let built: BuiltProgram;
beforeAll(async () => {
  built = await buildWith("test/support/testchat/registry.ts");
});
afterAll(() => built.remove());

const cleaning: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleaning.splice(0).reverse()) await clean();
});

/** A router with the chat of a recipe with these files, whose user agrees to every question. */
async function begin(files: readonly string[]) {
  const platform: TestPlatform = await openTestPlatform();
  cleaning.push(() => platform.close());
  const outside = await mkdtemp("/tmp/cr-outside-");
  cleaning.push(() => rm(outside, { recursive: true, force: true }));
  let source = "";
  const project: Project = await createProject(
    (port) => {
      source = platform.source('{ allow: ["41"] }', port);
      return `listen: 127.0.0.1:${port}\nuse:\n  chat:\n    recipe: ./chat.yaml\npermissions:\n  files: [${outside}]\n`;
    },
    { ...built, consent: "all" },
  );
  cleaning.push(() => project.remove());
  const { host } = new URL(/https?:\/\/[\d.:]+/.exec(source)?.[0] ?? "");
  await project.write(
    "chat.yaml",
    `recipe: team-chat
version: "1.0.0"
title: A chat
description: Messages of a chat.
capabilities:
  hosts: ["${host}"]
  tools: [chat]
  files: ${JSON.stringify(files)}
sources:
  phone: ${source}
channels:
  message: { from: phone, reply: true }
`,
  );
  const forms: string[] = [];
  const claude = await project.claude({
    answerForm({ message }) {
      forms.push(message as string);
      return { action: "accept", content: { allow: "yes" } };
    },
  });
  await platform.write(ada, "send me something", { attachment: { name: "mine.txt", content: "from Ada" } });
  const event_id = (await claude.nextEvent()).meta.event_id as string;
  for (const path of [
    ...[
      "reports/a.txt",
      "reports/deep/b.txt",
      "docs/x.md",
      "docs/x.txt",
      "docs/sub/x.md",
      "docs.md",
      "reports.txt",
    ],
    ...["private/plan.txt", ".env", "reports/.env", "reports/id_rsa"],
  ])
    await put(join(project.folder, path), `content of ${path}`);
  await put(join(outside, "letter.txt"), "a letter");
  const at = (path: string) => join(project.folder, path);
  await symlink(at("private/plan.txt"), at("reports/link.txt"));
  await symlink(at("private"), at("reports/away"));
  await symlink(join(outside, "letter.txt"), at("reports/letter.txt"));
  await symlink(at("reports/a.txt"), at("private/back.txt"));
  return {
    forms,
    outside,
    project,
    ways: [
      (...paths: string[]) => claude.callTool("reply", { event_id, text: "here", files: paths }),
      (...paths: string[]) =>
        claude.callTool("send_message", { source: "chat_phone", chat_id: "41", text: "here", files: paths }),
    ],
    download: () => claude.callTool("download_attachment", { event_id }),
    sent: async () => (await platform.shown(ada)).flatMap(({ files: all }) => all.map(({ name }) => name)),
  };
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

const refused = {
  isError: true,
  text: expect.stringMatching(/capabilities\.files of the recipe team-chat does not name|credentials|secret/),
};

test("those that the recipe names leave by each tool, and no others", async () => {
  const { ways, sent, forms, outside, project, download } = await begin(["reports", "docs/*.md"]);
  for (const send of ways) {
    for (const path of ["reports/a.txt", "reports/deep/b.txt", "docs/x.md", "private/back.txt"])
      expect(await send(path), path).toMatchObject({ text: expect.stringContaining("sent") });
    for (const path of [
      ...[
        "docs/x.txt",
        "docs/sub/x.md",
        "docs.md",
        "reports.txt",
        "private/plan.txt",
        "chat.yaml",
        "channels.yaml",
      ],
      ...["reports/link.txt", "reports/away/plan.txt", "reports/letter.txt", "reports/../private/plan.txt"],
      ...[".env", "reports/.env", "reports/id_rsa"],
      join(outside, "letter.txt"),
      join(project.folder, "private/plan.txt"),
    ])
      expect(await send(path), path).toMatchObject({ isError: true });
    expect(await send("private/plan.txt")).toMatchObject(refused);
    expect(await send(join(outside, "letter.txt"))).toMatchObject(refused);
    // One that may leave does not take another with it.
    expect(await send("reports/a.txt", "private/plan.txt")).toMatchObject(refused);
  }
  expect(await sent()).toEqual([...Array(2)].flatMap(() => ["a.txt", "b.txt", "x.md", "back.txt"]));

  // What somebody sent can be read, and does not go back: the recipe does not name it.
  const saved = await download();
  const path = /(\/\S+mine\.txt)/.exec(saved.text)?.[1] ?? "";
  expect(path).not.toBe("");
  for (const send of ways) expect(await send(path)).toMatchObject(refused);
  // The user is not asked about a file that the recipe may not send in any case.
  expect(forms).toEqual([]);
});

test("all of the project can leave but its credentials, and nothing where the recipe names no file", async () => {
  const all = await begin(["."]);
  for (const send of all.ways) {
    expect(await send("private/plan.txt")).toMatchObject({ text: expect.stringContaining("sent") });
    for (const path of [".env", "reports/.env", "reports/id_rsa"])
      expect(await send(path), path).toMatchObject({ isError: true });
    expect(await send(join(all.outside, "letter.txt"))).toMatchObject(refused);
    expect(await send("reports/letter.txt")).toMatchObject(refused);
  }
  expect(all.forms).toEqual([]);
  expect(await all.sent()).toEqual(["plan.txt", "plan.txt"]);

  const none = await begin([]);
  for (const send of none.ways) expect(await send("reports/a.txt")).toMatchObject(refused);
  expect(await none.sent()).toEqual([]);
});
