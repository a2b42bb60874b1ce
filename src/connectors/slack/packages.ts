// Slack's client libraries, with the versions that `channel-router add slack` installs.

import type { Libraries } from "../../contract.ts";

export const libraries: Libraries = {
  type: "slack",
  title: "Slack",
  packages: { "@slack/socket-mode": "3.1.0", "@slack/web-api": "8.2.0" },
};
