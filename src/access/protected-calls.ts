// Calls of Claude that change who may speak or decide, or that look into where it is kept: such a call is decided at the
// terminal, whatever the config says. Goes by what a client shows of a call, so it is a help for people and no fence.

const commands = /channel-router\b[\s\S]{0,80}\b(access|trust|configure)\b/;
/** A whole path as chat/inbox.ts makes it, to its end: nothing of what comes behind could lead out of the folder. */
const inboxFile = /\/[^"'\n\\]*\/inbox\/[a-z0-9]+-[0-9a-f]{6}-[^"'\n\\/]*(?=["'\n\\]|$)/g;
/** The usual place of the state folder, with `~` or a variable for its beginning. */
const usualFolder = /\bchannels[\\/]+router\b/;

/** `preview`: as the client asks about it. `stateFolder`: absolute. Files that people sent are for Claude to read. */
export function touchesAccessControl(preview: string, stateFolder: string): boolean {
  if (commands.test(preview)) return true;
  const rest = preview.replaceAll(inboxFile, (path) => (path.startsWith(stateFolder) ? "" : path));
  return rest.includes(stateFolder) || usualFolder.test(rest);
}
