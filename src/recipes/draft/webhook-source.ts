// The source of a drafted recipe whose events are requests: its path and how the sender signs.

import type { JsonObject } from "../../contract.ts";
import type { DraftInput, DraftSource } from "./draft-source.ts";

export interface WebhookWishes {
  readonly recipe: string;
  readonly path: string;
  /** The options of `verify` without its secret; undefined if requests are not verified. */
  readonly verify: Readonly<Record<string, string>> | undefined;
  /** The option `parse`, if the config sets it. */
  readonly parse?: string | undefined;
}

/** Named after the preset; a generic scheme does not identify the sender. */
export function webhookSource({ recipe, path, verify, parse }: WebhookWishes): DraftSource {
  const variable = `${recipe.replaceAll("-", "_").toUpperCase()}_SECRET`;
  const secret: DraftInput = {
    name: "secret",
    type: "secret",
    description: "The secret of the webhook.",
    example: `\${${variable}}`,
  };
  const options: JsonObject = {
    path: "${inputs.path}",
    ...(parse === undefined ? {} : { parse }),
    ...(verify === undefined ? {} : { verify: { ...verify, secret: "${inputs.secret}" } }),
  };
  return {
    name: webhookName(verify?.scheme ?? "none"),
    type: "http",
    options,
    inputs: [
      ...(verify === undefined ? [] : [secret]),
      {
        name: "path",
        type: "string",
        default: path,
        pattern: "^/",
        description: "The path of the webhook's URL.",
      },
    ],
    capabilities: {
      listen: ["${inputs.path}"],
      ...(verify === undefined ? {} : { secrets: { secret: ["verify"] } }),
    },
    setup:
      verify === undefined
        ? ["At the sender, add a webhook with the URL of your router, followed by ${inputs.path}"]
        : [
            `Create a secret:  openssl rand -hex 32\nPut it in .env next to channels.yaml:  ${variable}=...`,
            "At the sender, add a webhook: the public URL of your router, followed by ${inputs.path}, and the same secret.",
          ],
  };
}

export function webhookName(scheme: string): string {
  return /^(?:hmac|bearer|basic|token|none|jwt|public_key)$/.test(scheme) ? "webhook" : scheme;
}

/** Recognizes the sender by a header that only it sends. */
export function schemeOf(headers: Readonly<Record<string, string>>): string {
  const known = [
    ["x-gitea-event", "gitea"],
    ["x-github-event", "github"],
    ["x-gitlab-event", "gitlab"],
    ["x-shopify-topic", "shopify"],
    ["sentry-hook-resource", "sentry"],
    ["linear-event", "linear"],
    ["x-buildkite-event", "buildkite"],
  ] as const;
  return known.find(([header]) => headers[header] !== undefined)?.[1] ?? "bearer";
}
