import { afterEach, expect, test } from "vitest";
import { createProject, eventually, type Project } from "../support/router.ts";
import { actor, channel, openStage, type Stage } from "./parts.ts";
import { answers, isThere } from "./running.ts";

const stages: Stage[] = [];
const projects: Project[] = [];
afterEach(async () => {
  for (const { router } of stages.splice(0)) await router.stop(AbortSignal.abort());
  for (const project of projects.splice(0)) await project.remove();
});

const exposed = { host: "0.0.0.0", port: 0, loopback: false };

async function start(values: Parameters<Stage["plan"]>[0]): Promise<Stage> {
  const stage = await openStage();
  stages.push(stage);
  await stage.router.start(await stage.plan(values));
  return stage;
}

const statesOf = ({ router }: Stage) => router.report().sources.map(({ name, state }) => `${name} ${state}`);

test("only what has a route waits for the new address, and the old address is left", async () => {
  const stage = await start({ sources: { web: actor({ path: "/a", says: "hi" }), quiet: actor() } });
  expect(stage.listener.address()).toMatch(/^http:\/\/127\.0\.0\.1:/);
  const next = {
    listenAddress: exposed,
    sources: { web: actor({ path: "/a", says: "hi" }), quiet: actor(), more: actor() },
    channels: { c: channel({ from: ["more"] }) },
  };
  const diff = await stage.apply(next, [exposed]);
  expect(diff.sources).toMatchObject({ added: ["more"], changed: ["web"], kept: ["quiet"] });
  expect(statesOf(stage)).toEqual(["web waiting", "quiet running", "more running"]);
  expect(stage.listener.address()).toBeUndefined();
});

test("it starts when a person allows it, without another reload", async () => {
  const stage = await start({ sources: { web: actor({ path: "/a", says: "hi" }) } });
  const sources = { web: actor({ path: "/a", says: "hi" }) };
  await stage.apply({ listenAddress: exposed, sources }, [exposed]);
  stage.person.allows = true;
  await stage.clock.advance(1_000);
  await expect.poll(() => statesOf(stage)).toEqual(["web running"]);
  const port = stage.listener.address()?.split(":").at(-1);
  expect((await fetch(`http://127.0.0.1:${port}/a`)).status).toBe(200);
});

test("an address that is allowed for one port is not allowed for another", async () => {
  const stage = await start({});
  stage.person.allows = true;
  const sources = { web: actor({ path: "/a" }) };
  await stage.apply({ listenAddress: exposed, sources }, [exposed]);
  expect(statesOf(stage)).toEqual(["web running"]);
  stage.person.allows = false;
  await stage.apply({ listenAddress: { ...exposed, port: 1 }, sources }, [{ ...exposed, port: 1 }]);
  expect(statesOf(stage)).toEqual(["web waiting"]);
  expect(stage.listener.address()).toBeUndefined();
});

test("the verdict names what waits, and going back needs nobody", async () => {
  const proven = (host: string, port: number) => `listen: ${host}:${port}
sources:
  hello: { type: http, path: /hello, verify: { scheme: bearer, secret: a-good-secret } }
`;
  const project = await createProject((port) => proven("127.0.0.1", port));
  projects.push(project);
  await project.claude();
  await answers(project, "/hello", isThere);
  await project.write("channels.yaml", proven("0.0.0.0", project.port));
  // The watch or the command, whichever came first: the verdict is the same.
  await project.ask(["reload"]);
  const { stdout } = await project.ask(["status", "--json"]);
  expect(JSON.parse(stdout).last_reload).toMatchObject({
    ok: true,
    notes: [
      `waiting for consent: listen beyond this machine, on 0.0.0.0:${project.port}; type channel-router trust`,
    ],
  });
  const closed = () =>
    fetch(`${project.address}/hello`).then(
      () => false,
      () => true,
    );
  await eventually(closed);
  await project.write("channels.yaml", proven("127.0.0.1", project.port));
  await answers(project, "/hello", isThere);
});
