// Discord's client libraries, with the versions that `channel-router add discord` installs.

import type { Libraries } from "../../contract.ts";

export const libraries: Libraries = {
  type: "discord",
  title: "Discord",
  packages: { "@discordjs/core": "2.6.0", "@discordjs/rest": "2.6.3", "@discordjs/ws": "2.0.4" },
};
