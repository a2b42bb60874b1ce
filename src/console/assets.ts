// The files of the page, as scripts/console.mjs wrote them: compressed, with a hash in their names. And the page itself, which has
// no script and no style in it, so that its policy can forbid both.

import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { packageFolder } from "../config/recipe/bundled.ts";
import type { Json } from "../contract.ts";
import { asObject } from "../json.ts";
import { readRegular } from "../regular-file.ts";

export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "connect-src 'self'",
    "worker-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  // No other window can get a reference to this one, and no other site can load anything of it.
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
};

/** The parsed file. It stays in memory: an update of the package may replace it on disk while pages are open. */
interface Pack {
  readonly script: string;
  readonly style: string | undefined;
  readonly preload: readonly string[];
  readonly files: ReadonlyMap<string, Buffer>;
}

const namePattern = /^[\w.-]{1,80}-[A-Za-z0-9_]{6,64}\.(js|css|svg|png|woff2)$/;
const types: Readonly<Record<string, string>> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  woff2: "font/woff2",
};

export class PageFiles {
  readonly #path: string;
  #pack: Promise<Pack | undefined> | undefined;

  /** `path`: default that of the package. */
  constructor(path = join(packageFolder(), "dist", "console.bin")) {
    this.#path = path;
  }

  /** `mark`: proves that the page is the router's own; empty for one that is shown without. */
  async page(mark: string): Promise<string> {
    const pack = await this.#opened();
    const at = (name: string) => `/assets/${name}`;
    const parts =
      pack === undefined
        ? ["<p>The files of the console are missing in this installation of channel-router.</p>"]
        : [
            ...(pack.style === undefined ? [] : [`<link rel="stylesheet" href="${at(pack.style)}">`]),
            ...pack.preload.map((name) => `<link rel="modulepreload" href="${at(name)}">`),
            `<script type="module" src="${at(pack.script)}"></script>`,
          ];
    return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="page-mark" content="${mark}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>channel-router</title>
<link rel="icon" href="data:,">
${parts.join("\n")}
<div id="app"></div>
<noscript>The console needs JavaScript.</noscript>
</html>
`;
  }

  /** False when there is no such file. */
  async answer(name: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const type = types[namePattern.exec(name)?.[1] ?? ""];
    if (type === undefined) return false;
    const packed = (await this.#opened())?.files.get(name);
    if (packed === undefined) return false;
    const takesPacked = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
    const body = takesPacked ? packed : gunzipSync(packed);
    response.writeHead(200, {
      ...pageHeaders,
      "content-type": type,
      "content-length": body.length,
      ...(takesPacked ? { "content-encoding": "gzip" } : {}),
      vary: "accept-encoding",
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
    });
    response.end(request.method === "HEAD" ? undefined : body);
    return true;
  }

  #opened(): Promise<Pack | undefined> {
    this.#pack ??= readPack(this.#path);
    return this.#pack;
  }
}

async function readPack(path: string): Promise<Pack | undefined> {
  try {
    const bytes = await readRegular(path);
    const end = bytes.indexOf("\n");
    const { script, style, preload, files } = asObject(JSON.parse(bytes.subarray(0, end).toString()) as Json);
    const isName = (name: unknown): name is string => typeof name === "string" && namePattern.test(name);
    if (!isName(script)) return undefined;
    const spans = Object.entries(asObject(files)) as [string, [offset: number, length: number]][];
    const start = end + 1;
    return {
      script,
      style: isName(style) ? style : undefined,
      preload: Array.isArray(preload) ? preload.filter(isName) : [],
      files: new Map(
        spans.map(([name, [offset, length]]) => [
          name,
          bytes.subarray(start + offset, start + offset + length),
        ]),
      ),
    };
  } catch {
    return undefined;
  }
}
