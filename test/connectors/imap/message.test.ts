// Messages as event data, without a server: what their senders can write into them, and what the receiving server says of them.

import { tmpdir } from "node:os";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readAuthResult } from "../../../src/connectors/imap/auth-results.ts";
import { attachmentsOf, headerFor, textPart } from "../../../src/connectors/imap/body-parts.ts";
import { boundedSource } from "../../../src/connectors/imap/bounded-source.ts";
import { checkOptions } from "../../../src/connectors/imap/check.ts";
import { imap } from "../../../src/connectors/imap/index.ts";
import { type BodyPart, loadLibrary } from "../../../src/connectors/imap/library.ts";
import { arrivalOf, dataOf, deliveryIdOf, headersOf } from "../../../src/connectors/imap/message.ts";
import type { ImapOptions } from "../../../src/connectors/imap/options.ts";
import { loadLibraries } from "../../../src/host/libraries.ts";
import { processorTime } from "../../support/processor-time.ts";

const { parseMime } = await loadLibrary({ load: (libraries) => loadLibraries(libraries, tmpdir()) });

async function received(message: string | Buffer, authServer?: string) {
  const bytes = typeof message === "string" ? Buffer.from(message, "latin1") : message;
  const parsed = await parseMime(boundedSource(bytes).bytes, { maxRfc822NestingDepth: 0 });
  const one = { mailbox: "INBOX", validity: "1", uid: 7, size: bytes.length, parsed, isCut: false };
  return { one, data: dataOf(one, authServer), headers: headersOf(parsed) };
}

const utf8 = (text: string) => Buffer.from(text).toString("latin1");

