// The address of the inbox that Claude Code has given to this process. Imports nothing: each start runs it.

export interface InboxAddress {
  readonly socket: string;
  readonly token: string;
}

const variables = { socket: "CLAUDE_CODE_MESSAGING_SOCKET", token: "CLAUDE_CODE_MESSAGING_TOKEN" } as const;

/**
 * Removes both variables from `env`, so that no config, program or log of this process can contain the token. Undefined when the
 * client has set none.
 */
export function takeInboxAddress(env: NodeJS.ProcessEnv): InboxAddress | undefined {
  const [socket = "", token = ""] = [env[variables.socket], env[variables.token]];
  delete env[variables.socket];
  delete env[variables.token];
  return socket === "" || token === "" ? undefined : { socket, token };
}
