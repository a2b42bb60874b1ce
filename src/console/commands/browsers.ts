// `browsers` and `revoke`: who may use this console.

import { readText } from "../../control/arguments.ts";
import type { OwnCommands } from "./own-commands.ts";

export const browserCommands: OwnCommands = {
  browsers: async (_args, { pairing, browser }) => ({ browsers: pairing.list(browser) }),
  async revoke(args, { pairing, browser }) {
    await pairing.revoke(readText(args, "id"));
    return { browsers: pairing.list(browser) };
  },
};
