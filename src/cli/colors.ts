// Colours for a person at a terminal, and nowhere else: not in a pipe, not in a log, not because of CI.

import picocolors from "picocolors";

const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
const atTerminal = process.stdout.isTTY === true && TERM !== "dumb";

export const colors = picocolors.createColors(!NO_COLOR && (atTerminal || Boolean(FORCE_COLOR)));
