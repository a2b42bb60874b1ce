// One prompt at a time in the terminals of a router's sessions, whatever it is about.

export interface PromptQueue {
  /** Runs when all earlier prompts have ended. Settles as `ask` does. */
  take<T>(ask: () => Promise<T>): Promise<T>;
}

export function createPromptQueue(): PromptQueue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(ask) {
      const asked = last.then(ask);
      last = asked.catch(() => undefined);
      return asked;
    },
  };
}
