// Names that users choose: of sources, channels, sinks and vars, and the keys of `meta`. Explains an invalid
// name and suggests a valid one.

import { metaKeyPattern, namePattern, ownMetaKeys } from "./schema/channel.ts";
import type { IssueDraft } from "./values.ts";
import { type Path, quoted } from "./yaml/problem.ts";

const validName = new RegExp(namePattern);
const validMetaKey = new RegExp(metaKeyPattern);

/** For a name that the schema rejected; `path` ends with it. */
export function nameProblem(name: string, path: Path): IssueDraft {
  return path.at(-2) === "meta" ? metaKeyProblem(name, path) : plainNameProblem(name, path);
}

function plainNameProblem(name: string, path: Path): IssueDraft {
  const suggestion = name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "");
  return {
    path,
    on: "key",
    code: "E_CONFIG_NAME",
    message: `the name ${quoted(name)} must be lower-case letters, digits and _, beginning with a letter`,
    ...(validName.test(suggestion) ? { hint: `write ${suggestion}` } : {}),
  };
}

function metaKeyProblem(name: string, path: Path): IssueDraft {
  const problem = (message: string, hint?: string): IssueDraft => ({
    path,
    on: "key",
    code: "E_CONFIG_META",
    message,
    hint,
  });
  if (name === "source") {
    return problem(
      'the meta key "source" is reserved for the client, which sets it itself',
      "choose another name",
    );
  }
  if ((ownMetaKeys as readonly string[]).includes(name)) {
    return problem(`the meta key "${name}" is set by the router`, "choose another name");
  }
  const suggestion = name.replace(/[^A-Za-z0-9_]+/g, "_").replace(/^(?=\d)/, "_");
  const hint = validMetaKey.test(suggestion) ? `write ${suggestion}` : undefined;
  return problem(
    `the client drops the meta key ${quoted(name)}: only letters, digits and _ are allowed`,
    hint,
  );
}

// The tools that every router has or may have: a sink is also a tool, and cannot use one of their names.

/** Idempotent tools: a repeated call changes nothing, or nothing more. */
export const repeatableTools: readonly string[] = [
  "ack",
  "download_attachment",
  "event",
  "fetch_messages",
  "pending",
  "silence",
  "status",
];

export const builtInTools: readonly string[] = [
  ...repeatableTools,
  "edit_message",
  "react",
  "reply",
  "send_message",
];
