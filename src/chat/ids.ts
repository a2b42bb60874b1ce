// Ids that Claude passes to a tool. A platform may read several spellings as one id ("9002", " 9002",
// "9002.0", "+9002", "0x232a"); here only the canonical form is an id, so that two ids are the same exactly
// when their texts are.

import type { IdForm } from "../contract/chat.ts";
import { ConnectorError } from "../errors.ts";

/** Throws a ConnectorError (E_TOOL_INPUT) for an id in any other form. `what`: `message_id`. */
export function checkId(what: string, id: string, form: IdForm | undefined): void {
  if (form === undefined || new RegExp(form.pattern).test(id)) return;
  throw new ConnectorError(
    "E_TOOL_INPUT",
    `${what} ${JSON.stringify(id.slice(0, 40))} has the wrong format`,
    {
      hint: `ids look like ${form.example}, exactly as in the event and in the results of the tools`,
    },
  );
}
