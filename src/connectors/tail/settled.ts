// How far a file is done with: up to the first of its lines whose outcome is not known yet.

export interface Settled {
  /** Everything before `end` was handed over; what is under way of it was begun before. */
  reach(end: number): void;
  /** A line that begins here is under way; the result is to be called once, when it has settled. In order. */
  begin(start: number): () => void;
  /** Offset up to which all has settled. */
  offset(): number;
}

export function createSettled(from: number): Settled {
  let reached = from;
  let underWay: { readonly start: number; done: boolean }[] = [];
  return {
    reach(end) {
      reached = end;
    },
    begin(start) {
      const one = { start, done: false };
      underWay.push(one);
      return () => {
        one.done = true;
        const first = underWay.findIndex(({ done }) => !done);
        underWay = first < 0 ? [] : underWay.slice(first);
      };
    },
    offset: () => underWay[0]?.start ?? reached,
  };
}
