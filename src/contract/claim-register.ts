// The router's view of resources that only one router on this machine may hold.

import type { Claim } from "../contract.ts";

export interface ClaimRegister {
  /**
   * Settles with a function that releases them. Rejects with a ConnectorError (E_CLAIM_HELD, retryable) that
   * names the holder while another process holds one of them. This process may hold them several times.
   */
  take(claims: readonly Claim[]): Promise<() => Promise<void>>;
}
