// The secret of a sender that chooses it itself and sends it in its first call (Asana). The first one is stored with the source, before
// it is answered; any other is refused from then on, so that nobody can replace it.

import type { Store } from "../../contract/host.ts";
import { isSameSecret } from "../../http/same-secret.ts";

const storeKey = "secret";
/** Asana's have 64 characters. */
const minLength = 16;

export interface LearnedSecret {
  /** The stored one. */
  get(): string | undefined;
  /**
   * Settles with true when this one is stored, now or before, with false when it is too short or another one is. Rejects with a
   * retryable DeliveryError when it could not be written.
   */
  offer(secret: string): Promise<boolean>;
}

export function createLearnedSecret(store: Store): LearnedSecret {
  let known: string | undefined;
  let storing: Promise<void> | undefined;

  function get(): string | undefined {
    const stored = store.get(storeKey);
    known ??= typeof stored === "string" ? stored : undefined;
    return known;
  }

  return {
    get: () => (storing === undefined ? get() : undefined),
    async offer(secret) {
      if (secret.length < minLength) return false;
      if (get() === undefined) {
        known = secret;
        storing = store.set(storeKey, secret).finally(() => {
          storing = undefined;
        });
      }
      if (known === undefined || !isSameSecret(secret, known)) return false;
      try {
        await storing;
      } catch (error) {
        known = undefined;
        throw error;
      }
      return true;
    },
  };
}
