// The names of the presets, apart from what they do, so that the option schema is plain data. A test holds the two together.

export const presetNames = [
  "bitbucket",
  "buildkite",
  "calendly",
  "circleci",
  "discord",
  "gitea",
  "github",
  "gitlab",
  "intercom",
  "jira",
  "linear",
  "paddle",
  "pagerduty",
  "sentry",
  "shopify",
  "slack",
  "standard_webhooks",
  "stripe",
  "svix",
  "telegram",
  "twilio",
  "typeform",
  "vercel",
  "zoom",
] as const;

export type PresetName = (typeof presetNames)[number];
