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
    text: [
      head(request),
      elide(clean(request.description), maxDescription),
      elide(clean(request.preview), shortPreview),
      tail(request, session, expireMs),
    ]
      .filter((line) => line !== "")
      .join("\n"),
    buttons: [
      ...(isCut ? [{ button: "more" as const, label: "See more" }] : []),
      { button: "allow", label: "✅ Allow" },
      { button: "deny", label: "❌ Deny" },
    ],
  };
}

/** What `See more` shows. */
export function writeDetails(request: PermissionRequest, session: AskingSession, expireMs: number): string {
  return [
    head(request),
    elide(clean(request.description), maxDescription),
    elide(clean(request.preview), longPreview),
    tail(request, session, expireMs),
  ].join("\n");
}

/** In place of a prompt that is over. */
export function writeOutcome(request: PermissionRequest, outcome: string): string {
  return `${head(request)}\n${elide(clean(request.preview), 120).replaceAll("\n", " ")}\n${outcome}`;
}

function head({ tool }: PermissionRequest): string {
  return `🔐 Permission: ${elide(clean(tool), 120)}`;
}

function tail({ id }: PermissionRequest, { project, label }: AskingSession, expireMs: number): string {
  const named = label === undefined ? "" : `, session ${elide(clean(label), 60)}`;
  const minutes = Math.max(1, Math.round(expireMs / 60_000));
  return `\nfor ${elide(clean(project), 120)}${named}\nWithin ${minutes} min: yes ${id} or no ${id}`;
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

/** Control and direction characters could make a prompt read as something else. */
function clean(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\P{C}\n\t]/gu, "")
    .trim();
}
