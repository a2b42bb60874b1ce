// What the status tool says, gathered from the rooms that know.

import type { ConfigPlace } from "../config/places.ts";
import type { RouterReport } from "../runtime/router.ts";
import type { StatusReport } from "../session/status.ts";
import type { ProvenConfig } from "./load-plan.ts";
import { version } from "./version.ts";

interface Known {
  readonly found: ConfigPlace;
  readonly config: ProvenConfig | undefined;
  readonly router: RouterReport | undefined;
  readonly delivered: number;
}

export function statusReport({ found, config, router, delivered }: Known): StatusReport {
  const none = { accepted: 0, unmatched: 0, dropped: 0, duplicate: 0, refused: 0 };
  return {
    version,
    config: { ...(config === undefined ? {} : { file: config.loaded.file }), searched: found.tried },
    problems: (config?.issues ?? []).map((issue) => config?.loaded.frame(issue) ?? issue.message),
    ...(router?.address === undefined ? {} : { listener: { address: router.address } }),
    sources: (router?.sources ?? []).map(({ invitation, ...source }) => ({
      ...source,
      ...(invitation === undefined ? {} : { address: invitation.address }),
      ...(invitation?.tryIt === undefined ? {} : { tryIt: invitation.tryIt }),
    })),
    channels: (config?.plan.channels ?? []).map(({ name, from, receipt, answers }) => ({
      name,
      sources: from,
      receipt: receipt !== undefined,
      answerable: answers.length > 0,
    })),
    counts: { ...none, ...router?.counts, delivered },
  };
}
