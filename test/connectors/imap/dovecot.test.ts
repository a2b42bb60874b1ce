// An imap source against a real server, Dovecot, over a clock that the test moves. CI installs Dovecot (.ci/run); a machine without it
// skips this, and CI fails without it.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { imap } from "../../../src/connectors/imap/index.ts";
import type { Arrival, Emit, JsonObject, SourceType } from "../../../src/contract.ts";
import { DeliveryError } from "../../../src/errors.ts";
import { createMemoryCursors } from "../../../src/host/store.ts";
import { type RunningSource, type RunOptions, runSource } from "../../support/far-side.ts";
import { manualClock } from "../../support/manual-clock.ts";
import { eventually } from "../../support/router.ts";
import {
  type BadNetwork,
  badNetwork,
  type Dovecot,
  hasDovecot,
  messageOf,
  password,
  startDovecot,
  user,
} from "../../support/servers/dovecot.ts";

test.runIf(process.env.IN_CI)("CI has Dovecot: apt-get install dovecot-imapd", () => {
  expect(hasDovecot).toBeDefined();
});

const running: RunningSource[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function startAt(options: JsonObject, more: RunOptions = {}): Promise<RunningSource> {
  const one = await runSource(
    imap as SourceType<never>,
    { host: "127.0.0.1", tls: "none", user, password, timeout: "10m", ...options },
    more,
  );
  running.push(one);
  return one;
}

const subjects = ({ arrivals }: Pick<RunningSource, "arrivals">) =>
  arrivals.map(({ data }) => (data as JsonObject).subject);
const has = (source: RunningSource, count: number) => eventually(() => source.arrivals.length >= count);

/** Settles when the source has logged in and has stored where it begins. */
async function placed(one: RunningSource): Promise<RunningSource> {
  await eventually(() => one.cursors.cursors("tested/").length > 0);
  return one;
}

/** What is delivered from now on is not there yet, and what is not delivered does not come. */
async function quiet(server: Dovecot, source: RunningSource): Promise<void> {
  const marker = `marker ${Math.random()}`;
  await server.deliver(messageOf(marker));
  await eventually(() => subjects(source).includes(marker));
  source.arrivals.pop();
}

// Skipped only where no Dovecot is installed.
describe.skipIf(hasDovecot === undefined)("a mailbox of Dovecot", { timeout: 30_000 }, () => {
  let server: Dovecot;
  beforeAll(async () => {
    server = await startDovecot();
  });
  afterAll(() => server.close());
  const start = (options: JsonObject = {}, more: RunOptions = {}) =>
    startAt({ port: server.port, ...options }, more);

  test("a new message becomes an event without polling; earlier messages do not", async () => {
    await server.deliver(messageOf("before"));
    const source = await placed(await start());
    await server.deliver(
      messageOf("Build 7 failed", {
        headers:
          "Cc: Bob <bob@example.com>, x@example.net\nIn-Reply-To: <one@x>\nReferences: <zero@x> <one@x>\nList-Id: builds <b.x>\n",
        id: "<seven@ci.example.org>",
        body: "main is red.\n",
      }),
    );
    await has(source, 1);
    expect(source.told).toEqual([]);
    expect(source.arrivals).toEqual([
      {
        data: {
          mailbox: "INBOX",
          uid: expect.any(Number),
          from: { address: "grace@example.org", name: "Grace" },
          to: [{ address: user }],
          cc: [{ address: "bob@example.com", name: "Bob" }, { address: "x@example.net" }],
          subject: "Build 7 failed",
          date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
          received: expect.stringMatching(/^\d{4}-/),
          message_id: "seven@ci.example.org",
          in_reply_to: "one@x",
          references: ["zero@x", "one@x"],
          text: "main is red.",
          size: expect.any(Number),
        },
        text: "Build 7 failed\n\nmain is red.",
        headers: { "list-id": "builds <b.x>" },
        trust: "unverified",
        deliveryId: expect.stringMatching(/^[\w-]{22}$/),
        known: { idMs: 30 * 86_400_000 },
      },
    ]);
    expect(source.source.health?.()).toEqual({
      state: "running",
      detail: `imap://127.0.0.1:${server.port} INBOX`,
    });
  });

  test("IDLE is renewed after the idle option, and messages that arrived meanwhile are found", async () => {
    const source = await placed(await start({ idle: "1m" }));
    for (let turn = 0; turn < 3; turn++) {
      await source.clock.advance(60_000);
      await quiet(server, source);
    }
    expect(source.told).toEqual([]);
  });

  test("after a restart, messages that arrived meanwhile are read, and none twice", async () => {
    const cursors = createMemoryCursors();
    const first = await placed(await start({}, { cursors }));
    await server.deliver(messageOf("one"));
    await has(first, 1);
    await first.stop();
    await server.deliver(messageOf("two"));
    await server.deliver(messageOf("three"));
    const second = await start({}, { cursors });
    await has(second, 2);
    await quiet(server, second);
    expect(subjects(second)).toEqual(["two", "three"]);
  });

  test("the cursor moves only after the event is durable, and a repeated event has the same delivery id", async () => {
    const cursors = createMemoryCursors();
    const offered: Arrival[] = [];
    const first = await placed(
      await start(
        {},
        {
          cursors,
          emit: async (arrival) => {
            offered.push(arrival);
            throw new DeliveryError("E_JOURNAL_FULL", "the disk is full");
          },
        },
      ),
    );
    await server.deliver(messageOf("kept"));
    await eventually(() => offered.length > 0);
    expect(first.source.health?.().state).toBe("waiting");
    await first.stop();
    const second = await start({}, { cursors });
    await has(second, 1);
    expect(second.arrivals).toEqual([offered[0]]);
  });

  test("backfill reads the newest messages at the first start only", async () => {
    await server.deliver(messageOf("older"));
    await server.deliver(messageOf("newer"));
    const cursors = createMemoryCursors();
    const first = await start({ backfill: 2 }, { cursors });
    await has(first, 2);
    expect(subjects(first)).toEqual(["older", "newer"]);
    await first.stop();
    const second = await start({ backfill: 2 }, { cursors });
    await quiet(server, second);
    expect(second.arrivals).toEqual([]);
  });

  test("seen: keep changes nothing in the mailbox, mark marks messages as read after their events are stored", async () => {
    const kept = await placed(await start());
    const file = await server.deliver(messageOf("kept"));
    await has(kept, 1);
    await kept.stop();
    const marking = await placed(await start({ seen: "mark" }));
    const marked = await server.deliver(messageOf("marked"));
    await has(marking, 1);
    const flags = async (name: string) =>
      /:2,(\w*)$/.exec((await server.files()).find((one) => one.startsWith(name)) ?? "")?.[1] ?? "";
    await eventually(async () => (await flags(marked)) === "S");
    expect(await flags(file)).toBe("");
  });

  test("deleted messages are skipped; one that is moved out and back has the same delivery id", async () => {
    const cursors = createMemoryCursors();
    const first = await placed(await start({}, { cursors }));
    const file = await server.deliver(messageOf("moved"));
    await has(first, 1);
    await first.stop();
    const gone = await server.deliver(messageOf("deleted"));
    await server.remove(gone);
    await server.moveOutAndBack(file);
    await server.deliver(messageOf("later"));
    const second = await start({}, { cursors });
    await eventually(() => subjects(second).includes("later"));
    expect(subjects(second)).not.toContain("deleted");
    const again = second.arrivals.find(({ data }) => (data as JsonObject).subject === "moved");
    expect(again?.deliveryId).toBe(first.arrivals[0]?.deliveryId);
  });

  test("after all UIDs changed, only messages since the last one are read", async () => {
    const cursors = createMemoryCursors();
    const day = (n: number) => new Date(Date.now() - n * 86_400_000);
    await server.deliver(messageOf("history"), day(30));
    const first = await placed(await start({}, { cursors }));
    await server.deliver(messageOf("last"), new Date(Date.now() + 5_000));
    await has(first, 1);
    await first.stop();
    await server.kill("SIGTERM");
    await server.renumber();
    await server.deliver(messageOf("of last week"), day(7));
    await server.deliver(messageOf("meanwhile"), new Date(Date.now() + 10_000));
    await server.start();
    const second = await start({}, { cursors });
    await eventually(() => subjects(second).includes("meanwhile"));
    await quiet(server, second);
    expect(subjects(second)).toEqual(["last", "meanwhile"]);
    expect(second.arrivals[0]?.deliveryId).toBe(first.arrivals[0]?.deliveryId);
    expect(second.told).toEqual([
      "source tested: the server assigned new UIDs in INBOX; reading continues with messages received since the last one",
    ]);
    await second.stop();
    const third = await start({}, { cursors });
    await quiet(server, third);
    expect(third.arrivals).toEqual([]);
    expect(third.told).toEqual([]);
  });

  test("2,000 messages at once become events in order, with few in memory", async () => {
    const cursors = createMemoryCursors();
    await (await placed(await start({}, { cursors }))).stop();
    const all = Array.from({ length: 2_000 }, (_, index) => `bulk ${index}`);
    await server.deliverAll(all.map((subject) => messageOf(subject, { body: "x".repeat(2_000) })));
    let underWay = 0;
    let most = 0;
    const taken: string[] = [];
    const emit: Emit = async ({ data }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      taken.push(String((data as JsonObject).subject));
      return { eventId: "e", outcome: "accepted" };
    };
    await start({}, { cursors, emit });
    await eventually(() => taken.length >= 2_000);
    expect(new Set(taken)).toEqual(new Set(all));
    expect(most).toBeLessThanOrEqual(20);
  });

  test("a 50 MB message: headers, the text after a large attachment, and the list of attachments are read", async () => {
    const source = await placed(await start());
    const part = (type: string, more: string, body: string) =>
      `--b\r\nContent-Type: ${type}\r\n${more}\r\n${body}\r\n`;
    const large = `${"QUJD".repeat(19)}\r\n`.repeat(700_000);
    await server.deliver(
      [
        "From: a@example.org\r\nSubject: A film\r\nMessage-ID: <film@example.org>\r\nMIME-Version: 1.0\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
        part(
          "video/mp4",
          "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename*=utf-8''%E2%82%AC%20film.mp4\r\n",
          large,
        ),
        part(
          "text/plain; charset=iso-8859-1",
          "Content-Transfer-Encoding: quoted-printable\r\n",
          "Gr=FC=DFe",
        ),
        "--b--\r\n",
      ].join(""),
    );
    await has(source, 1);
    const [data] = source.data() as JsonObject[];
    expect(data).toMatchObject({ subject: "A film", text: "Grüße" });
    expect(data?.truncated).toBeUndefined();
    expect(data?.attachments).toEqual([{ name: "€ film.mp4", type: "video/mp4", size: expect.any(Number) }]);
    expect((data?.attachments as { size: number }[] | undefined)?.[0]?.size).toBeGreaterThan(35_000_000);
  });

  test("a long text is cut and marked as truncated", async () => {
    const source = await placed(await start({ max_message: "4KiB" }));
    await server.deliver(messageOf("long", { body: "word ".repeat(100_000) }));
    await has(source, 1);
    const [data] = source.data() as { text: string; truncated: boolean }[];
    expect(data?.truncated).toBe(true);
    expect(data?.text.length).toBeGreaterThan(3_000);
    expect(data?.text.length).toBeLessThan(4_096);
  });

  test("malformed messages become events too", async () => {
    const source = await placed(await start());
    const broken = [
      "",
      "no header at all\n\nbody\n",
      "Subject: \xff\xfe bytes\r\nFrom: <<<>>>,,;:@\r\n\r\n\x80\x81",
      'Subject: multipart without parts\r\nContent-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n--\r\n',
      `Subject: deep\r\nContent-Type: multipart/mixed; boundary=b0\r\n\r\n${Array.from(
        { length: 150 },
        (_, index) => `--b${index}\r\nContent-Type: multipart/mixed; boundary=b${index + 1}\r\n\r\n`,
      ).join("")}`,
      `Subject: parts\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${"--b\r\nContent-Type: image/png\r\n\r\nx\r\n".repeat(3_000)}--b--`,
      `${Array.from({ length: 20_000 }, (_, index) => `X-${index}: y`).join("\r\n")}\r\nSubject: headers\r\n\r\nbody`,
      `To: ${Array.from({ length: 20_000 }, (_, index) => `u${index}@example.com`).join(", ")}\r\nSubject: to many\r\n\r\nbody`,
      "Subject: nul\r\n\r\na\0b",
      "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody",
      "Content-Transfer-Encoding: base64\r\n\r\n!!!! not base64 ====",
    ];
    for (const one of broken) await server.deliver(Buffer.from(one, "latin1"));
    await server.deliver(messageOf("after them"));
    await eventually(() => subjects(source).includes("after them"));
    expect(source.arrivals).toHaveLength(broken.length + 1);
    expect(source.told).toEqual([]);
  });

  describe("over an unreliable network", () => {
    let network: BadNetwork;
    beforeAll(async () => {
      network = await badNetwork(() => server.port);
    });
    afterAll(() => network.close());

    test("a lost connection is reopened, and nothing is lost or repeated", async () => {
      const source = await placed(await start({ port: network.port }));
      for (let turn = 1; turn <= 3; turn++) {
        // Proven, so that its end is no failure.
        await source.clock.advance(10_000);
        const before = network.count();
        network.cut();
        await server.deliver(messageOf(`cut ${turn}`));
        await source.rested();
        await source.clock.advance(2_000);
        await has(source, turn);
        expect(network.count()).toBe(before + 1);
      }
      expect(subjects(source)).toEqual(["cut 1", "cut 2", "cut 3"]);
      expect(source.told).toEqual([]);
    });

    test("a silently dead connection is detected and replaced", async () => {
      const source = await placed(await start({ port: network.port, idle: "1m", timeout: "5s" }));
      await source.clock.advance(10_000);
      network.freeze();
      await server.deliver(messageOf("while it is dead"));
      await source.clock.advance(60_000);
      // DONE and NOOP are not answered.
      await source.clock.advance(5_000);
      await source.rested();
      network.thaw();
      await source.clock.advance(2_000);
      await has(source, 1);
      expect(subjects(source)).toEqual(["while it is dead"]);
    });

    test("an unreachable server is retried with backoff, and reported", async () => {
      const cursors = createMemoryCursors();
      const clock = manualClock();
      const source = await placed(await start({}, { cursors, clock }));
      await clock.advance(10_000);
      await server.kill("SIGKILL");
      await source.rested();
      await source.nextRound();
      expect(source.source.health?.()).toMatchObject({
        state: "waiting",
        detail: expect.stringMatching(/the connection was refused|the server closed the connection/),
      });
      await source.nextRound();
      await source.nextRound();
      expect(source.told.at(-1)).toMatch(/^event: source tested fails: .*; it goes on trying/);
      await server.start();
      await server.deliver(messageOf("after the crash"));
      await clock.advance(10 * 60_000);
      await has(source, 1);
      await clock.advance(10_000);
      expect(source.told.at(-1)).toMatch(/^event: source tested works again/);
      expect(source.source.health?.().state).toBe("running");
    });
  });

  test("TLS works with a custom CA certificate", async () => {
    const options = { host: "localhost", port: server.tlsPort, tls: "implicit", ca: server.ca };
    const source = await placed(await start(options));
    await quiet(server, source);
    const starttls = await placed(await start({ port: server.port, tls: "starttls", ca: server.ca }));
    await quiet(server, starttls);
  });

  const failures: [string, () => JsonObject, RegExp][] = [
    [
      "a certificate that nobody signed",
      () => ({ port: server.tlsPort, tls: "implicit" }),
      /certificate of the server is not valid.*set ca/,
    ],
    ["a wrong password", () => ({ password: "wrong" }), /rejected the user or password.*app password/],
    [
      "a mailbox that is not there",
      () => ({ mailbox: "INBX" }),
      /no mailbox "INBX" \(did you mean "INBOX"\?\)/,
    ],
    ["a port without TLS", () => ({ tls: "implicit", ca: server.ca }), /does not use TLS on this port/],
    [
      "a port with TLS from the first byte",
      () => ({ port: server.tlsPort, timeout: "1s" }),
      /sent no greeting: does tls match the port/,
    ],
  ];
  test.each(failures)("%s fails with a message that says what to do", async (_, options, expected) => {
    const source = await start(options());
    await eventually(() => source.told.length > 0);
    expect(source.told[0]).toMatch(expected);
    expect(source.told.join()).not.toContain(password);
  });
});

describe.skipIf(hasDovecot === undefined)("a server without IDLE", { timeout: 30_000 }, () => {
  test("a server without IDLE is polled", async () => {
    const server = await startDovecot({ idle: false });
    try {
      const source = await placed(await startAt({ port: server.port, every: "30s" }));
      expect(source.source.health?.().detail).toMatch(/ INBOX \(without IDLE\)$/);
      await server.deliver(messageOf("found by a check"));
      for (let turn = 1; turn <= 2; turn++) {
        await eventually(async () => {
          await source.clock.advance(30_000);
          return source.arrivals.length >= turn;
        });
        await server.deliver(messageOf("another"));
      }
      expect(subjects(source)).toEqual(["found by a check", "another"]);
    } finally {
      for (const one of running.splice(0)) await one.stop();
      await server.close();
    }
  });
});
