// No input of any kind blocks the event loop: whatever reads, walks, matches or shows what comes from outside is given texts of up to
// 1 MiB that are hard on parsers, patterns and writers, and pieces of them. A new reader of foreign text belongs in this table.

import { PassThrough } from "node:stream";
import { beforeAll, describe, expect, test } from "vitest";
import { readsLikePrompt } from "../../src/access/look-alike.ts";
import { writePages } from "../../src/access/prompt.ts";
import { readVerdict } from "../../src/access/relay-deps.ts";
import { visible, visibleLine } from "../../src/access/visible.ts";
import { decodeText } from "../../src/charset.ts";
import { safeFileName } from "../../src/chat/file-name.ts";
import { parseMarkdown, readable } from "../../src/chat/markdown.ts";
import { discordMarkdown, plain, slackMrkdwn, telegramHtml } from "../../src/chat/markup.ts";
import { wholePrompt } from "../../src/chat/prompt-text.ts";
import { splitMessage } from "../../src/chat/split-message.ts";
import { createLink } from "../../src/cluster/link.ts";
import { readFrame } from "../../src/cluster/protocol.ts";
import type { ConfigValues } from "../../src/config/values.ts";
import { startRun } from "../../src/connectors/command/run.ts";
import { entriesOf } from "../../src/connectors/feed/entries.ts";
import { readFeed } from "../../src/connectors/feed/read-feed.ts";
import { parseBody } from "../../src/connectors/http/parse-body.ts";
import { canonicalPath } from "../../src/connectors/http/path.ts";
import { concealPayload, createConcealer } from "../../src/connectors/http/verify/conceal.ts";
import { unescapeOnce } from "../../src/connectors/http/verify/unescape.ts";
import { readAuthResult } from "../../src/connectors/imap/auth-results.ts";
import { createEventStream } from "../../src/connectors/sse/event-stream.ts";
import { unwrapRelayed } from "../../src/connectors/sse/webhook-relay.ts";
import { containerFormat, readPiece } from "../../src/connectors/tail/container.ts";
import { createFormat } from "../../src/connectors/tail/format.ts";
import { LineReader } from "../../src/connectors/tail/lines.ts";
import { parseLogfmt } from "../../src/connectors/tail/logfmt.ts";
import { createTraceDetector } from "../../src/connectors/tail/traces.ts";
import { arrivalOf as arrivalOfFrame } from "../../src/connectors/websocket/source.ts";
import type { Json, JsonSchema, View } from "../../src/contract.ts";
import { loadEngine } from "../../src/daemon/start/load-engine.ts";
import { readDate } from "../../src/dates.ts";
import { didYouMean } from "../../src/did-you-mean.ts";
import { canonicalJson } from "../../src/filters/canonical.ts";
import { compileGlob } from "../../src/filters/glob.ts";
import { compileMatch } from "../../src/filters/match.ts";
import { proseOf } from "../../src/filters/prose.ts";
import { createMask, maskAll } from "../../src/host/secret-mask.ts";
import { parseMultipart } from "../../src/http/multipart.ts";
import { linesText, lineText } from "../../src/intake/html-text.ts";
import { guessJson, parseJson, parseJsonLines } from "../../src/intake/json.ts";
import { findJsonFault } from "../../src/intake/json-fault.ts";
import { linkTarget } from "../../src/intake/link-header.ts";
import { withoutEscapes } from "../../src/intake/terminal-escapes.ts";
import { decodeLine, encodeLine } from "../../src/journal/line-format.ts";
import { findJson } from "../../src/json.ts";
import { keyPart, keyText } from "../../src/key-parts.ts";
import type { Engine } from "../../src/plan/compile/channel.ts";
import { createSchemaCompiler } from "../../src/plan/compile/input-schema.ts";
import { readMessage, toLine } from "../../src/session/json-rpc.ts";
import { createLineReader } from "../../src/session/line-reader.ts";
import { finalContent } from "../../src/templates/budget.ts";
import { defaultContent } from "../../src/templates/default-content.ts";
import { withoutHidden, withoutHiddenInLines } from "../../src/text/hidden.ts";
import { forModel, metaValue, neutralise } from "../../src/text/neutralise.ts";
import { quote } from "../../src/text/quote.ts";
import { block, safeJson, safeLine } from "../../src/text.ts";
import { maxBlockMs, withWatchdog } from "../support/loop-watchdog.ts";
import { slowness } from "../support/slowness.ts";
import { hostileTexts } from "./hostile-texts.ts";

