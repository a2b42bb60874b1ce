// Calls of Claude that change access control, or read where it is stored: such a call is decided at the
// terminal, whatever the config says. Based on the client's description of a call, so it is an aid for the
// user and not a security boundary.

const commands = /channel-router\b[\s\S]{0,80}\b(access|trust|configure)\b/;
/** A complete path as chat/inbox.ts makes it: nothing after it could lead out of the folder. */
const inboxFile = /\/[^"'\n\\]*\/inbox\/[a-z0-9]+-[0-9a-f]{6}-[^"'\n\\/]*(?=["'\n\\]|$)/g;
/** The usual path of the state folder, beginning with `~` or a variable. */
const usualFolder = /\bchannels[\\/]+router\b/;

/**
 * `preview`: the client's description. `stateFolder`: absolute. Files that users sent are for Claude to read.
 */
export function touchesAccessControl(preview: string, stateFolder: string): boolean {
  if (commands.test(preview)) return true;
  const rest = preview.replaceAll(inboxFile, (path) => (path.startsWith(stateFolder) ? "" : path));
  return rest.includes(stateFolder) || usualFolder.test(rest);
}
