// Where editors find the schemas of configs and recipes: published with each version, so that a file needs none beside it.

import { version } from "../version.ts";

/** That of the newest patch of this minor version. */
export function schemaUrl(of: "channels" | "recipe"): string {
  const minor = version.split(".").slice(0, 2).join(".");
  return `https://unpkg.com/channel-router@${minor}/schema/${of}.schema.json`;
}
