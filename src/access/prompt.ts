// The words of a permission prompt. What the client says of a call is shown as it came, in full or with a note of how much
// was left out of the middle: nobody approves what they were not shown without being told so.

import type { PermissionPrompt } from "../contract/chat.ts";

/** As the client asks: four texts (Claude Code's channels reference, "permission_request"). */
export interface PermissionRequest {
  /** Five letters. */
  readonly id: string;
  readonly tool: string;
  readonly description: string;
  /** Display text in the shape of JSON; not to be parsed. */
  readonly preview: string;
}

/** Who asks. */
export interface AskingSession {
  readonly id: string;
  readonly project: string;
  readonly label?: string;
}

const shortPreview = 280;
/** A message that holds it has room on every platform that takes 2,000 characters. */
const longPreview = 1_400;
const maxDescription = 300;

export function writePrompt(
  request: PermissionRequest,
  session: AskingSession,
  expireMs: number,
): PermissionPrompt {
  const isCut =
    clean(request.preview).length > shortPreview || clean(request.description).length > maxDescription;
  return {
    id: request.id,
    text: [head(request), ...theirWords(request, shortPreview), tail(request, session, expireMs)].join("\n"),
    buttons: [
      ...(isCut ? [{ button: "more" as const, label: "See more" }] : []),
      { button: "allow", label: "✅ Allow" },
      { button: "deny", label: "❌ Deny" },
    ],
  };
}

/** What `See more` shows. */
export function writeDetails(request: PermissionRequest, session: AskingSession, expireMs: number): string {
  return [head(request), ...theirWords(request, longPreview), tail(request, session, expireMs)].join("\n");
}

/** What the client says of the call, and a model wrote: each line is marked, so that none can pass for one of ours. */
function theirWords({ description, preview }: PermissionRequest, max: number): string[] {
  const words = [elide(clean(description), maxDescription), elide(clean(preview), max)];
  return words.filter((text) => text !== "").map((text) => text.replaceAll(/^/gm, "│ "));
}

/** In place of a prompt that is over. */
export function writeOutcome(request: PermissionRequest, outcome: string): string {
  return `${head(request)}\n│ ${oneLine(request.preview, 120)}\n${outcome}`;
}

function head({ tool }: PermissionRequest): string {
  return `🔐 Permission: ${oneLine(tool, 120)}`;
}

/** Does the text say of itself, anywhere, that it is a prompt? */
export function hasPromptHead(text: string): boolean {
  return /[🔐🔏🔒🔓]\s*\W*permission\W{0,4}:/iu.test(text);
}

function oneLine(text: string, max: number): string {
  return elide(clean(text).replaceAll(/\s+/g, " "), max);
}

function tail({ id }: PermissionRequest, { project, label }: AskingSession, expireMs: number): string {
  const named = label === undefined ? "" : `, session ${oneLine(label, 60)}`;
  const within =
    expireMs < 90_000 ? `${Math.round(expireMs / 1_000)} s` : `${Math.round(expireMs / 60_000)} min`;
  return `\nfor ${oneLine(project, 120)}${named}\nWithin ${within}: yes ${id} or no ${id}`;
}

/** The beginning and the end: what was left out is in the middle, and said. */
function elide(text: string, max: number): string {
  if (text.length <= max) return text;
  const note = (count: number) => ` ⋯ ${count} characters left out ⋯ `;
  const kept = max - note(text.length).length;
  const start = cut(text, 0, Math.ceil(kept * 0.7));
  const end = cut(text, text.length - Math.floor(kept * 0.3), text.length);
  return `${start}${note(text.length - start.length - end.length)}${end}`;
}

function cut(text: string, from: number, to: number): string {
  return text
    .slice(from, to)
    .toWellFormed()
    .replaceAll(/^\uFFFD|\uFFFD$/g, "");
}

/** Control and direction characters could make a prompt read as something else, and empty lines could push it out of sight. */
function clean(text: string): string {
  return text
    .replaceAll(/\r\n?|[\v\f\u0085\u2028\u2029]/g, "\n")
    .replaceAll(/[^\P{C}\n\t]|[\u115F\u1160\u2800\u3164\uFFA0]/gu, "")
    .replaceAll(/\n\s*\n/g, "\n")
    .replaceAll(/[^\S\n]{8,}/g, (blanks) => ` ⋯ ${blanks.length} blanks ⋯ `)
    .trim();
}
