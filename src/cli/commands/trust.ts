// `trust`: shows what a config can do beyond shaping text, asks the user, and remembers the answer. Without a
// user at a terminal there is no answer: no option, tool, event or edit replaces it.

import { basename } from "node:path";
import { systemClock } from "../../clock.ts";
import { ownConfig, realPath } from "../../config/paths.ts";
import type { Power } from "../../contract/power.ts";
import type { Libraries } from "../../contract.ts";
import { powerAnswers } from "../../daemon/commands/power-answers.ts";
import { createLog } from "../../daemon/log.ts";
import { loadPlan } from "../../daemon/start/load-plan.ts";
import type { UnderClaude } from "../../daemon/start/under-claude.ts";
import { type Consent, openConsent, outdatedNote } from "../../daemon/trust/consent.ts";
import { describeContents, describedPower } from "../../daemon/trust/consent-question.ts";
import { forgetAnswers } from "../../daemon/trust/trust-file.ts";
import { trustLocation } from "../../daemon/trust/trust-location.ts";
import { UsageError } from "../../errors.ts";
import { countOf } from "../../text/clip.ts";
import { line, type SafeText, safeJson, safeLine, text } from "../../text.ts";
import { colors } from "../colors.ts";
import { type CommandContext, isYes, type Person, type RunningRouter } from "../context.ts";
import type { ExitCode } from "../exit.ts";
import { configLocation, findRouter, requireRouter } from "../find-router.ts";
import { missingLibraries, missingLine } from "../missing-libraries.ts";
import { printed, printedJson } from "../print.ts";
import { check } from "./check.ts";

interface TrustOptions {
  /** Allows everything that waits, without a question: for CI and containers. */
  readonly yes?: boolean;
  readonly list?: boolean;
  readonly revoke?: boolean;
  readonly json?: boolean;
}

const answerWithinMs = 5_000;

/** 1 when something still waits, or the config has problems. */
export async function trust(
  explicit: string | undefined,
  options: TrustOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const { file, chosen } = locateConfig(context, explicit);
  const location = trustLocation(context.env, file);
  if ((options.yes || options.revoke) && context.underClaude !== undefined)
    throw onlyYou(context.underClaude);
  if (options.revoke) {
    await forgetAnswers(location);
    return printRevoked(location.config, options, context);
  }
  const asked = await askedOf(context, file, { makeKey: options.list !== true, chosen });
  if (asked === undefined) return check(file, options);
  const { powers, secrets } = asked;
  const log = createLog({ secrets: () => secrets });
  // What this shell's environment trusts says nothing about the router's.
  const consent = await openConsent({ location, all: false, clock: systemClock, log });
  const waits = () => powers.filter((power) => !consent.allows(power));

  const waited = waits();
  if (options.yes && waited.length > 0) await consent.remember(waited, "trusted");
  if (options.json) {
    const answer = { config: location.config, powers: powerAnswers(powers, consent) };
    context.print(printedJson(answer));
    return waits().length === 0 ? 0 : 1;
  }
  if (consent.outdated()) context.print(printed(line`${outdatedNote}`));
  context.print(printed(safeLine(location.config), ...printPowers(asked, consent)));
  if (options.list || waited.length === 0) return waits().length === 0 ? 0 : 1;
  if (!options.yes) {
    if (context.person === undefined) throw onlyYou(context.underClaude);
    await askForPowers(waited, consent, context.person);
  }
  const left = waits().length;
  const { router } = asked;
  const soon = router === undefined ? "" : `; the running router (pid ${router.pid}) starts it by itself`;
  context.print(
    left > 0
      ? text`${countOf(left, "power")} still ${left === 1 ? "waits" : "wait"}\n`
      : text`allowed${soon}\n`,
  );
  return left === 0 ? 0 : 1;
}

interface Asked {
  readonly powers: readonly Power[];
  /** The contents of a discovered file, one line each. */
  readonly contents: readonly string[];
  readonly router: RunningRouter | undefined;
  /** Whose PATH, variables and home decided about the powers. */
  readonly by: "router" | "terminal";
  readonly secrets: readonly string[];
  readonly missing: readonly Libraries[];
}

/**
 * What the running router asks for, which may have other variables and programs than this terminal; where
 * none runs, what this terminal reads from the file. Undefined when neither finds a valid config.
 */