const mebibyte = 1024 * 1024;
/**
 * A part of each text is tried first, with a bound that a time in proportion to it would keep twice over. `CR_WHOLE_TEXTS` tries the whole
 * ones too, which takes many minutes.
 */
const sizes: readonly { readonly share: number; readonly part: number }[] = [
  { share: 8, part: 1 / 4 },
  ...(process.env.CR_WHOLE_TEXTS === undefined ? [] : [{ share: 1, part: 1 }]),
];
/** What is done at most is bounded, however much text there is: their texts are whole ones at once. */
const bounded: ReadonlySet<string> = new Set(["loops of templates"]);
/** As much as Node takes of all headers together. */
const headerBytes = 16_384;

const values = {
  server: { name: "router", instructions: "" },
  hosts: [],
  budget: { event: 500 },
  delivery: { catchUp: 20, keepMs: 1, maxSizeBytes: 1 },
  defaults: { ttlMs: 1, priority: "normal" },
  sources: {},
  sinks: {},
  channels: {
    c: {
      from: ["s"],
      when: "'a'.matches('a')",
      content: "{{#if a}}{{/if}}",
      vars: {},
      continue: false,
      to: "one",
    },
  },
} as unknown as ConfigValues;

let engine: Engine;
beforeAll(async () => {
  engine = await loadEngine(values, new Map());
});

function viewOf(text: string): View {
  const parsed = guessJson(text);
  const data = ("data" in parsed ? parsed.data : text) as Json;
  const roots = { id: "1", source: "s", connector: "http", time: "", vars: {}, inputs: {} };
  return { ...roots, data, text };
}

/** Reading the text is not part of the work. */
function onView(work: (view: View) => unknown): Work {
  const views = new Map<string, View>();
  return (text) => {
    const view = views.get(text) ?? viewOf(text);
    views.clear();
    views.set(text, view);
    return work(view);
  };
}

const bodyOf = (type: string) => (text: string) =>
  parseBody(Buffer.from(text), type === "" ? undefined : type);
const rss = (title: string) =>
  `<rss version="2.0"><channel><title>a</title><item><title>${title}</title></item></channel></rss>`;
const feedOf = (text: string) =>
  readFeed(
    { bytes: async () => Buffer.from(text), headers: {}, url: "http://h.example/" } as never,
    mebibyte,
  );
const pieces = (text: string) => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, n) =>
    bytes.subarray(n * 65_536, (n + 1) * 65_536),
  );
};
const nothing = () => {};

/** A command source as it runs, with a program that says this and an intake that takes all at once. */
async function said(text: string, format: "lines" | "json" | "text"): Promise<void> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const ended = Promise.resolve({ code: 0, signal: null });
  const child = { pid: 1, stdin: new PassThrough(), stdout, stderr, ended, kill: async () => {} };
  const host = { clock: {}, folder: "/", home: "/", spawn: async () => child };
  const options = {
    command: ["a"],
    format,
    maxLineBytes: mebibyte,
    maxOutputBytes: mebibyte,
    exitCodes: [0],
  };
  const emit = async () => ({}) as never;
  const run = await startRun(options as never, host as never, emit, new AbortController().signal, nothing);
  stderr.end();
  for (const piece of pieces(text)) stdout.write(piece);
  stdout.end();
  await run.ended;
}

function linkReads(text: string): void {
  const stream = new PassThrough({ writableHighWaterMark: 8 * mebibyte });
  createLink(stream, { onFrame: nothing, onLine: nothing, onQuestion: nothing });
  // What one read of a socket brings.
  for (const piece of pieces(text)) stream.emit("data", piece);
  stream.destroy();
}

/** What is done with a text that came from outside, and the size up to which it can be. */
type Work = (text: string) => unknown;

