// The cost limits of one rendering. A payload has at most a few MiB, but loops and functions multiply: beyond
// these limits the template fails on that event, and the event is delivered with the default content.

/** Length of the rendered text, and of any text a function makes, in UTF-16 units. */
export const maxOutputLength = 1024 * 1024;
/** Turns of all `each` loops together with the blocks, functions and placeholders in them. */
const maxSteps = 20_000;
/** What functions took and gave, together, in characters; a value inside another counts as some. */
export const maxWork = 16 * 1024 * 1024;

export interface Meter {
  begin(): void;
  output(length: number): void;
  step(): void;
  work(amount: number): void;
}

/** One meter serves one rendering at a time: rendering is synchronous. */
export function createMeter(): Meter {
  let written = 0;
  let steps = 0;
  let worked = 0;
  return {
    begin() {
      written = 0;
      steps = 0;
      worked = 0;
    },
    output(length) {
      written += length;
      if (written > maxOutputLength) throw new Error("the text grows beyond 1 MiB");
    },
    step() {
      steps += 1;
      if (steps > maxSteps) throw new Error("the loops of one rendering take more than 20,000 steps");
    },
    work(amount) {
      worked += amount;
      if (worked > maxWork) throw new Error("the functions of one rendering handle more than 16 MiB");
    },
  };
}
