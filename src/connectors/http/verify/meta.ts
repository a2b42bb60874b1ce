// The preset that Meta's products share.

import { ofBody, type Preset } from "./preset.ts";

/** Facebook, Instagram, Messenger, Threads and WhatsApp. Each subscription sets a verify token. */
export const meta: Preset = {
  source: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
  scheme: ofBody("x-hub-signature-256", { prefix: "sha256=" }),
  secretHeaders: ["x-hub-signature"],
  challenge: {
    from: "query.hub.challenge",
    when: { "query.hub.mode": "subscribe" },
    tokenFrom: "query.hub.verify_token",
    to: "body",
    signed: false,
  },
  answer: { status: 200 },
  maxBodyBytes: 3 * 1024 * 1024,
};
