// A process that may have 256 descriptors, and a tail of 1,000 files: every line is read, and requests are answered meanwhile.

import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually, program } from "../support/router.ts";
import { atEnd, listening, open, post } from "./stage.ts";

const files = 1_000;
const posts = 200;
const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  hook: { type: http, path: /hook }
  logs: { type: tail, files: "logs/*.log" }
channels:
  hook: { from: hook, content: posted }
  logs: { from: logs, match: { text: wanted }, content: "{{text}}" }
`;

function journalOf(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath.includes("journal"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("");
}

test("1,000 files that grow leave descriptors for requests", async () => {
  const project = await open(config);
  await project.trust();
  mkdirSync(join(project.folder, "logs"));
  const paths = Array.from({ length: files }, (_, n) => join(project.folder, "logs", `${n}.log`));
  for (const path of paths) writeFileSync(path, "before\n");
  const up = spawn(
    "sh",
    ["-c", 'ulimit -n 256 && exec "$0" "$@"', process.execPath, program, "up", "--foreground"],
    {
      cwd: project.folder,
      env: { ...process.env, ...project.env },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let said = "";
  up.stderr.on("data", (bytes) => {
    said += bytes;
  });
  atEnd(() => void up.kill("SIGKILL"));
  await listening(project);
  const status = () => project.ask(["status"]).then(({ stdout }) => stdout);
  await eventually(async () => (await status()).includes(`follows ${files} files`));

  const answers: Promise<number>[] = [];
  for (let round = 0; round < 4; round += 1) {
    for (const path of paths) appendFileSync(path, `line ${round}\n`);
    for (let n = 0; n < posts / 4; n += 1)
      answers.push(post(project, "/hook", { n }).then((answer) => answer.status));
    await Promise.all(answers);
    if (process.platform === "linux") expect(readdirSync(`/proc/${up.pid}/fd`).length).toBeLessThan(200);
  }
  expect(new Set(await Promise.all(answers))).toEqual(new Set([202]));
  for (const path of paths) appendFileSync(path, "wanted\n");
  const counted = await eventually(() => {
    const count = journalOf(project.state).match(/"text":"wanted"/g)?.length ?? 0;
    return count >= files && count;
  });
  expect(counted).toBe(files);
  expect(said).not.toMatch(/EMFILE|bug|Error/);
});
