// The names that a file sink may write to in its folder.

import { UsageError } from "../../../errors.ts";

/**
 * Maximum of a name, in UTF-8 bytes: the limit of common file systems, less the suffix of an atomic write.
 */
const maxNameBytes = 200;
/** Names that Windows reserves for devices, and the short names that it makes of others. */
const device = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$|clock\$)\s*(?:\.|$)/i;
const shortName = /^[^.]{1,8}~\d+(?:\.|$)/;

/** The name itself. Throws E_SINK_REFUSED, with a hint, for a text that could be more than a file name. */
export function safeName(name: string): string {
  const refuse = (message: string, hint: string): never => {
    throw new UsageError("E_SINK_REFUSED", message, { hint });
  };
  const take = "use letters, digits, - and _";
  if (name.trim() === "") return refuse("the file would have no name", take);
  if (/[/\\]/.test(name)) return refuse("the file's name would hold a / or \\", "name a file, not a folder");
  if (name.startsWith(".")) return refuse("the file's name would begin with a dot", take);
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}:*?"<>|]/u.test(name))
    return refuse("the file's name would hold a character that names cannot have", take);
  if (/^\s|[\s.]$/.test(name))
    return refuse("the file's name would begin or end with a space or end with a dot", take);
  if (shortName.test(name)) return refuse("this name could be the short one of another file", take);
  if (device.test(name)) return refuse("this name belongs to a device", take);
  if (Buffer.byteLength(name) > maxNameBytes)
    return refuse("the file's name would be too long", "use a shorter one");
  return name;
}
