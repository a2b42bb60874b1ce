// The commands as a person types them, against a router that runs in a Claude session, and one that `up` started.

import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { isAlive } from "../support/processes.ts";
import { eventually, type Project, program } from "../support/router.ts";
import { accepted, atEnd, listening, newestOwner, open, stateRoot } from "./stage.ts";

const config = (port: number) => `
listen: 127.0.0.1:${port}
sources:
  ci: { type: http, path: /ci }
channels:
  failed:
    from: ci
    match: { data.result: failure }
    content: "{{data.name}} failed"
`;

/** Runs it and gives its stdout; fails when the exit code is another one. */
async function type(project: Project, args: readonly string[], code = 0, input?: string): Promise<string> {
  const done = await project.run(args, input === undefined ? {} : { input });
  expect(`${done.code} ${done.stderr}`, args.join(" ")).toMatch(new RegExp(`^${code} `));
  return done.stdout;
}

test("what a router in a session does is seen, sent to, silenced and played again", async () => {
  const project = await open(config);
  const none = await project.run(["status"]);
  expect(none.code).toBe(1);
  expect(none.stderr).toContain("no router runs");
  const claude = await project.claude({}, { CHANNEL_ROUTER_LABEL: "desk" });
  const other = await project.claude({ listening: false });
  await listening(project);

  const sent = await type(project, ["send", "ci", "-d", '{"result":"failure","name":"lint"}']);
  const id = /^accepted (\S+) by failed$/m.exec(sent)?.[1] as string;
  const event = await claude.nextEvent();
  expect(event).toMatchObject({ content: "lint failed", meta: { event_id: id, trust: "unverified" } });
  const unmatched = await type(project, ["send", "ci", "-d", "-"], 1, '{"result":"success"}');
  expect(unmatched).toMatch(/^unmatched \S+\n {2}no {2}failed: match: data\.result/);

  const status = await type(project, ["status"]);
  expect(status).toContain(String(claude.process.pid));
  expect(status).toContain(project.address);
  const sessions = await type(project, ["sessions"]);
  expect(sessions).toContain("desk");
  expect(sessions).toMatch(new RegExp(`${claude.process.pid}.*yes`, "s"));
  expect(sessions).toContain("--channels list");
  const events = await eventually(async () => {
    const { stdout } = await project.ask(["events"]);
    return /failed (done|sent)/.test(stdout);
  }).then(() => type(project, ["events"]));
  expect(events).toContain(id);
  expect(events).toContain("unmatched ci");
  const why = await type(project, ["why", id]);
  expect(why).toContain(`${id} accepted`);
  expect(why).toContain("arrived at ci");
  expect(why).toMatch(/failed: sent/);

  expect(await type(project, ["replay", id, "--dry-run"])).toContain("lint failed");
  const replayed = await type(project, ["replay", id]);
  const copy = /^accepted (\S+)/m.exec(replayed)?.[1];
  expect(copy).not.toBe(id);
  expect((await claude.nextEvent()).meta.event_id).toBe(copy);

  expect(await type(project, ["silence", "failed", "30m", "--reason", "repairs"])).toContain(
    "is silenced until",
  );
  const quiet = await type(project, ["send", "ci", "-d", '{"result":"failure","name":"quiet"}']);
  const quietId = /^accepted (\S+)/m.exec(quiet)?.[1] as string;
  await eventually(async () => (await project.ask(["why", quietId])).stdout.includes("silenced"));
  expect(await type(project, ["status"])).toContain("repairs");
  expect(await type(project, ["silence", "failed", "--off"])).toContain("failed is no longer silenced");
  await type(project, ["send", "ci", "-d", '{"result":"failure","name":"loud"}']);
  expect((await claude.nextEvent()).content).toBe("loud failed");

  // One session does not listen, and that is a failure to the doctor.
  const doctor = await type(project, ["doctor"], 1);
  expect(doctor).toMatch(/^ok +config:/m);
  expect(doctor).toMatch(/^ok +router: pid \d+/m);
  expect(doctor).toMatch(new RegExp(`^ok +session ${claude.process.pid}:`, "m"));
  expect(doctor).toMatch(new RegExp(`^fail +session ${other.process.pid}:`, "m"));
  expect((await project.run(["down"])).code).toBe(1);
  expect(isAlive(claude.process.pid)).toBe(true);
  expect(other.ignored).toEqual([]);
});

