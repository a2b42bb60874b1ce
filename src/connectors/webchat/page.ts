// The page itself: one file without external resources. Its policy allows exactly this script, and forbids
// loading, framing and sending to other hosts.

import { createHash } from "node:crypto";
import { keyScript } from "../../browser/page-keys.ts";
import { script as chatScript } from "./page-script.ts";
import { style } from "./page-style.ts";

/** In its own scope: nothing of it is accessible from outside. */
export const script = `(() => {\n"use strict";\nconst scope = "webchat";\n${keyScript}${chatScript}})();\n`;

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "img-src data: blob:",
    "worker-src 'none'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  // No other window, not even one of this origin, can get a reference to this one.
  "cross-origin-opener-policy": "noopener-allow-popups",
  "cache-control": "no-store",
};

/**
 * `name`: of the source, a plain word. `mark`: proves that this page is the router's own; empty for one that
 * is shown without.
 */
export function page(name: string, mark: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="page-mark" content="${mark}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<header>
<h1>${name}</h1>
<nav id="rooms" aria-label="Rooms"></nav>
<span id="state" role="status">connecting…</span>
<span id="browser"></span>
<button id="name" type="button"></button>
</header>
<main>
<div id="log" role="log" aria-label="Messages" tabindex="0"></div>
<div id="foot">
<button id="latest" type="button" hidden>New messages ↓</button>
<p id="typing" role="status" hidden>Claude is writing…</p>
<p id="notice" role="alert"></p>
</div>
<form id="form">
<div id="chips"></div>
<textarea id="text" rows="1" dir="auto" aria-label="Message" placeholder="Message" title="Enter sends, Shift+Enter begins a line"></textarea>
<input id="file" class="unseen" type="file" multiple><label for="file">Attach</label>
<button id="send" class="main">Send</button>
</form>
</main>
<dialog id="ask" aria-labelledby="ask-title">
<form id="ask-form">
<label id="ask-title" for="ask-text"></label>
<input id="ask-text" type="text" maxlength="40" autocomplete="off" aria-describedby="ask-hint ask-wrong">
<small id="ask-hint"></small>
<small id="ask-wrong" class="wrong" role="alert"></small>
<p><button id="ask-no" type="button">Cancel</button><button class="main">OK</button></p>
</form>
</dialog>
<script>${script}</script>
</html>
`;
}
