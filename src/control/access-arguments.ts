// Validates an `access` request that came over the socket.

import type { AccessRequest } from "../access/administer.ts";
import { UsageError } from "../errors.ts";
import { asObject } from "../json.ts";
import { type Args, readFlag, readText } from "./arguments.ts";

export function readAccessRequest(args: Args): AccessRequest {
  const request = asObject(args.request);
  const what = readText(request, "do");
  const text = (name: string) => readText(request, name);
  const optional = <K extends string>(name: K) =>
    (request[name] === undefined ? {} : { [name]: text(name) }) as { readonly [key in K]?: string };
  const source = optional("source");
  switch (what) {
    case "list":
      return { do: what };
    case "pair":
    case "deny":
      return { do: what, code: text("code") };
    case "allow":
    case "remove":
      return { do: what, person: text("person"), ...optional("name"), ...source };
    case "policy": {
      const dm = text("dm");
      if (dm !== "pairing" && dm !== "allowlist" && dm !== "disabled" && dm !== "config") break;
      return { do: what, dm, ...source };
    }
    case "group": {
      const { allow } = request;
      if (!Array.isArray(allow) || !allow.every((id) => typeof id === "string")) break;
      return {
        do: what,
        chat: text("chat"),
        allow: allow as string[],
        mention: readFlag(request, "mention"),
        ...source,
      };
    }
    case "ungroup":
      return { do: what, chat: text("chat"), ...source };
  }
  throw new UsageError("E_USAGE", `this router does not know how to ${what.slice(0, 40)} access`);
}