test("events -f goes on with the next owner, each event once, until it is interrupted", async () => {
  const project = await open(config);
  const claude = await project.claude();
  const other = await project.claude();
  await listening(project);
  const follow = spawn(process.execPath, [program, "events", "-f"], {
    cwd: project.folder,
    env: { ...process.env, ...project.env },
  });
  atEnd(() => void follow.kill("SIGKILL"));
  let printed = "";
  follow.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  let complaint = "";
  follow.stderr.on("data", (chunk) => {
    complaint += chunk;
  });
  const code = new Promise((resolve) => follow.once("exit", resolve));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const id = await accepted(project, "/ci", { result: "failure", name: "build" });
  await eventually(() => printed.includes(id));
  claude.process.kill("SIGKILL");
  // As soon as somebody takes it, which is before the follower can have found the new owner.
  const ids = [id];
  const next = () => accepted(project, "/ci", { result: "failure", name: "next" }).catch(() => undefined);
  for (let n = 0; n < 3; n += 1) ids.push(await eventually(next));
  await eventually(() => ids.every((each) => printed.includes(each)));
  await other.stop();
  await eventually(() => complaint.includes("waiting for the next one"));
  await project.claude();
  await listening(project);
  ids.push(await accepted(project, "/ci", { result: "failure", name: "last" }));
  await eventually(() => printed.includes(ids.at(-1) as string));
  follow.kill("SIGINT");
  expect(await code).toBe(0);
  expect(printed.match(/^\S.*$/gm)?.filter((line) => line.includes("accepted"))).toHaveLength(ids.length);
});

test("up keeps events while no session is open, sessions attach to it, and down ends it and nothing else", async () => {
  const project = await open(config);
  const started = await type(project, ["up"]);
  const pid = Number(/^up: pid (\d+) runs/m.exec(started)?.[1]);
  atEnd(() => void (isAlive(pid) && process.kill(pid, "SIGKILL")));
  expect(started).toContain(`ci: POST ${project.address}/ci`);
  expect(await type(project, ["up"])).toContain(`already running (pid ${pid})`);
  const ids = [];
  for (const name of ["a", "b"]) ids.push(await accepted(project, "/ci", { result: "failure", name }));
  expect(await type(project, ["why", ids[0] as string])).toContain("held: no session is open");

  const claude = await project.claude();
  expect(newestOwner(stateRoot(project)).pid).toBe(pid);
  expect((await claude.waitForEvents(2)).map(({ meta }) => meta.event_id)).toEqual(ids);
  expect(await type(project, ["sessions"])).toContain(String(claude.process.pid));
  // The session ends; the router stays.
  await claude.stop();
  expect(isAlive(pid)).toBe(true);

  const second = await project.claude();
  const down = await type(project, ["down"]);
  expect(down).toContain(`down: pid ${pid} has ended`);
  expect(isAlive(pid)).toBe(false);
  await listening(project);
  expect(newestOwner(stateRoot(project)).pid).toBe(second.process.pid);
  await accepted(project, "/ci", { result: "failure", name: "after" });
  expect((await second.nextEvent()).content).toBe("after failed");

  // Beside a session it stands by, and takes over when that one ends, even by kill -9.
  const standing = Number(/pid (\d+) is a standby/.exec(await type(project, ["up"]))?.[1]);
  atEnd(() => void (isAlive(standing) && process.kill(standing, "SIGKILL")));
  second.process.kill("SIGKILL");
  await eventually(() => newestOwner(stateRoot(project)).pid === standing);
  await listening(project);
  expect(await type(project, ["status"])).toContain(String(standing));
  expect(await type(project, ["down"])).toContain(`pid ${standing} has ended`);
  expect(isAlive(standing)).toBe(false);
});