describe("what a sender writes", () => {
  const texts: [string, string, string][] = [
    ["UTF-8", `Content-Type: text/plain; charset=utf-8\n\n${utf8("Grüße, 世界")}`, "Grüße, 世界"],
    [
      "windows-1252",
      "Content-Type: text/plain; charset=windows-1252\n\nit\x92s 5 \x80 \x96 \x93ok\x94",
      "it’s 5 € – “ok”",
    ],
    [
      "Latin-1 that is windows-1252",
      "Content-Type: text/plain; charset=iso-8859-1\n\nit\x92s gr\xfcn",
      "it’s grün",
    ],
    ["Shift_JIS", "Content-Type: text/plain; charset=shift_jis\n\n\x93\xfa\x96{", "日本"],
    [
      "quoted-printable",
      "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; charset=utf-8\n\nGr=C3=BC=\n=C3=9Fe =",
      "Grüße",
    ],
    [
      "base64",
      `Content-Transfer-Encoding: base64\nContent-Type: text/plain; charset=utf-8\n\n${Buffer.from("Grüße").toString("base64")}`,
      "Grüße",
    ],
    ["base64 that was cut", "Content-Transfer-Encoding: base64\n\nSGVsbG8gd29y", "Hello wor"],
    ["format=flowed", "Content-Type: text/plain; format=flowed\n\none \ntwo\nthree", "one two\nthree"],
    ["an unknown charset", "Content-Type: text/plain; charset=x-none\n\nplain", "plain"],
    ["an unknown encoding", "Content-Transfer-Encoding: x-none\n\nplain", "plain"],
    [
      "HTML alone",
      "Content-Type: text/html\n\n<html><head><title>T</title><style>p{}</style></head><body><p>One&nbsp;&amp; <b>two</b></p><p>three<br>four</p></body></html>",
      "One & two\n\nthree\nfour",
    ],
    [
      "plain text beside HTML",
      'Content-Type: multipart/alternative; boundary="b"\n\n--b\nContent-Type: text/plain\n\nplain\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--',
      "plain",
    ],
    [
      "HTML beside an empty plain text",
      'Content-Type: multipart/alternative; boundary="b"\n\n--b\nContent-Type: text/plain\n\n \n--b\nContent-Type: text/html\n\n<p>html</p>\n--b--',
      "html",
    ],
    [
      "a forwarded message is an attachment, not text",
      'Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\nFrom: boss@example.com\nSubject: Do it\n\nnow\n--b--',
      "see below",
    ],
  ];
  test.each(texts)("%s", async (_, message, text) => {
    const { data } = await received(`From: a@example.org\n${message}`.replaceAll("\n", "\r\n"));
    expect(data.text).toBe(text);
  });

  const lines: [string, string, object][] = [
    [
      "encoded words",
      "Subject: =?utf-8?B?R3LDvMOfZQ==?= =?iso-8859-1?Q?_f=FCr_dich?=",
      { subject: "Grüße für dich" },
    ],
    ["a folded subject", "Subject: one\r\n two", { subject: "one two" }],
    [
      "a line break in an encoded word",
      "Subject: =?utf-8?Q?a=0D=0AFrom:_x=40y?=",
      { subject: "a From: x@y" },
    ],
    [
      "a bare line feed in an encoded name",
      "From: =?utf-8?Q?a=0Ab?= <a@example.org>",
      { from: { name: "a b", address: "a@example.org" } },
    ],
    [
      "an address in a name",
      'From: "boss@example.com" <evil@example.org>',
      { from: { name: "boss@example.com", address: "evil@example.org" } },
    ],
    ["letters in an address", "From: Ada@Example.ORG", { from: { address: "ada@example.org" } }],
    [
      "a group",
      "To: us: a@example.org, B <b@example.org>;",
      { to: [{ address: "a@example.org" }, { name: "B", address: "b@example.org" }] },
    ],
    ["a date", "Date: Mon, 5 Jan 2026 09:00:00 +0100 (CET)", { date: "2026-01-05T08:00:00.000Z" }],
    [
      "ids",
      "Message-ID: <a@b>\r\nIn-Reply-To: <c@d> (a comment)\r\nReferences: <e@f>\r\n <c@d>",
      { message_id: "a@b", in_reply_to: "c@d", references: ["e@f", "c@d"] },
    ],
  ];
  test.each(lines)("%s", async (_, header, expected) => {
    expect((await received(`${header}\r\n\r\n`)).data).toMatchObject(expected);
  });

  test("data has no keys for what the message lacks", async () => {
    expect((await received("Date: not a date\r\nSubject:\r\n\r\n")).data).toEqual({
      mailbox: "INBOX",
      uid: 7,
      size: 30,
      text: "",
    });
  });

  test("headers have the first of each name, in lower case, without transport headers", async () => {
    const { headers } = await received(
      "Received: x\r\nAuthentication-Results: mx; dkim=pass\r\nDKIM-Signature: y\r\nList-Id: builds\r\nAuto-Submitted: auto-replied\r\nlist-id: other\r\nX_Odd: 1\r\n__proto__: 1\r\nPrecedence: bulk\r\n\r\n",
    );
    expect(headers).toEqual({ "list-id": "builds", "auto-submitted": "auto-replied", precedence: "bulk" });
  });

  test("lists, names and headers are bounded", async () => {
    const to = Array.from(
      { length: 1_000 },
      (_, index) => `"${"n".repeat(index === 0 ? 300 : 1)}" <u${index}@example.org>`,
    ).join(", ");
    const more = Array.from({ length: 500 }, (_, index) => `X-${index}: ${"v".repeat(2_000)}\r\n`).join("");
    const { data, headers } = await received(`To: ${to}\r\nSubject: ${"s".repeat(9_000)}\r\n${more}\r\n`);
    expect(data.to).toHaveLength(50);
    expect(data.to?.[0]?.name).toHaveLength(200);
    expect(data.subject).toHaveLength(500);
    expect(Object.keys(headers)).toHaveLength(60);
    expect(Math.max(...Object.values(headers).map(({ length }) => length))).toBe(500);
  });

  test("a message with any kind of lines is parsed quickly", async () => {
    const repeats = [
      "\r\n",
      "x\r\n",
      "--b\r\n",
      "X: y\r\n",
      " x\r\n",
      "a@b, ",
      '"',
      "a:b;",
      "=?utf-8?Q?a?= ",
      ";a=b",
    ];
    const starts = [
      "",
      "\r\n",
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
      "Content-Type: text/plain; format=flowed\r\n\r\n",
      "Content-Type: text/html\r\n\r\n",
      "To: ",
      "From: ",
      "Subject: ",
      "Content-Type: text/plain; ",
    ];
    for (const start of starts)
      for (const repeat of repeats) {
        const message = Buffer.from(start + repeat.repeat(262_144 / repeat.length));
        const spent = processorTime();
        await received(message);
        expect(spent(), JSON.stringify([start, repeat])).toBeLessThan(250);
      }
  });

  test("only the lines and headers beyond the limits are cut from the source", () => {
    const plain = "A: 1\r\n b\r\n\r\nbody\r\n\r\nend";
    expect(Buffer.from(boundedSource(Buffer.from(plain)).bytes).toString()).toBe(plain);
    expect(boundedSource(Buffer.from(plain)).isCut).toBe(false);
    const long = boundedSource(
      Buffer.from(`A: ${"x".repeat(9_000)}\r\n y\r\nB: 2\n\n${"z\n".repeat(9_000)}`),
    );
    expect(Buffer.from(long.bytes).toString()).toMatch(/^A: x{4093}\r\nB: 2\n\n(z\n){2500}$/);
    expect(long.isCut).toBe(true);
  });

  test("single-line fields have no line breaks, and texts no carriage returns", async () => {
    const bytes = fc.array(
      fc.constantFrom(
        ...'\r\n|\r|\n|\0|\x85|\x92|: |From: |Subject: |To: |Content-Type: |text/html|multipart/mixed; boundary=b|--b|=?utf-8?Q?|=0A|=0D|=E2=80=A8|?=|<|>|@|,|;|"|(|)|a|é|<p hidden>|</p>|<!--|-->'.split(
          "|",
        ),
      ),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(bytes, async (pieces) => {
        const { data, headers } = await received(pieces.join(""), "mx.example.com");
        const { text, ...rest } = data;
        expect(text).not.toMatch(/\r/);
        expect(JSON.stringify([rest, headers])).not.toMatch(/\\[nrt]|\\u00[01]|[\u0080-\u009f\u2028\u2029]/);
        expect(arrivalOf(data).trust).toBe("unverified");
      }),
    );
  });
});