const readers: Readonly<Record<string, readonly [size: number, ...works: Work[]]>> = {
  JSON: [mebibyte, parseJson, parseJsonLines, guessJson, findJsonFault, findJson],
  "a body": [
    mebibyte,
    ...["", "text/plain", "text/plain; charset=windows-1252", "application/x-www-form-urlencoded"].map(
      bodyOf,
    ),
    ...["application/x-ndjson", "application/xml", "application/octet-stream"].map(bodyOf),
  ],
  "a multipart body": [
    mebibyte,
    (text) =>
      parseMultipart(
        Buffer.from(`--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n${text}`),
        "multipart/form-data; boundary=b",
      ),
  ],
  "a content type": [headerBytes, (text) => parseBody(Buffer.from("{}"), text)],
  "a path": [headerBytes, (text) => canonicalPath(`/${text}`), unescapeOnce],
  "a Link header": [
    headerBytes,
    (text) => linkTarget(text, "next"),
    (text) => linkTarget(`<${text}>; rel="${text}"`, "next"),
    (text) => linkTarget(`<a>${text}`, "next"),
  ],
  charsets: [
    mebibyte,
    ...["utf-8", "utf-16le", "shift_jis", "windows-1252", "gb18030"].map(
      (charset) => (text: string) => decodeText(Buffer.from(text), charset),
    ),
  ],
  "a feed": [
    mebibyte,
    async (text) => entriesOf(await feedOf(text), "http://h.example/"),
    async (text) => entriesOf(await feedOf(rss(`<![CDATA[${text}]]>`)), "http://h.example/"),
    (text) => lineText(text, 10_000),
  ],
  "a mail": [
    mebibyte,
    linesText,
    (text) => linesText(`<div style="display:none">${text}`),
    (text) => linesText(`<a style='${text}'>`),
    (text) => readAuthResult(text, "mx.example.com", "example.com"),
    (text) => readAuthResult(`mx.example.com; spf=pass ${text}`, "mx.example.com", "example.com"),
  ],
  "a stream of events": [
    mebibyte,
    async (text) => {
      const stream = createEventStream(mebibyte);
      for (const piece of pieces(text)) {
        for (const event of stream.read(piece)) await event;
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    (text) => [
      ...createEventStream(2 * mebibyte).read(Buffer.from(`data: ${text.replaceAll(/[\r\n]/g, " ")}\n\n`)),
    ],
  ],
  "a message of a stream": [mebibyte, unwrapRelayed, (text) => arrivalOfFrame(text, "ws://h.example/")],
  "a log": [
    mebibyte,
    (text) => new LineReader("utf-8", 0, 65_536).push(Buffer.from(text)),
    (text) => createFormat("json", undefined)(text, "f", 0),
    (text) => createFormat("logfmt", undefined)(text, "f", 0),
    parseLogfmt,
  ],
  "traces in a log": [
    mebibyte,
    (text) => {
      const detector = createTraceDetector(true);
      for (const one of text.split("\n").slice(0, 5_000)) detector.continues(one);
    },
    ...[
      "Traceback (most recent call last):",
      "panic: x",
      "Error: x",
      "java.lang.Exception: x",
      "goroutine 1",
    ].map((first) => (text: string) => {
      const detector = createTraceDetector(true);
      detector.continues(first);
      detector.continues(text);
    }),
  ],
  "the output of a program": [
    mebibyte,
    withoutEscapes,
    ...(["lines", "json", "text"] as const).map((format) => (text: string) => said(text, format)),
  ],
  "the lines of a container": [
    mebibyte,
    ...(["docker", "cri"] as const).flatMap((format) => [
      (text: string) => readPiece(format, text),
      (text: string) => readPiece(format, `2026-01-01T00:00:00Z stdout P:${text}`),
      (text: string) => readPiece(format, `{"log":${JSON.stringify(text)},"stream":"stdout"}`),
    ]),
    (text) => containerFormat({ container: "auto", format: "plain" }, text),
  ],
  prose: [mebibyte, proseOf, (text) => proseOf(`a\n> b\n${text}`)],
  // Of a sender that has proven itself.
  "what proved a request, in its body": [
    mebibyte / 2,
    onView(({ data, text = "" }) =>
      concealPayload({ data, text }, createConcealer(["a-secret-of-many"])(["aaaa"])),
    ),
  ],
  "a date": [
    mebibyte,
    readDate,
    (text) => readDate(text.slice(0, 60)),
    (text) => readDate(`2026-01-01T${text.slice(0, 40)}`),
  ],
  "a glob": [
    mebibyte,
    ...["**/a*b*c*d", "{a,b}*{c,d}*[x-z]*", "*".repeat(100), "?*?*?*?*z"].map(
      (glob) => (text: string) => compileGlob(glob)(text),
    ),
  ],
  "a pattern": [
    mebibyte,
    ...["(a|b)*c+d", "(x+x+)+y", "(?i)[\\p{L}]*z$", "(.*){20}x"].flatMap((pattern) => [
      (text: string) => {
        const regex = engine.regex(pattern);
        regex.begin();
        return regex.test(text);
      },
      (text: string) => engine.regex(pattern).groups(text),
    ]),
  ],
  match: [
    mebibyte,
    ...(
      [
        { "data.*.a": { regex: "(a|b)*c+d" } },
        { data: { glob: "**x*y*z" } },
        { text: { contains: "zz", not: { suffix: "q" } } },
      ] as Json[]
    ).map((pattern) => {
      const test = onView((view) => compileMatch(pattern, engine.regex).match?.test(view));
      return test;
    }),
  ],
  CEL: [
    mebibyte,
    ...[
      "text.matches('(x+x+)+y')",
      "text.contains(text + 'z')",
      "text.split('').size() > 1",
      "data == data && text < text",
      "data.exists(e, e == 'x')",
      "text.upperAscii() + text.lowerAscii() + string(size(text))",
      "text in [text, text]",
      "data",
    ].map((expression) =>
      onView((view) => engine.cel.compile(expression, { purpose: "value" }).evaluate(view)),
    ),
  ],
  templates: [
    mebibyte,
    ...[
      "{{text}}",
      "{{data}}",
      "{{truncate text 200}}",
      "{{upper text}}",
      "{{replace text 'a' 'bb'}}",
      "{{json data 2}}",
      "{{json data 10}}",
      "{{indent text 4}}",
      "{{code text}}",
      "{{date text}}",
      "{{yaml data}}",
    ].map((template) => onView((view) => engine.templates.compile(template).render(view))),
  ],
  "loops of templates": [
    mebibyte,
    ...[
      "{{#each data}}{{truncate ../data 1}}{{#if (eq ../data this)}}{{/if}}{{/each}}",
      "{{#each data}}{{this}}{{@key}}{{#each this}}{{this}}{{/each}}{{/each}}",
      "{{#each data}}{{#each ../data}}{{#if this}}{{#with this}}x{{/with}}{{/if}}{{/each}}{{/each}}",
      "{{#each data}}{{#each ../data}}{{#each ../../data}}{{/each}}{{/each}}{{/each}}",
      `{{#each data}}${"{{#if (eq (count ../data) 1)}}{{/if}}".repeat(400)}{{/each}}`,
      "{{#each data}}{{truncate (json ../data) 1}}{{count (yaml ../data)}}{{/each}}",
      `{{#each data}}${"{{this.a}}".repeat(990)}{{/each}}`,
    ].map((template) => onView((view) => engine.templates.compile(template).render(view))),
  ],
  "arguments of a sink": [
    mebibyte,
    ...(
      [
        { type: "string", pattern: "^(a|b)*c$" },
        { type: "string", enum: ["a", "b"], maxLength: 10 },
        { type: "array", uniqueItems: true },
        { type: "array", items: { type: "string", pattern: "(x+x+)+y", maxLength: 1 } },
        { type: "object", additionalProperties: { type: "string", minLength: 3 } },
        { anyOf: [{ type: "array", items: { type: "array", uniqueItems: true } }, { not: { const: "a" } }] },
      ] as JsonSchema[]
    ).flatMap((schema) => {
      const check = (a: Json) => {
        const whole = { type: "object", properties: { a: schema } };
        return createSchemaCompiler(engine.regex).compile(whole, ["sinks", "t", "input"], [])({ a });
      };
      return [check, onView(({ data }) => check(data))];
    }),
  ],
  keys: [
    mebibyte,
    onView((view) => engine.templates.compileKey("{{data}}/{{text}}")(view)),
    onView(({ data }) => canonicalJson(data)),
    (text) => keyText(`${keyPart(text)}${keyPart("a")}`),
    keyText,
  ],
  content: [
    mebibyte,
    onView(defaultContent),
    (text) => finalContent(text, 500),
    (text) => finalContent(text, 200_000),
  ],
  "what the model sees": [mebibyte, neutralise, forModel, metaValue],
  "what a terminal sees": [
    mebibyte,
    (text) => withoutHidden(text),
    (text) => withoutHiddenInLines(text),
    quote,
    (text) => block(text),
    (text) => safeLine(text),
    (text) => safeJson({ text }),
  ],
  masks: [
    mebibyte,
    (text) => createMask(["aaaaaaaaaa", "secret", "<<<<", '\\"\\"'])(text),
    onView(({ data }) => maskAll(data, createMask(["aaaa", "1.5e"]))),
  ],
  "a reply": [
    65_536,
    ...[telegramHtml, discordMarkdown, slackMrkdwn, plain].map(
      (markup) => (text: string) => splitMessage(text, markup, { max: 4_096, unit: "utf16" } as never),
    ),
    parseMarkdown,
    readable,
  ],
  "a message of a chat": [65_536, (text) => readsLikePrompt(text, ["abcde"]), readVerdict, safeFileName],
  "a permission prompt": [
    65_536,
    visible,
    (text) => visibleLine(text, 200),
    (text) => wholePrompt(text, 4_000),
    (text) =>
      writePages(
        {
          request: { id: "abcde", tool: "Bash", description: text, preview: text },
          key: "k",
          isPartial: false,
        } as never,
        3_000,
      ),
  ],
  "a line of the journal": [
    mebibyte,
    (text) => decodeLine(Buffer.from(text)),
    (text) => decodeLine(encodeLine({ type: "note", text })),
  ],
  "a line of the control protocol": [mebibyte, readFrame],
  "a burst of the control protocol": [
    mebibyte,
    linkReads,
    (text) => linkReads(text.replaceAll("\n", "\n{}\n")),
    (text) => linkReads('{"t":"c","n":1}\n=1 a\n?a\n'.repeat(text.length / 24)),
    (text) => linkReads("=1 \n".repeat(text.length / 4)),
    (text) => linkReads("\n".repeat(text.length)),
    (text) =>
      createLineReader({ maxLineBytes: mebibyte, onLine: nothing, onTooLong: nothing }).push(
        Buffer.from(text),
      ),
  ],
  "a message of the client": [mebibyte, readMessage, (text) => toLine({ text })],
  "a word of a command": [mebibyte, (text) => didYouMean(text, ["status", "sessions", "events"])],
};

describe("every text through", () => {
  test.each(Object.entries(readers))(
    "%s",
    async (reader, [size, ...works]) => {
      const shares = bounded.has(reader) ? [{ share: 1, part: 1 }] : sizes;
      const atMostMs = maxBlockMs * slowness();
      const slow: string[] = [];
      for (const { name, make } of hostileTexts) {
        const texts = shares.map(({ share }) => make(size / share));
        for (const [index, work] of works.entries()) {
          const blocks: number[] = [];
          for (const [at, { part }] of shares.entries()) {
            const best = await shortest(work, texts[at] as string, atMostMs * part);
            blocks.push(Math.round(best));
            if (best > atMostMs * part) slow.push(`${name} (${index}): ${blocks.join(", ")} ms`);
            // What is far below its part here stays so however it grows.
            if (best < (atMostMs * part) / 8) break;
          }
        }
      }
      expect(slow, `blocked for more than ${Math.round(atMostMs)} ms`).toEqual([]);
    },
    600_000,
  );
});

/** Of up to eight tries: the first one compiles the code, garbage is collected now and then, and other processes take the core. */
async function shortest(work: Work, text: string, enoughMs: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 8 && best > enoughMs; tries++)
    best = Math.min(best, (await withWatchdog(() => done(work, text))).blockedMs);
  return best;
}

async function done(work: Work, text: string): Promise<void> {
  try {
    await work(text);
  } catch (error) {
    // Refused, with an error of ours or of a library.
    if (error instanceof RangeError && /call stack/.test(error.message)) throw error;
  }
}
