// The output of the scripts: a line for each thing that was shown.

/** Prints a line for what was shown, and lets the process exit with 1 where it was not. */
export function show(what, isShown, detail = "") {
  process.stdout.write(`${isShown ? "ok  " : "FAIL"} ${what}\n`);
  if (isShown) return;
  if (detail !== "") process.stdout.write(`${detail.replaceAll(/^/gm, "     ")}\n`);
  process.exitCode = 1;
}
