// Waits for a signal to stop.

const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Settles at the first of these signals; a second one ends the process at once. */
export function stopSignal(signals: readonly NodeJS.Signals[] = endings): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of signals) {
      process.once(signal, () => {
        resolve(signal);
        process.once(signal, () => process.exit(1));
      });
    }
  });
}
