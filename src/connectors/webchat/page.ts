// The page itself: one file without anything from elsewhere. Its policy lets run this very script, and nothing be loaded, framed or
// sent anywhere else.

import { createHash } from "node:crypto";
import { script } from "./page-script.ts";
import { style } from "./page-style.ts";

const hashOf = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export const pageHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

/** `name`: of the source, which is a plain word. */
export function page(name: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
<header>
<h1>${name}</h1>
<nav id="rooms" aria-label="Rooms"></nav>
<span id="state" role="status">connecting…</span>
<button id="name" type="button"></button>
</header>
<main id="log" role="log" aria-label="Messages" tabindex="0"></main>
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
<dialog id="ask" aria-labelledby="ask-title">
<form id="ask-form">
<label id="ask-title" for="ask-text"></label>
<input id="ask-text" type="text" maxlength="40" autocomplete="off">
<small id="ask-hint"></small>
<p><button id="ask-no" type="button">Cancel</button><button class="main">OK</button></p>
</form>
</dialog>
<script>${script}</script>
</html>
`;
}