async function askedOf(
  context: CommandContext,
  file: string,
  as: { readonly makeKey: boolean; readonly chosen: boolean },
): Promise<Asked | undefined> {
  const router = await findRouter(context, file);
  const answer =
    router === undefined
      ? undefined
      : await requireRouter(context, router)
          .ask("powers", {}, { withinMs: answerWithinMs })
          .catch(() => undefined); // An older router does not know the command, and one that hangs is reported by doctor.
  const { loaded, plan, issues } = await loadPlan(file, context.env, as);
  const { secrets } = loaded;
  const missing = await missingLibraries(plan, context.env);
  if (answer?.asked) {
    const { powers, contents } = answer.asked;
    // A router that was started with --config has chosen the file; sessions that discover it would still ask.
    const ofFile = plan.powers.filter(
      ({ power, hash }) =>
        (power === "use" || power === "instruct") && !powers.some((known) => known.hash === hash),
    );
    return { powers: [...ofFile, ...powers], contents, router, by: "router", secrets, missing };
  }
  if (issues.length > 0) return undefined;
  return { powers: plan.powers, contents: describeContents(plan), router, by: "terminal", secrets, missing };
}

/**
 * Sessions in the folder of a file with this name discover it, so a user who names it here is asked about its
 * use as they are.
 */
function locateConfig(
  context: CommandContext,
  explicit: string | undefined,
): ReturnType<typeof configLocation> {
  const location = configLocation(context, explicit);
  const isFound = explicit !== undefined && basename(location.file) === "channels.yaml";
  return { ...location, chosen: location.chosen && (!isFound || isOwn(context, location.file)) };
}

function isOwn({ env }: CommandContext, file: string): boolean {
  return realPath(file) === realPath(ownConfig(env));
}

function onlyYou(under: UnderClaude | undefined): UsageError {
  const why = under === undefined ? "" : `, and ${under.sign}`;
  return new UsageError("E_CONSENT_INTERACTIVE", `only the user at a terminal can allow this${why}`, {
    hint: "type channel-router trust in a terminal of your own; in containers and CI channel-router trust --yes allows it",
  });
}

/**
 * Asks about all of them at once, or about each; stores what is allowed. A `no` stores nothing: it keeps
 * waiting.
 */
export async function askForPowers(
  powers: readonly Power[],
  consent: Pick<Consent, "remember">,
  person: Person,
): Promise<void> {
  if (powers.length > 1) {
    const answer = await person.ask(line`Allow all ${powers.length}? [y = all, e = ask about each, N] `);
    if (isYes(answer)) await consent.remember(powers, "trusted");
    if (!/^e(ach)?$/i.test(answer.trim())) return;
  }
  for (const power of powers) {
    const question =
      powers.length === 1 ? line`Allow it? [y/N] ` : line`${{ painted: describedPower(power) }}? [y/N] `;
    if (isYes(await person.ask(question))) await consent.remember([power], "trusted");
  }
}

function printPowers(asked: Asked, consent: Pick<Consent, "allows" | "declined">): SafeText[] {
  const { powers, contents, missing } = asked;
  const lacks = missing.map(missingLine);
  if (powers.length === 0) return [line`  asks for nothing that you would have to allow`, ...lacks];
  const listed = powers.flatMap((power) => {
    const isTrusted = consent.allows(power);
    const state = isTrusted ? colors.green("trusted") : colors.yellow("waits  ");
    const declined = consent.declined(power) ? " (declined before)" : "";
    return [
      line`  ${state}  ${{ painted: describedPower(power) }}${declined}`,
      ...(power.power === "use" && !isTrusted ? contents.map((one) => line`       ${one}`) : []),
    ];
  });
  return [...listed, ...lacks, ...describeEnvironment(asked)];
}

/**
 * Programs are looked up in PATH, and variables in the environment: a session may have others than this
 * terminal.
 */
function describeEnvironment({ powers, router, by }: Asked): SafeText[] {
  if (!powers.some(({ power }) => power === "command" || power === "secret")) return [];
  if (by === "router")
    return [line`  with the programs and variables of the running router (pid ${router?.pid ?? 0})`];
  const why = router === undefined ? "no router runs" : `the running router (pid ${router.pid}) did not say`;
  return [
    line`  with the programs and variables of this terminal, because ${why}; a session that has others asks again`,
  ];
}

async function printRevoked(
  config: string,
  options: TrustOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const router = await findRouter(context, config);
  if (options.json) {
    context.print(printed(safeJson({ config, revoked: true })));
    return 0;
  }
  context.print(text`nothing is trusted for ${config} any more\n`);
  if (router !== undefined)
    context.print(
      text`  what pid ${router.pid} has started continues until that router stops, but its chats accept no one before you trust it again\n`,
    );
  return 0;
}
