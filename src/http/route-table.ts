// Which route a request belongs to. A table is never changed: a new one replaces it, and a request ends on
// the table that it started with.

import findMyWay from "find-my-way";
import type { Route } from "../contract/host.ts";

export type Match =
  | { readonly kind: "route"; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: "no-path" }
  | { readonly kind: "no-method"; readonly allow: readonly string[] };

export interface RouteTable {
  readonly routes: readonly Route[];
  /** `url` is the request target: a path with perhaps a query. */
  find(method: string, url: string): Match;
}

const maxParamLength = 1_000;

export function createRouteTable(routes: readonly Route[]): RouteTable {
  const router = findMyWay({ ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength });
  const methods = new Set<string>();
  for (const route of routes) {
    for (const method of route.methods) {
      methods.add(method);
      // find-my-way requires a handler; only the store that comes with a match is used here.
      router.on(method as findMyWay.HTTPMethod, route.path, unused, route);
    }
  }

  const lookUp = (method: string, url: string) => router.find(method as findMyWay.HTTPMethod, url);

  return {
    routes,
    find(method, url) {
      const path = pathOf(url);
      if (path === undefined) return { kind: "no-path" };
      const found = methods.has(method) ? lookUp(method, path) : null;
      if (found !== null) return asMatch(found);
      // GET first: a HEAD is a GET without the body of the answer.
      const others = [...methods].sort(getFirst).flatMap((other) => {
        const one = lookUp(other, path);
        return one === null ? [] : [{ method: other, found: one }];
      });
      const head = others.find((other) => (other.found.store as Route).answersHead === true)?.found;
      if (method === "HEAD" && head !== undefined) return asMatch(head);
      const allow = [...(head === undefined ? [] : ["HEAD"]), ...others.map((other) => other.method)].sort();
      return allow.length > 0 ? { kind: "no-method", allow } : { kind: "no-path" };
    },
  };
}

const getFirst = (one: string, other: string) => Number(other === "GET") - Number(one === "GET");

function asMatch({ store, params }: findMyWay.FindResult<findMyWay.HTTPVersion.V1>): Match {
  return { kind: "route", route: store as Route, params: params as Record<string, string> };
}

/** The path of a request target, whether in origin form (`/a?b`) or absolute form (`http://host/a?b`, RFC 9112 3.2). */
function pathOf(url: string): string | undefined {
  const target = url.startsWith("/") ? url : URL.canParse(url) ? new URL(url).pathname : undefined;
  const end = target?.search(/[?#]/) ?? -1;
  return end === -1 ? target : target?.slice(0, end);
}

function unused(): void {}
