// A folder of its own for each load, with a home that nobody else uses, and a small source type that has one of
// everything an option can be.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import { onTestFinished } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { unitFormats } from "../../src/config/schema/unit-formats.ts";
import type { LoadedConfig } from "../../src/config/values.ts";
import { connectors, sinkTypes } from "../../src/connectors/index.ts";
import type { JsonSchema, SourceType, SourceTypeEntry } from "../../src/contract.ts";
import { loadRegex } from "../../src/filters/regex.ts";
import { escapeForTemplate } from "../../src/templates/literal.ts";

const probeOptions: JsonSchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    url: { type: "string", description: "Where to." },
    every: { type: "string", format: "duration", default: "5m", description: "How often." },
    max_size: { type: "string", format: "size", default: "1MiB", description: "How much." },
    limit: { type: "integer", minimum: 1, description: "How many." },
    follow: { type: "boolean", description: "Whether." },
    text: { type: "string", "x-template": true, description: "A template." },
    items: { type: "string", "x-cel": true, description: "An expression." },
    headers: { type: "object", additionalProperties: { type: "string" }, description: "Names as they are." },
    auth: {
      type: "object",
      additionalProperties: false,
      description: "Who we are.",
      properties: {
        user_name: { type: "string", description: "The user." },
        secret: {
          anyOf: [
            { type: "string", minLength: 4 },
            { type: "array", items: { type: "string" } },
          ],
          "x-secret": true,
          description: "The secret.",
        },
      },
    },
  },
};

const ajv = new Ajv({ allErrors: true, useDefaults: true, strict: true });
ajv.addVocabulary(["x-secret", "x-template", "x-cel", "x-deep", "x-order"]);
for (const [name, pattern] of Object.entries(unitFormats)) ajv.addFormat(name, pattern);

const probe: SourceType = {
  type: "probe",
  summary: "One of everything.",
  options: probeOptions,
  validate: ajv.compile(probeOptions) as SourceType["validate"],
  meta: {},
  sampleArrival: (_, payload) => ({ data: payload, text: payload, trust: "local" }),
  create: () => ({ start: async () => {}, stop: async () => {} }),
};

export const registry: readonly SourceTypeEntry[] = [
  ...connectors,
  { type: "probe", load: async () => probe as SourceType<never> },
];

export interface Loading {
  readonly env?: Readonly<Record<string, string>>;
  /** Further files, by path relative to the config's folder. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "router-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Loads `text` as `channels.yaml` of a new folder. */
export async function load(text: string | Buffer, loading: Loading = {}): Promise<LoadedConfig> {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries({ "channels.yaml": text, ...loading.files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return loadConfig("channels.yaml", {
    env: { HOME: join(folder, "home"), ...loading.env },
    registry,
    sinkRegistry: sinkTypes,
    escapeForTemplate,
    loadPatterns: loadRegex,
    cwd: folder,
  });
}

/** `line:column path: message (CODE) [hint]`, one for each issue. */
export function told({ issues }: Pick<LoadedConfig, "issues">): string[] {
  return issues.map(
    ({ line, column, path, message, code, hint }) =>
      `${line}:${column} ${path}: ${message} (${code})${hint === undefined ? "" : ` [${hint}]`}`,
  );
}