describe("a delivery id", () => {
  const id = async (message: string, more: object = {}) =>
    deliveryIdOf({ ...(await received(message)).one, ...more });
  const message = "From: a@b\r\nMessage-ID: <1@b>\r\nSubject: x\r\n\r\nbody";
  test("the delivery id follows a message to other mailboxes, and differs for other messages", async () => {
    expect(await id(message, { uid: 8, validity: "2" })).toBe(await id(message));
    for (const other of ["From: a@c", "Message-ID: <2@b>", "Subject: y"])
      expect(await id(message.replace(new RegExp(`${other.split(":")[0]}: \\S+`), other))).not.toBe(
        await id(message),
      );
    expect(await id(`${message} that is longer`)).not.toBe(await id(message));
  });
  test("a message without a Message-ID gets its delivery id from its UID", async () => {
    const plain = "From: a@b\r\n\r\nbody";
    expect(await id(plain, { uid: 8 })).not.toBe(await id(plain));
  });
});

describe("parts", () => {
  const structure: BodyPart = {
    type: "multipart/mixed",
    childNodes: [
      {
        type: "multipart/alternative",
        childNodes: [
          {
            part: "1.1",
            type: "text/html",
            encoding: "base64",
            size: 900,
            parameters: { charset: "utf-8\r\nX: y" },
          },
          {
            part: "1.2",
            type: "text/plain",
            encoding: "quoted-printable\r\nX: y",
            size: 400,
            parameters: { charset: "utf-8", format: "flowed" },
          },
        ],
      },
      {
        part: "2",
        type: "application/pdf",
        encoding: "base64",
        size: 7_800,
        disposition: "attachment",
        dispositionParameters: { filename: "a\r\nb.pdf" },
      },
      {
        part: "3",
        type: "text/plain",
        disposition: "attachment",
        size: 5,
        parameters: { name: "notes.txt" },
      },
      {
        part: "4",
        type: "message/rfc822",
        size: 50,
        childNodes: [{ part: "4.1", type: "text/plain", size: 9 }],
      },
    ],
  };
  test("attachments are listed with name, type and size", () => {
    expect(attachmentsOf(structure)).toEqual([
      { name: "a b.pdf", type: "application/pdf", size: 5_700 },
      { name: "notes.txt", type: "text/plain", size: 5 },
      { type: "message/rfc822", size: 50 },
    ]);
  });
  test("the text is the first plain part that is not attached, and its header has no text of the sender", () => {
    const part = textPart(structure) as BodyPart;
    expect(part.part).toBe("1.2");
    expect(headerFor(part)).toBe(
      "Content-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\n",
    );
    expect(headerFor(structure.childNodes?.[0]?.childNodes?.[0] as BodyPart)).not.toContain("X: y");
  });
  test("an endless structure is not followed forever", () => {
    const endless: { type: string; childNodes: BodyPart[] } = { type: "multipart/mixed", childNodes: [] };
    endless.childNodes.push(endless, { type: "image/png" });
    expect(attachmentsOf(endless).length).toBeLessThanOrEqual(50);
  });
});

