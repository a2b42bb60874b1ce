// What only one router on this machine may hold, as the router sees it.

import type { Claim } from "../contract.ts";

export interface ClaimRegister {
  /**
   * Settles with what gives them back. Rejects with a ConnectorError (E_CLAIM_HELD, retryable) that names the holder while another
   * process has one of them. This process may have them several times.
   */
  take(claims: readonly Claim[]): Promise<() => Promise<void>>;
}
