// The source of a drafted recipe whose events are requests: its path and how the sender signs.

import type { JsonObject } from "../../contract.ts";
import type { DraftInput, DraftSource } from "./draft-source.ts";

export interface WebhookWishes {
  readonly recipe: string;
  readonly path: string;
  /** The options of `verify` but its secret; undefined: requests are not verified. */
  readonly verify: Readonly<Record<string, string>> | undefined;
  /** How bodies are read, where the config says so. */
  readonly parse?: string | undefined;
}

/** Its name is that of the preset, which is the sender's; a generic scheme says nothing about the sender. */
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

/** The sender, by a header that only it sends. */
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
