// One question at a time in the terminals of a router's sessions, whatever it is about.

export interface QuestionTurn {
  /** Runs when every question before has ended. Settles as `ask` does. */
  take<T>(ask: () => Promise<T>): Promise<T>;
}

export function createQuestionTurn(): QuestionTurn {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(ask) {
      const asked = last.then(ask);
      last = asked.catch(() => undefined);
      return asked;
    },
  };
}
