// Telegram's client library, with the version that `channel-router add telegram` installs.

import type { Libraries } from "../../contract.ts";

export const libraries: Libraries = { type: "telegram", title: "Telegram", packages: { grammy: "1.46.0" } };
