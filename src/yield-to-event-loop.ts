// Long work in several turns of the event loop: a large config is read, and a program's output taken, without holding up the events
// that come meanwhile.

export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How long one turn may take. A machine can be ten times slower than the one on which this was chosen. */
const sliceMs = 20;

/** For a loop with an `await` of its own: gives a promise to wait for whenever a turn has taken long enough. */
export function createPacer(): () => Promise<void> | undefined {
  let beganMs = performance.now();
  return () => {
    if (performance.now() - beganMs < sliceMs) return undefined;
    return yieldToEventLoop().then(() => {
      beganMs = performance.now();
    });
  };
}

/** Runs all steps, with a turn of the event loop after each slice of the work, and gives their result. */
export async function runInSlices<T>(steps: Generator<unknown, T>): Promise<T> {
  const pace = createPacer();
  for (let step = steps.next(); ; step = steps.next()) {
    if (step.done) return step.value;
    await pace();
  }
}

/** The same for steps that are run at once, where nothing else waits. */
export function runAtOnce<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Collects what `steps` yields, in slices. */
export function inSlices<T>(steps: Iterable<T>): Promise<T[]> {
  return runInSlices(collect(steps));
}

function* collect<T>(steps: Iterable<T>): Generator<void, T[]> {
  const collected: T[] = [];
  for (const step of steps) {
    collected.push(step);
    yield;
  }
  return collected;
}