describe("Authentication-Results", () => {
  const google =
    "mx.google.com; dkim=pass header.i=@github.com header.s=pf2023 header.b=abc; spf=pass (google.com: domain of noreply@github.com designates 192.30.252.1 as permitted sender) smtp.mailfrom=noreply@github.com; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=github.com";
  const read = (header: string, from = "github.com", server = "mx.google.com") =>
    readAuthResult(header, server, from);

  test("only results of the trusted server are read", () => {
    const all = { server: "mx.google.com", spf: "pass", dkim: "pass", dmarc: "pass" };
    expect(read(google)).toEqual(all);
    expect(read(google, "notifications.github.com")).toEqual({ ...all, dmarc: "pass" });
    expect(read("mx3.messagingengine.com; spf=none", "a.example", "*.messagingengine.com")).toEqual({
      server: "mx3.messagingengine.com",
      spf: "none",
    });
  });

  const others: [string, string][] = [
    ["of another server", google.replace("mx.google.com", "mx.evil.example")],
    ["of a server whose name ends alike", google.replace("mx.google.com", "evilmx.google.com")],
    ["without a server", "spf=pass smtp.mailfrom=github.com; dkim=pass header.d=github.com"],
    ["nothing", ""],
  ];
  test.each(others)("%s it is absent", (_, header) => expect(read(header)).toBeUndefined());

  const forged: [string, string, object][] = [
    [
      "a signature of the sender's own domain",
      "mx.google.com; dkim=pass header.d=evil.example",
      { dkim: "unaligned" },
    ],
    ["a domain that ends alike", "mx.google.com; dkim=pass header.d=hub.com", { dkim: "unaligned" }],
    ["a top-level domain", "mx.google.com; dkim=pass header.d=com", { dkim: "unaligned" }],
    ["DMARC of another domain", "mx.google.com; dmarc=pass header.from=evil.example", { dmarc: "unaligned" }],
    ["SPF of another domain", "mx.google.com; spf=pass smtp.mailfrom=x@evil.example", { spf: "unaligned" }],
    [
      "a result in a comment",
      "mx.google.com; dkim=fail (x; dkim=pass header.d=github.com) header.d=github.com",
      { dkim: "fail" },
    ],
    [
      "a result in a nested comment",
      "mx.google.com; spf=fail (a (b) ; spf=pass smtp.mailfrom=github.com)",
      { spf: "fail" },
    ],
    [
      "a result in a quoted address",
      'mx.google.com; spf=fail smtp.mailfrom="a; dmarc=pass header.from=github.com"@evil.example',
      { spf: "fail" },
    ],
    [
      "a result in an address without quotes",
      "mx.google.com; spf=pass smtp.mailfrom=a;dmarc=pass header.from=github.com x@evil.example; dmarc=fail header.from=github.com",
      { spf: "unaligned", dmarc: "fail" },
    ],
    [
      "a domain in a reason",
      'mx.google.com; dkim=pass reason="header.d=github.com" header.d=evil.example',
      { dkim: "unaligned" },
    ],
  ];
  test.each(forged)("%s does not pass", (_, header, expected) => {
    expect(read(header)).toEqual({ server: "mx.google.com", ...expected });
  });

  test("one passing DKIM signature of several is enough", () => {
    expect(read("mx.google.com; dkim=pass header.d=list.example; dkim=pass header.d=github.com")?.dkim).toBe(
      "pass",
    );
  });

  test("only the first header counts, and a From with several addresses never passes", async () => {
    const pass = "Authentication-Results: mx.google.com; dmarc=pass header.from=bank.example\r\n";
    const own = "Authentication-Results: mx.google.com; dmarc=fail header.from=bank.example\r\n";
    const from = "From: a@bank.example\r\n";
    const auth = async (message: string) => (await received(`${message}\r\n`, "mx.google.com")).data.auth;
    expect(await auth(own + pass + from)).toEqual({ server: "mx.google.com", dmarc: "fail" });
    expect(
      await auth(`Authentication-Results: mx.other.example; dmarc=pass\r\n${pass}${from}`),
    ).toBeUndefined();
    expect((await auth(pass + from))?.dmarc).toBe("pass");
    for (const several of [
      `${from}From: b@evil.example\r\n`,
      "From: a@bank.example, b@evil.example\r\n",
      "From: <a@bank.example> <b@evil.example>\r\n",
      "From: =?utf-8?Q?<a=40bank.example>?= <b@evil.example>\r\n",
      "From: a=40bank.example\r\n",
    ])
      expect((await auth(pass + several))?.dmarc).toBe("unaligned");
    expect((await received(pass + from)).data.auth).toBeUndefined();
  });
});

