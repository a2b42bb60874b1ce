// Whether the client libraries of chats are installed.

import { addHint, missingText } from "../../host/libraries.ts";
import { missingLibraries } from "../missing-libraries.ts";
import type { CheckInput, Finding } from "./check.ts";

export async function checkLibraries({
  config: { proven },
  env,
}: Pick<CheckInput, "config" | "env">): Promise<Finding[]> {
  if (proven === undefined) return [];
  return (await missingLibraries(proven.plan, env)).map((libraries) => ({
    name: "library",
    state: "fail",
    detail: `${missingText(libraries)}: its sources do not start`,
    todo: addHint(libraries),
  }));
}
