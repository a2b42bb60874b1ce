// Access without configuration: nobody is admitted, and nobody learns that the bot is running.

import type { People } from "../contract/chat.ts";
import { ConnectorError } from "../errors.ts";

export const denyAll: People = {
  receive: async () => ({ as: "nothing" }),
  admits: async () => false,
  knows: async () => false,
  sessions: () => 0,
  press: async () => ({ show: "nothing" }),
  async save() {
    throw new ConnectorError("E_FILE", "nobody is admitted here, so no file is kept");
  },
};
