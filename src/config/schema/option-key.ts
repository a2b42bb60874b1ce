// The only place that converts a YAML key to a TypeScript key, for the option types and the loader.

/**
 * `max_body` -> `maxBody`; with the unit in the name where the schema's `format` has one: a `duration` is milliseconds
 * (`toleranceMs`), a `size` is bytes (`maxBodyBytes`).
 */
export function optionKey(key: string, format: unknown): string {
  const camel = key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  if (format === "duration") return `${camel}Ms`;
  if (format === "size") return `${camel}Bytes`;
  return camel;
}
