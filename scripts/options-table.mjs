// A connector's options as a Markdown table for its page in docs/connectors/.

export function optionsTable(schema) {
  const rows = rowsOf(schema, "");
  return `| option | type | default | what it does |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function rowsOf(schema, prefix) {
  return Object.entries(schema.properties ?? {}).flatMap(([key, option]) => {
    const name = `${prefix}${key}`;
    const required = schema.required?.includes(key) ? "required" : "";
    const fallback = option.default === undefined ? required : `\`${JSON.stringify(option.default)}\``;
    const row = `| \`${name}\` | ${typeOf(option)} | ${fallback} | ${(option.description ?? "").replaceAll("|", "\\|")} |`;
    return [row, ...rowsOf(option, `${name}.`)];
  });
}

function typeOf(option) {
  if (option.format) return option.format;
  if (option.enum)
    return option.enum.length > 6
      ? "one of a list, see below"
      : option.enum.map((value) => `\`${value}\``).join(" ");
  if (option.type === "array") return `list of ${typeOf(option.items ?? {})}`;
  if (option.anyOf ?? option.oneOf) return (option.anyOf ?? option.oneOf).map(typeOf).join(" or ");
  if (option.type === "string") return option["x-secret"] ? "secret text" : "text";
  if (Array.isArray(option.type)) return option.type.join(" or ");
  return option.type ?? "any";
}
