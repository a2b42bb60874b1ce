// The commands of Try: an edited config on real events.

import type { OwnCommands } from "./own-commands.ts";

export const trialCommands: OwnCommands = {};
