// A running program whose config is edited under it.

import { eventually, type Project } from "../support/router.ts";

export const hello = (port: number, more = "") =>
  `listen: 127.0.0.1:${port}\nsources:\n  hello: { type: http, path: /hello }\n${more}`;
export const withContent = (port: number, content: string) =>
  hello(port, `channels:\n  hello: { from: hello, content: "${content} {{data.n}}" }\n`);

export function post(project: Project, path: string, body: unknown): Promise<Response> {
  return fetch(`${project.address}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Settles when this path answers with this status. */
export function answers(project: Project, path: string, status: number): Promise<boolean> {
  return eventually(() =>
    fetch(`${project.address}${path}`).then(
      (response) => response.status === status,
      () => false,
    ),
  );
}

/** 405: the path is there, and wants a POST. */
export const isThere = 405;
export const isAbsent = 404;
