// The files of the page, as the build wrote them: compressed, with a hash in their names. And the page itself, which has
// no script and no style in it, so that its policy can forbid both.

import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { packageFolder } from "../config/recipe/bundled.ts";
import { isObject } from "../json.ts";
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

interface Manifest {
  readonly script: string;
  readonly style: string | undefined;
  readonly preload: readonly string[];
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
  readonly #folder: string;
  #manifest: Promise<Manifest | undefined> | undefined;

  /** `folder`: default that of the package. */
  constructor(folder = join(packageFolder(), "dist", "console")) {
    this.#folder = folder;
  }

  /** `mark`: proves that the page is the router's own; empty for one that is shown without. */
  async page(mark: string): Promise<string> {
    this.#manifest ??= readManifest(join(this.#folder, "manifest.json"));
    const manifest = await this.#manifest;
    const at = (name: string) => `/assets/${name}`;
    const parts =
      manifest === undefined
        ? ["<p>The files of the console are missing in this installation of channel-router.</p>"]
        : [
            ...(manifest.style === undefined ? [] : [`<link rel="stylesheet" href="${at(manifest.style)}">`]),
            ...manifest.preload.map((name) => `<link rel="modulepreload" href="${at(name)}">`),
            `<script type="module" src="${at(manifest.script)}"></script>`,
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
    const packed = await readRegular(join(this.#folder, `${name}.gz`)).catch(() => undefined);
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
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  try {
    const read: unknown = JSON.parse((await readRegular(path)).toString());
    if (!isObject(read as never)) return undefined;
    const { script, style, preload } = read as Record<string, unknown>;
    const isName = (name: unknown): name is string => typeof name === "string" && namePattern.test(name);
    if (!isName(script)) return undefined;
    return {
      script,
      style: isName(style) ? style : undefined,
      preload: Array.isArray(preload) ? preload.filter(isName) : [],
    };
  } catch {
    return undefined;
  }
}
