// The text of a permission prompt, in as many pages as a chat needs to show all of it. The client's
// description of a call is shown verbatim: nobody approves what they have not seen, so only the last page can
// be approved, and only when nothing is missing.

import type { PermissionPrompt, PromptLine, PromptText } from "../contract/chat.ts";
import { paginate } from "./pages.ts";
import { visible, visibleLine } from "./visible.ts";

/** As the client sends it: four texts (Claude Code's channels reference, "permission_request"). */
export interface PermissionRequest {
  /** Five letters. */
  readonly id: string;
  readonly tool: string;
  readonly description: string;
  /** Display text in JSON format; not to be parsed. */
  readonly preview: string;
}

/** Who asks. */
export interface AskingSession {
  readonly id: string;
  readonly project: string;
  readonly label?: string;
}

/** A request as it is shown to approvers. */
export interface AskedRequest {
  readonly request: PermissionRequest;
  readonly session: AskingSession;
  readonly expireMs: number;
  /** Unique to this request: a button of another request with the same id has another key. */
  readonly key: string;
  /** Whether the call has more content than the router received, or stores. */
  readonly isPartial: boolean;
}

const more = { button: "more", label: "See more" } as const;
const allow = { button: "allow", label: "✅ Allow" } as const;
const deny = { button: "deny", label: "❌ Deny" } as const;

export interface Pages {
  /** At least one. */
  readonly list: readonly PermissionPrompt[];
  /** Whether the pages together show everything: otherwise the last one has no Allow button. */
  readonly isWhole: boolean;
}

/** More than anybody reads on a phone. */
const maxPages = 30;

/** `length`: UTF-16 units of text by a model per page. */
export function writePages(asked: AskedRequest, length: number): Pages {
  const { request, key } = asked;
  const quoted = [visible(request.description), visible(request.preview)].filter((text) => text !== "");
  const all = paginate(quoted, length);
  const pages = all.slice(0, maxPages);
  const isWhole = !asked.isPartial && pages.length === all.length;
  const list = pages.map((texts, index): PermissionPrompt => {
    const isLast = index === pages.length - 1;
    const isOnly = pages.length === 1;
    return {
      id: buttonId(request.id, key),
      text: {
        title: isOnly ? title(request) : [...title(request), ` (part ${index + 1} of ${pages.length})`],
        quoted: texts,
        foot: index > 0 && !isLast ? [] : foot(asked, { hasMore: !isLast, isWhole }),
      },
      buttons: isLast ? (isWhole ? [allow, deny] : [deny]) : index === 0 ? [more, deny] : [],
    };
  });
  return { list, isWhole };
}

/** A prompt without a verdict, for a page that shows all of it at once and has buttons of its own. */
export interface WaitingPrompt {
  /** The payload of its buttons. */
  readonly id: string;
  readonly text: PromptText;
  /** Otherwise it can only be denied. */
  readonly isWhole: boolean;
  /** The id of the session that asks. */
  readonly session: string;
  readonly askedMs: number;
}

export function waitingPrompt(asked: AskedRequest & { readonly askedMs: number }): WaitingPrompt {
  const { request, session, key, isPartial, askedMs } = asked;
  const quoted = [visible(request.description), visible(request.preview)].filter((text) => text !== "");
  return {
    id: buttonId(request.id, key),
    text: { title: title(request), quoted, foot: [from(session), ...(isPartial ? [notWhole] : [])] },
    isWhole: !isPartial,
    session: session.id,
    askedMs,
  };
}

/** The payload of a prompt's buttons. */
export function buttonId(id: string, key: string): string {
  return `${id}${key}`;
}

/** The id of the request that a button names; its key is not verified yet. */
export function requestIdOf(buttonId: string): string {
  return buttonId.slice(0, 5);
}

/** Replaces a finished prompt. */
export function writeOutcome(request: PermissionRequest, outcome: string): PromptText {
  const line = visibleLine(request.preview, 120);
  return { title: title(request), quoted: line === "" ? [] : [line], foot: [[outcome]] };
}

/** Servers choose the names of tools: a name must not read as more of the title. */
function title({ tool }: PermissionRequest): PromptLine {
  const name = visibleLine(tool, 100).replaceAll(/[^\w.:@/-]/g, "_");
  return ["🔐 Permission: ", { code: name === "" ? "unknown" : name }];
}

function foot(
  { request: { id }, session, expireMs }: AskedRequest,
  { hasMore, isWhole }: { readonly hasMore: boolean; readonly isWhole: boolean },
): PromptLine[] {
  const within =
    expireMs < 90_000 ? `${Math.round(expireMs / 1_000)} s` : `${Math.round(expireMs / 60_000)} min`;
  const rest = `more ${id} (shows the rest)`;
  return [
    from(session),
    ...(isWhole ? [] : [notWhole]),
    hasMore
      ? [`Within ${within}: ${rest} or no ${id}`]
      : [`Within ${within}: ${isWhole ? `yes ${id} or ` : ""}no ${id}`],
  ];
}

const notWhole: PromptLine = ["Not all of it can be shown here: it can be allowed at the terminal only."];

function from({ project, label }: AskingSession): PromptLine {
  const named = label === undefined ? [] : [", session ", { code: visibleLine(label, 60) || "?" }];
  return ["for ", { code: visibleLine(project, 120) || "?" }, ...named];
}

/** Claude Code's own marks for omitted text (channels reference; before 2.1.211 a cut at 200 characters). */
export function isCutByClient({ description, preview }: PermissionRequest): boolean {
  const isCut = (text: string) =>
    /⋯\s*[\d.,_\s]+code points? elided\s*⋯/i.test(text) || text.includes("(value unserializable)");
  return (
    isCut(description) ||
    isCut(preview) ||
    (preview.length <= 204 && preview.length >= 198 && preview.endsWith("…"))
  );
}