describe("options", () => {
  const options = (more: object) => {
    const written = {
      host: "imap.example.com",
      user: "u",
      password: "p",
      ...Object.fromEntries(Object.entries(more).filter(([key]) => !key.endsWith("Ms"))),
    };
    expect(imap.validate(written)).toBe(true);
    const {
      every: _,
      idle: __,
      timeout: ___,
      max_message: ____,
      ...rest
    } = written as Record<string, unknown>;
    return {
      everyMs: 60_000,
      idleMs: 300_000,
      timeoutMs: 30_000,
      maxMessageBytes: 65_536,
      ...rest,
      ...more,
    } as unknown as ImapOptions;
  };
  const issues: [string, object, string | undefined][] = [
    ["a host", {}, undefined],
    ["an address", { host: "192.0.2.1" }, undefined],
    ["an IPv6 address", { host: "2001:db8::1" }, undefined],
    ["a URL", { host: "imaps://imap.example.com" }, "is a URL"],
    ["a port in the host", { host: "imap.example.com:993" }, "contains a port"],
    ["a user in the host", { host: "me@example.com" }, "is a mail address"],
    ["a path in the host", { host: "imap.example.com/x" }, "is not a host name"],
    ["no TLS to this machine", { host: "localhost", tls: "none" }, undefined],
    ["no TLS to another machine", { tls: "none" }, "sends the password unencrypted to another machine"],
    [
      "no TLS to a name that only begins alike",
      { host: "127.0.0.1.example.com", tls: "none" },
      "sends the password unencrypted to another machine",
    ],
    ["a line break in the mailbox", { mailbox: "INBOX\r\nx LOGOUT" }, "contains a line break"],
    ["certificates that are none", { ca: "ca.pem" }, "is not a PEM certificate"],
    ["IDLE for too long", { idleMs: 29 * 60_000 }, "must be from 10s to 28m"],
  ];
  test.each(issues)("%s", (_, more, message) => {
    expect(checkOptions(options(more)).map((issue) => issue.message)).toEqual(
      message === undefined ? [] : [message],
    );
  });

  test("dev does not start a source that marks messages", () => {
    expect(imap.takes?.(options({}))).toBeUndefined();
    expect(imap.takes?.(options({ seen: "mark" }))).toBe("it would mark messages as read");
  });

  test("a mailbox reaches only its server, and declares whether it changes anything there", () => {
    const folders = { folder: "/", home: "/" };
    expect(imap.reaches?.(options({}), folders)).toEqual([
      { to: "host", url: "imaps://imap.example.com:993" },
    ]);
    expect(imap.reaches?.(options({ tls: "starttls", host: "2001:db8::1", seen: "mark" }), folders)).toEqual([
      { to: "host", url: "imap://[2001:db8::1]:143", method: "STORE" },
    ]);
  });
});
