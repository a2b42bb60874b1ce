// The `file` sink type: notes, logs and drafts in one folder.

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
  powers({ path }, surroundings) {
    const folder = absolute(path, surroundings);
    return isWithin(folder, surroundings.folder) ? [] : [{ power: "write", value: folder }];
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
