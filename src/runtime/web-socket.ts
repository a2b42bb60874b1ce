// WebSocket connections to the outside.

import type { WebSocketLink, WebSocketRequest } from "../contract/host.ts";
import { ConnectorError } from "../errors.ts";

export async function openWebSocket(
  { url }: WebSocketRequest,
  _client: { readonly userAgent: string },
): Promise<WebSocketLink> {
  throw new ConnectorError("E_HTTP_FAILED", `no WebSocket to ${new URL(url).host}`);
}
