// Strangers on the web chat of the built program, many at once: whoever writes after them has a code all the same, and is let in by it.

import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { openPage } from "../support/servers/webchat-browser.ts";

const projects: Project[] = [];
afterEach(async () => {
  for (const project of projects.splice(0)) await project.remove();
});

test("thirty strangers keep nobody from a pairing code", async () => {
  const project = await createProject(
    (port) => `listen: 127.0.0.1:${port}
sources:
  page: { type: webchat, path: /chat }
`,
  );
  projects.push(project);
  const claude = await project.claude();
  const at = `${project.address}/chat`;
  await eventually(() =>
    fetch(at).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
  const codeOf = async (name: string) => {
    const page = openPage(name, at);
    try {
      await eventually(
        async () =>
          (await page.post("/messages", { id: `hello of ${name}`.replaceAll(" ", "-"), text: "hello" }))
            .status < 500,
      );
      return await eventually(
        () => /access pair (\w{6})/.exec([...page.messages.values()].map(({ text }) => text).join("\n"))?.[1],
      );
    } finally {
      page.close();
    }
  };
  for (let n = 0; n < 30; n++) await codeOf(`stranger ${n}`);
  const code = await codeOf("ada");
  const { stdout, code: exit } = await project.run(["access", "pair", code]);
  expect([exit, stdout]).toEqual([0, expect.stringContaining("may write on page now")]);
  const ada = openPage("ada", at);
  await ada.post("/messages", { id: "second", text: "it is me" });
  await eventually(() => claude.events.some(({ content }) => content === "it is me"));
  ada.close();
});
