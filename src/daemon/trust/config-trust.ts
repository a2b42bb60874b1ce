// What the user has agreed to for the config of a daemon: read when there is a config, requested while
// something of it waits, and whether a discovered file may be used at all.

import { foundFile } from "../../config/config-location.ts";
import { realPath, trustFile } from "../../config/paths.ts";
import type { Log } from "../../contract.ts";
import type { Prompts } from "../prompts.ts";
import type { InitializeConsent } from "../start/initialize-result.ts";
import type { ProvenConfig } from "../start/load-plan.ts";
import type { Consent } from "./consent.ts";
import { askForConsent } from "./consent-prompt.ts";
import { consentDigest, consentOf } from "./trust-location.ts";

export interface ConfigTrust {
  /** Reads the answers about this file, unless they are open already. Never rejects. */
  open(file: string): Promise<Consent>;
  /** Undefined before the first config. */
  consent(): Consent | undefined;
  /**
   * False: the file was discovered, and nobody agreed to use it, or it is no longer the file that was agreed
   * to.
   */
  mayUse(config: ProvenConfig): boolean;
  /** For the initialize result. */
  forInitialize(config: ProvenConfig | undefined): InitializeConsent;
  /** Call it when the powers may have changed. Starts to ask for what waits. */
  look(): void;
}

interface ServiceTrustOptions {
  readonly log: Log;
  readonly prompts: Prompts;
  /** Fires when the daemon starts to stop. */
  readonly ending: AbortSignal;
  /** The config in use, else the last one that was read without problems. */
  config(): ProvenConfig | undefined;
  /** Called when the answers have changed. */
  changed(): void;
}

interface Opened {
  /** Real path of the config file. */
  readonly config: string;
  /** As it was agreed to. */
  readonly found: string;
  readonly consent: Consent;
  /** Ends with it. */
  readonly over: AbortController;
  look?: () => void;
}

export function openConfigTrust(options: ServiceTrustOptions): ConfigTrust {
  const { log, prompts, ending } = options;
  let opened: Opened | undefined;

  function ask({ config, consent, over }: Opened): () => void {
    return askForConsent(
      {
        consent,
        plan: () => options.config()?.plan,
        prompts,
        config,
        answersFile: trustFile(process.env, config),
      },
      over.signal,
    );
  }

  return {
    async open(file) {
      const config = realPath(file);
      if (opened?.config === config) return opened.consent;
      opened?.over.abort();
      const over = new AbortController();
      const end = () => over.abort();
      ending.addEventListener("abort", end, { once: true });
      over.signal.addEventListener("abort", () => ending.removeEventListener("abort", end), { once: true });
      const consent = await consentOf(process.env, file, log, { migrates: true });
      consent.onChange(() => {
        if (opened?.consent === consent) options.changed();
      });
      opened = { config, found: foundFile(file).path, consent, over };
      return consent;
    },
    consent: () => opened?.consent,
    mayUse({ loaded, plan: { found } }) {
      if (found === undefined) return true;
      // The answers are about one file: the target of a changed link is another one.
      return opened?.found === foundFile(loaded.file).path && opened.consent.allows(found.use);
    },
    forInitialize(config) {
      const found = config?.plan.found;
      if (found === undefined) return { use: true, instruct: true, digest: "chosen" };
      const allows = opened?.consent.allows ?? (() => false);
      return {
        use: this.mayUse(config as ProvenConfig),
        instruct: found.instruct.every(allows),
        digest: consentDigest((config as ProvenConfig).loaded.file, opened?.consent.digest() ?? ""),
      };
    },
    look() {
      if (opened === undefined || ending.aborted) return;
      if (opened.look === undefined) opened.look = ask(opened);
      else opened.look();
    },
  };
}
