// Where the user is: the fragment of the address, so the router never sees it and Back works.

import { computed, signal } from "@preact/signals";

export type PageName = "live" | "event" | "try" | "chat" | "people" | "sessions";

export interface Route {
  readonly page: PageName;
  /** Of `#event=ID`, or `#try=ID`. */
  readonly id?: string;
}

const names: readonly PageName[] = ["live", "event", "try", "chat", "people", "sessions"];
const hash = signal("");

export const route = computed(() => readRoute(hash.value));

/** `onCode` gets a one-time code that was in the address. */
export function startRoute(onCode: (code: string) => void): void {
  const follow = () => {
    const code = takeCode();
    hash.value = location.hash;
    if (code !== undefined) onCode(code);
  };
  follow();
  addEventListener("hashchange", follow);
}

/** Removed from the address, and from the history, before anything else happens. */
function takeCode(): string | undefined {
  if (!location.hash.startsWith("#enter")) return undefined;
  const code = /^#enter=([\w-]{4,200})$/.exec(location.hash)?.[1];
  history.replaceState(null, "", `${location.pathname}#live`);
  return code;
}

export function go(page: PageName, id?: string): void {
  location.hash = hrefOf(page, id);
}

export function hrefOf(page: PageName, id?: string): string {
  if (id === undefined) return `#${page}`;
  // Half of a pair has no UTF-8.
  return `#${page}=${encodeURIComponent(id.replace(/\p{Surrogate}/gu, "\ufffd"))}`;
}

function readRoute(text: string): Route {
  const [, name = "", id] = /^#([a-z]+)(?:=(.*))?$/.exec(text) ?? [];
  const page = names.find((one) => one === name) ?? "live";
  return id === undefined || id === "" ? { page } : { page, id: decoded(id) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
