// How a session that does not show channels learns that events wait for it.

/**
 * `monitor`: a line of the plugin's monitor. `hook`: the end of a hook of the plugin. `inbox`: a message to the inbox that the
 * client opens for each of its sessions.
 */
export type WakeWay = "monitor" | "hook" | "inbox";

/** In the order in which `auto` takes them: those that the client documents for plugins come first. */
export const wakeWays: readonly WakeWay[] = ["monitor", "hook", "inbox"];
