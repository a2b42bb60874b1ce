// How far a file is processed: up to the first of its lines that is still pending.

export interface SettledOffset {
  /** Everything before `end` was emitted; its pending lines were registered before. */
  reach(end: number): void;
  /** A line that begins here is pending; the result must be called once, when it has settled. In order. */
  begin(start: number): () => void;
  /** Offset up to which everything has settled. */
  offset(): number;
}

export function createSettled(from: number): SettledOffset {
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
