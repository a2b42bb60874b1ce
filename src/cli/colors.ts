// Colours for an interactive terminal only: not in a pipe, in a log or in CI.

import picocolors from "picocolors";
import { type PaintedText, paint, paintAll, type SafeText } from "../text.ts";

const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
const atTerminal = process.stdout.isTTY === true && TERM !== "dumb";
const { bold, cyan, dim, green, red, yellow } = picocolors.createColors(
  !NO_COLOR && (atTerminal || Boolean(FORCE_COLOR)),
);

type Colour = (shown: string | number) => PaintedText;

/** Of a part of a line. */
export const colors = {
  bold: (shown) => paint(shown, bold),
  cyan: (shown) => paint(shown, cyan),
  dim: (shown) => paint(shown, dim),
  green: (shown) => paint(shown, green),
  red: (shown) => paint(shown, red),
  yellow: (shown) => paint(shown, yellow),
} satisfies Readonly<Record<string, Colour>>;

/** Of whole lines. */
export const whole = {
  dim: (shown: SafeText): SafeText => paintAll(shown, dim),
  green: (shown: SafeText): SafeText => paintAll(shown, green),
  red: (shown: SafeText): SafeText => paintAll(shown, red),
  yellow: (shown: SafeText): SafeText => paintAll(shown, yellow),
};
