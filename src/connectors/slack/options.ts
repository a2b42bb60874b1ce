// The options of a slack source as they are written in YAML. The type, the validator, the editor's schema and the table in
// docs/connectors/slack.md are generated from here.

import { chatOptions, editsOption } from "../../chat/options.ts";
import type { OptionsOf } from "../../contract/options.ts";
import type { JsonSchema } from "../../contract.ts";

export const slackOptions = {
  type: "object",
  additionalProperties: false,
  required: ["token", "app_token"],
  properties: {
    token: {
      "x-credential": true,
      description:
        "The bot's token, which begins with xoxb-, from OAuth & Permissions of its app at api.slack.com/apps.",
      type: "string",
      minLength: 1,
      "x-secret": true,
      examples: ["${SLACK_BOT_TOKEN}"],
    },
    app_token: {
      "x-credential": true,
      description:
        "The app-level token, which begins with xapp- and has the scope connections:write, from Basic Information of the app.",
      type: "string",
      minLength: 1,
      "x-secret": true,
      examples: ["${SLACK_APP_TOKEN}"],
    },
    ...chatOptions,
    ...editsOption,
    max_download: {
      "x-inert": true,
      description: "The maximum size of an attachment that is downloaded.",
      type: "string",
      format: "size",
      default: "25MiB",
    },
    api_root: {
      "x-inert": false,
      description: "The URL of Slack's Web API; for tests and for proxies.",
      type: "string",
      pattern: "^https?://[^\\s?#]+$",
      default: "https://slack.com/api",
    },
  },
} as const satisfies JsonSchema;

export type SlackOptions = OptionsOf<typeof slackOptions>;
