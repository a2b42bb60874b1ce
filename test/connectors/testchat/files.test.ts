// Which files Claude may send through a chat, on the built program: what leaves unasked, the question to the user, and what never leaves.

import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BuiltProgram, buildWith } from "../../support/build-with.ts";
import { createProject, eventually, type Project } from "../../support/router.ts";
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

type Answer = { readonly action: "accept" | "decline" | "cancel"; readonly content?: Record<string, string> };
const yes: Answer = { action: "accept", content: { allow: "yes" } };
const no: Answer = { action: "accept", content: { allow: "no" } };

/** A running router with a chat, a session, a message of Ada, and a folder outside the project. */
async function begin(answer: Answer | "no forms", more = "", consent: "all" | "what is there" = "all") {
  const platform: TestPlatform = await openTestPlatform();
  cleaning.push(() => platform.close());
  const outside = await mkdtemp("/tmp/cr-outside-");
  cleaning.push(() => rm(outside, { recursive: true, force: true }));
  const project: Project = await createProject(
    (port) =>
      `listen: 127.0.0.1:${port}\nsources:\n  phone: ${platform.source('{ allow: ["41"] }', port)}\n${more.replaceAll("OUTSIDE", outside)}`,
    { ...built, consent: consent === "all" ? "all" : "use" },
  );
  cleaning.push(() => project.remove());
  if (consent !== "all") expect(await project.run(["trust", "--yes"])).toMatchObject({ code: 0 });
  const forms: string[] = [];
  const claude = await project.claude(
    answer === "no forms"
      ? { forms: false }
      : {
          answerForm({ message }) {
            forms.push(message as string);
            return answer;
          },
        },
  );
  await platform.write(ada, "send me something");
  const event_id = (await claude.nextEvent()).meta.event_id as string;
  const write = async (path: string, text: string) => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  };
  return {
    project,
    outside,
    forms,
    write: (path: string, text = "content") => write(path, text),
    inProject: (path: string, text = "content") => write(join(project.folder, path), text),
    reply: (...files: string[]) => claude.callTool("reply", { event_id, text: "here", files }),
    send: (...files: string[]) =>
      claude.callTool("send_message", { source: "phone", chat_id: "41", text: "here", files }),
    sent: async () => (await platform.shown(ada)).flatMap(({ files }) => files),
  };
}

describe("a file that Claude sends", () => {
  it("leaves unasked from the project and from permissions.files", async () => {
    const { inProject, write, outside, reply, send, sent, forms } = await begin(
      no,
      "permissions:\n  files: [OUTSIDE/reports]\n",
    );
    await inProject("out/report.txt", "the report");
    await write(join(outside, "reports/more.txt"), "more");
    expect(await reply("out/report.txt")).toMatchObject({ text: expect.stringContaining("sent") });
    expect(await send(join(outside, "reports/more.txt"))).toMatchObject({
      text: expect.stringContaining("sent"),
    });
    expect(await sent()).toEqual([
      { name: "report.txt", content: "the report" },
      { name: "more.txt", content: "more" },
    ]);
    expect(forms).toEqual([]);
  });

  it("leaves from elsewhere on the user's yes, who sees which it is and why", async () => {
    const { write, outside, reply, send, sent, forms } = await begin(yes);
    const letter = await write(join(outside, "letter.txt"), "dear");
    expect(await reply(letter)).toMatchObject({ text: expect.stringContaining("sent") });
    expect(forms).toEqual([
      expect.stringMatching(
        /to the chat phone:\n {2}\/.*letter\.txt \(4 bytes\): it is outside the project\n/,
      ),
    ]);
    // The same content to the same chat is not asked about again; another one is.
    expect((await send(letter)).isError ?? false).toBe(false);
    expect(forms).toHaveLength(1);
    await write(letter, "other");
    await send(letter);
    expect(forms).toHaveLength(2);
    expect((await sent()).map(({ content }) => content)).toEqual(["dear", "dear", "other"]);
  });

  it("stays after a no, and further files are refused without a question", async () => {
    const { write, outside, reply, sent, forms } = await begin(no);
    for (const name of ["a.txt", "b.txt"]) {
      const file = await write(join(outside, name));
      expect(await reply(file)).toMatchObject({
        isError: true,
        text: expect.stringMatching(/outside the project(?:, and the user did not agree|; the user said no)/),
      });
    }
    expect(forms).toHaveLength(1);
    expect(await sent()).toEqual([]);
  });

  it("stays where nobody can be asked", async () => {
    const { write, outside, reply, sent } = await begin("no forms");
    expect(await reply(await write(join(outside, "letter.txt")))).toMatchObject({
      isError: true,
      text: expect.stringContaining("no Claude session is open that could show the user a form"),
    });
    expect(await sent()).toEqual([]);
  });

  it("is never one of secrets, and nobody is asked about it", async () => {
    const { project, inProject, write, outside, reply, send, sent, forms } = await begin(
      yes,
      "permissions:\n  files: [OUTSIDE]\n",
    );
    const key = `-----BEGIN OPENSSH PRIVATE KEY-----\n${"b3BlbnNzaC1rZXktdjE".repeat(4)}\n`;
    await inProject("prod.env", "A=1");
    await inProject("notes.txt", key);
    await inProject("sub/server.pem");
    await inProject(".git/config");
    const settings = await write(join(String(project.env.CLAUDE_CONFIG_DIR), "settings.json"));
    const access = await write(join(project.state, "access-2.json"));
    for (const name of [
      ".kube/config",
      ".docker/config.json",
      "gh/hosts.yml",
      ".bash_history",
      "db/terraform.tfstate",
    ])
      await write(join(outside, name));
    await symlink(join(outside, ".kube/config"), join(outside, "readme.txt"));
    const paths = [
      "prod.env",
      "notes.txt",
      "sub/server.pem",
      ".git/config",
      "channels.yaml",
      settings,
      access,
      ...[".kube/config", ".docker/config.json", ".bash_history", "db/terraform.tfstate", "readme.txt"].map(
        (name) => join(outside, name),
      ),
    ];
    for (const path of paths) {
      expect(await reply(path), path).toMatchObject({
        isError: true,
        text: expect.stringMatching(/secret|own state|is \/|looks like/),
      });
      expect(await send(path), path).toMatchObject({ isError: true });
    }
    expect(forms).toEqual([]);
    expect(await sent()).toEqual([]);
  });

  it("is not shared by an edit of the config that the user has not agreed to", async () => {
    const { project, write, outside, reply, sent } = await begin(no, "", "what is there");
    const file = await write(join(outside, "reports/a.txt"));
    const config = await readFile(join(project.folder, "channels.yaml"), "utf8");
    await project.write("channels.yaml", `${config}permissions:\n  files: [${outside}]\n`);
    await eventually(async () =>
      (await project.ask(["status"])).stdout.includes(`leave through chats: ${outside}`),
    );
    expect(await reply(file)).toMatchObject({ isError: true });
    await project.trust();
    await eventually(async () => !(await reply(file)).isError);
    expect(await sent()).toEqual([{ name: "a.txt", content: "content" }]);
  });
});
