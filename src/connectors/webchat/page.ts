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
<style>${style}</style>
<header><h1>${name}</h1><nav id="rooms"></nav><span id="state" role="status"></span><button id="name"></button></header>
<main id="log" aria-live="polite"></main>
<p id="typing" hidden>Claude is writing…</p>
<form id="form">
<p id="chips"></p>
<textarea id="text" rows="2" aria-label="Message" placeholder="Enter sends, Shift+Enter begins a line"></textarea>
<label><input id="file" type="file" multiple hidden>Attach</label>
<button>Send</button>
</form>
<script>${script}</script>
</html>
`;
}
