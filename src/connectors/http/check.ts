// Checks of an http source that the option schema cannot express: an unverified source that other machines
// could reach, possible answers, sizes. Pure; locations are paths in the YAML.

import { compileRanges } from "../../addresses.ts";
import type { OptionIssue, Surroundings } from "../../contract.ts";
import { checkChallenge } from "./check-challenge.ts";
import { checkVerify } from "./check-verify.ts";
import { trustOf } from "./event.ts";
import type { HttpOptions } from "./options.ts";
import { pathIssue } from "./path.ts";

export function checkOptions(options: HttpOptions, surroundings: Surroundings): OptionIssue[] {
  const path = pathIssue(options.path);
  return [
    ...(path === undefined ? [] : [path]),
    ...(options.verify === undefined ? [] : checkVerify(options.verify, surroundings)),
    ...checkRespond(options),
    ...checkChallenge(options),
    ...checkMaxBody(options),
    ...checkProxies(options),
    ...checkExposure(options, surroundings),
  ];
}

function checkExposure(options: HttpOptions, { loopback }: Surroundings): OptionIssue[] {
  if (loopback || trustOf(options) === "verified") return [];
  return [
    {
      path: options.verify === undefined ? [] : ["verify", "scheme"],
      code: "E_CONFIG_EXPOSED",
      message: "is not verified, and listen is beyond this machine: anybody could send events to Claude",
      hint: 'add  verify: { scheme: bearer, secret: "${WEBHOOK_SECRET}" }  or the sender\'s own scheme, or listen on 127.0.0.1',
    },
  ];
}

const longestWaitMs = 60 * 60 * 1_000;

function checkRespond({ respond }: HttpOptions): OptionIssue[] {
  if (respond?.waitMs === undefined) return [];
  const issues: OptionIssue[] = (["status", "body", "contentType"] as const)
    .filter((key) => respond[key] !== undefined)
    .map((key) => ({
      path: ["respond", key === "contentType" ? "content_type" : key],
      message: "has no effect together with wait: the answer is Claude's reply",
      hint: "remove one of the two",
    }));
  if (respond.waitMs < 1_000 || respond.waitMs > longestWaitMs) {
    issues.push({
      path: ["respond", "wait"],
      message: "must be from 1s to 1h",
      hint: "for example wait: 30s",
    });
  }
  return issues;
}

/** The whole body is held in memory, as sent and inflated. */
const largestBodyBytes = 64 * 1024 * 1024;

function checkMaxBody({ maxBodyBytes }: HttpOptions): OptionIssue[] {
  if (maxBodyBytes === undefined) return [];
  if (maxBodyBytes >= 1 && maxBodyBytes <= largestBodyBytes) return [];
  return [{ path: ["max_body"], message: "must be from 1B to 64MiB", hint: "for example max_body: 5MiB" }];
}

function checkProxies({ proxies }: HttpOptions): OptionIssue[] {
  return (proxies ?? []).flatMap((range, index) =>
    "malformed" in compileRanges([range])
      ? [
          {
            path: ["proxies", index],
            message: "is not an address or a range of addresses",
            hint: "for example 127.0.0.1 or 10.0.0.0/8",
          },
        ]
      : [],
  );
}
