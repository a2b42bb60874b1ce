// The `file` sink type: notes, logs and drafts in one folder.

import { relative, sep } from "node:path";
import type { OutgoingFile, SinkType } from "../../../contract/sink.ts";
import { absolute, isWithin } from "../../../files/pattern.ts";
import { safeName } from "./name.ts";
import type { FileSinkOptions } from "./options.generated.ts";
import { fileSinkOptions } from "./options.ts";
import { validate } from "./validate.generated.js";
import { writeOutgoing } from "./write.ts";

export const fileSink: SinkType<FileSinkOptions, OutgoingFile> = {
  type: "file",
  summary: "Writes to files of one folder.",
  options: fileSinkOptions,
  validate,
  check: ({ path }) =>
    path.includes("{{")
      ? [{ path: ["path"], message: "the folder must be literal", hint: "put the values into file:" }]
      : [],
  reaches({ path, mode }, place) {
    const folder = absolute(path, place);
    return [
      { to: "write", path: folder, outside: leavesFolder(folder, place.folder), replaces: mode === "write" },
    ];
  },
  prepare: ({ path, mode }, { roots, code, place }) => ({
    kind: "file",
    folder: absolute(path, place),
    file: safeName(code.template("file")?.(roots) ?? ""),
    mode,
    content: code.template("content")?.(roots) ?? "",
  }),
  create: (_, __, { folder }) => ({ send: (outgoing) => writeOutgoing(outgoing, folder) }),
};

/** A folder whose name begins with a dot, such as .git, holds what other programs act on. */
function leavesFolder(folder: string, config: string): boolean {
  return (
    !isWithin(folder, config) ||
    relative(config, folder)
      .split(sep)
      .some((part) => part.startsWith("."))
  );
}
