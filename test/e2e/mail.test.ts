// A mailbox of Dovecot and the built program: what a user sees first, and what survives when the router or the mail server is killed.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { SpawnedClaude } from "../support/claude-simulator.ts";
import { createProject, eventually, type Project } from "../support/router.ts";
import {
  type Dovecot,
  hasDovecot,
  messageOf,
  password,
  startDovecot,
  user,
} from "../support/servers/dovecot.ts";

// Skipped only where no Dovecot is installed; test/connectors/imap/dovecot.test.ts fails in CI then.
describe.skipIf(hasDovecot === undefined)("a mailbox", () => {
  let server: Dovecot;
  let project: Project | undefined;
  beforeAll(async () => {
    server = await startDovecot();
  });
  afterEach(() => project?.remove());
  afterAll(() => server.close());

  const config = (port: number) => `listen: 127.0.0.1:${port}
sources:
  mail:
    type: imap
    host: 127.0.0.1
    port: ${server.port}
    tls: none
    user: ${user}
    password: "\${MAIL_PASSWORD}"
`;
  const env = { MAIL_PASSWORD: password };

  async function statusOf(one: Project): Promise<{ state: string; detail?: string } | undefined> {
    const { stdout } = await one.ask(["status", "--json"], env);
    const { sources = [] } = JSON.parse(stdout || "{}") as { sources?: { state: string; detail?: string }[] };
    return sources[0];
  }
  const running = (one: Project) =>
    eventually(async () => {
      const status = await statusOf(one);
      return status?.state === "running" && status;
    });
  /** The position is stored, so what comes from now on is new. */
  async function placed(one: Project, claude: SpawnedClaude): Promise<void> {
    await running(one);
    const marker = `marker ${Math.random()}`;
    await eventually(async () => {
      await server.deliver(messageOf(marker));
      return claude.events.length > 0;
    });
  }

  test("a mailbox is read only with consent, which names the server", async () => {
    project = await createProject(config);
    await project.claude({}, env);
    await eventually(async () => /consent/.test((await statusOf(project as Project))?.detail ?? ""));
    const { stdout } = await project.run(["trust", "--list"], { env });
    expect(stdout).toContain(`imap://127.0.0.1:${server.port} (this machine)`);
    expect(stdout).toContain("with ${MAIL_PASSWORD}");
    expect(stdout).not.toContain(password);
  });

  test("the mail recipe works over TLS, and reaches no other server", async () => {
    const use = (port: number, override: string) => `listen: 127.0.0.1:${port}
use:
  mail:
    recipe: mail
    with:
      host: localhost
      port: ${server.tlsPort}
      user: ${user}
      password: "\${MAIL_PASSWORD}"
      senders: ["*@ci.example.com"]
    override:
      sources: { mailbox: { ca: "\${file:ca.pem}"${override} } }
`;
    project = await createProject((port) => use(port, ""), { consent: "all" });
    await project.write("ca.pem", server.ca);
    const claude = await project.claude({}, env);
    await running(project);
    const subject = "Nightly build 7 failed";
    await eventually(async () => {
      await server.deliver(messageOf("Lunch?"));
      await server.deliver(messageOf("Weekly", { from: "n@ci.example.com", headers: "List-Id: <news.x>\n" }));
      await server.deliver(
        messageOf(subject, { from: "Build <build@ci.example.com>", body: "2 tests failed\n" }),
      );
      return claude.events.length > 0;
    });
    expect(new Set(claude.events.map(({ content }) => content))).toEqual(
      new Set([`Build: ${subject}\n2 tests failed`]),
    );
    expect(claude.events[0]?.meta).toMatchObject({ channel: "mail_message", from: "build@ci.example.com" });

    const file = await project.write("other.yaml", use(project.port, ", host: 127.0.0.1"));
    const { stdout, stderr } = await project.run(["check", file], { env });
    expect(stdout + stderr).toMatch(/E_CAPABILITY|capabilities/);
  });

  test("each message reaches Claude once, although router and mail server are killed", async () => {
    project = await createProject(config, { consent: "all" });
    const first = await project.claude({}, env);
    await placed(project, first);
    expect(first.events[0]?.meta).toMatchObject({
      channel: "mail",
      from: "grace@example.org",
      trust: "unverified",
    });
    const subjects = (claude: SpawnedClaude) =>
      claude.events
        .map(({ content }) => content.split("\n", 1)[0])
        .filter((line) => !line?.startsWith("marker"));

    await server.deliver(messageOf("one"));
    await eventually(() => subjects(first).includes("one"));
    first.process.kill("SIGKILL");
    await first.process.exited;
    await server.deliver(messageOf("two"));

    const second = await project.claude({}, env);
    await eventually(() => subjects(second).includes("two"));
    await server.kill("SIGKILL");
    await eventually(async () => (await statusOf(project as Project))?.state === "waiting");
    await server.start();
    await server.deliver(messageOf("three"));
    await eventually(() => subjects(second).includes("three"));
    expect(subjects(second).filter((subject) => subject !== "one")).toEqual(["two", "three"]);
    expect((await running(project)).detail).toBe(`imap://127.0.0.1:${server.port} INBOX`);
  });
});
