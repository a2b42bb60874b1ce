// Opens the console of a leader. Its code is loaded when a leader has started its sources.

import type { OpenConsole } from "../../daemon/state.ts";

export const openConsoleOf: OpenConsole = async (state, control) => {
  const { openConsole } = await import("../../console/listener.ts");
  return openConsole(state, control);
};
