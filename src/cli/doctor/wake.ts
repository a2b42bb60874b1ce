// Whether sessions that do not show channels are notified of waiting events, by which way, and if not, why.

import { claudeConfigFolder } from "../../config/paths.ts";
import type { StatusReport } from "../../control/protocol.ts";
import { policyOfSettings } from "../../daemon/wake/policy.ts";
import { countOf } from "../../text/clip.ts";
import { version } from "../../version.ts";
import { answered, type CheckInput, type Finding } from "./check.ts";

const name = "wake";

/** One for each session that does not show channels. Empty if there is nothing to report. */
export async function checkWake({
  config: { proven },
  status,
  managedSettings,
  env,
}: Pick<CheckInput, "config" | "status" | "managedSettings" | "env">): Promise<Finding[]> {
  const answer = answered(status);
  const deaf = answer?.sessions.filter(({ listening }) => listening.state === "no") ?? [];
  const planned = proven?.plan.wake;
  if (planned === undefined) return deaf.length === 0 ? [] : [whenOff(deaf.length)];
  const ways = planned.ways.join(", ");
  const server = { name: "router", plugin: "router" };
  const policy = await policyOfSettings(server, {
    configFolder: claudeConfigFolder(env),
    file: managedSettings,
  });
  if (policy !== undefined)
    return [{ name, state: "warn", detail: `not used: ${policy}`, todo: "ask your administrator" }];
  if (isWaiting(answer))
    return [{ name, state: "warn", detail: "waits for consent", todo: "channel-router trust" }];
  if (deaf.length === 0) return [{ name, state: "ok", detail: `not needed now; allowed: ${ways}` }];
  if (answer !== undefined && deaf.every(({ wake }) => wake === undefined)) return [whenUnused(answer)];
  return deaf.map(({ id, wake }) => {
    const way = wake?.way;
    return {
      name: `${name} of session ${id}`,
      state: way === undefined || wake?.stopped === true ? "warn" : "ok",
      detail: wake?.text ?? "not reported",
      ...(way === undefined ? { todo: "start Claude Code with the channel, or install the plugin" } : {}),
    };
  });
}

/** The file asks for it, and the running router reports nothing about it. */
function whenUnused({ version: running, background }: StatusReport): Finding {
  const restart = background ? "channel-router down, then channel-router up" : "start Claude Code again";
  return running === version
    ? { name, state: "warn", detail: "the running config does not have it", todo: "channel-router reload" }
    : {
        name,
        state: "warn",
        detail: `the running router (version ${running}) does not know it; this command is ${version}`,
        todo: `restart the router: ${restart}`,
      };
}

function whenOff(count: number): Finding {
  return {
    name,
    state: "warn",
    detail: `off: ${countOf(count, "session")} without channels, and nothing notifies Claude of waiting events there`,
    todo: "add  wake: auto  to the config, then run  channel-router trust",
  };
}

function isWaiting(answer: StatusReport | undefined): boolean {
  return answer?.powers?.some(({ power, trusted }) => power === "wake" && !trusted) === true;
}
