// The `file` sink type: notes, logs and drafts in one folder.

import { relative, sep } from "node:path";
import type { OutgoingFile, SinkType } from "../../../contract/sink.ts";
import { UsageError } from "../../../errors.ts";
import { protectedFolder, protectedName } from "../../../files/protected-places.ts";
import { absolute, isWithin } from "../../../within.ts";
import { safeName } from "./name.ts";
import { type FileSinkOptions, fileSinkOptions } from "./options.ts";
import { validate } from "./options.ts?validator";
import { writeOutgoing } from "./write.ts";

export const fileSink: SinkType<FileSinkOptions, OutgoingFile> = {
  type: "file",
  summary: "Writes to files of one folder.",
  options: fileSinkOptions,
  validate,
  check({ path }, folders) {
    if (path.includes("{{"))
      return [{ path: ["path"], message: "the folder must be literal", hint: "put the values into file:" }];
    const why = protectedFolder(absolute(path, folders), folders.home);
    return why === undefined
      ? []
      : [
          {
            path: ["path"],
            message: `sinks cannot write there: ${why}`,
            hint: "name a folder for notes only",
          },
        ];
  },
  reaches({ path, mode }, folders) {
    const folder = absolute(path, folders);
    return [
      {
        to: "write",
        path: folder,
        outside: leavesFolder(folder, folders.folder),
        replaces: mode === "write",
      },
    ];
  },
  prepare({ path, mode, file, content: template }, { roots, code, folders }) {
    const name = safeName(code.template("file")?.(roots) ?? "");
    // A literal name is the choice of the config.
    const why = file.includes("{{") ? protectedName(name, folders.home) : undefined;
    if (why !== undefined)
      throw new UsageError("E_SINK_REFUSED", `${name} is not written: ${why}`, { hint: "use another name" });
    const content = code.template("content")?.(roots) ?? "";
    if (content.trim() === "" && template.includes("{{"))
      throw new UsageError("E_SINK_REFUSED", `nothing is written to ${name}: the content would be empty`, {
        hint: "give the arguments that it is made of",
      });
    return {
      kind: "file",
      folder: absolute(path, folders),
      file: name,
      mode,
      content,
    };
  },
  create: (_, __, host) => ({ send: (outgoing) => writeOutgoing(outgoing, host) }),
};

/** A folder whose name begins with a dot, such as .git, contains files that other programs act on. */
function leavesFolder(folder: string, config: string): boolean {
  return (
    !isWithin(folder, config) ||
    relative(config, folder)
      .split(sep)
      .some((part) => part.startsWith("."))
  );
}
