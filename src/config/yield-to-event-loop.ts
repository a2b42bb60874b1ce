// A large config is read in several turns of the event loop: a reload must not hold up the events that come meanwhile.

export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const sliceMs = 20;
/** Looking at the clock costs more than most steps. */
const stepsPerLook = 16;

/** Collects what `steps` yields, with a turn of the event loop after each slice of the work. */
export async function inSlices<T>(steps: Iterable<T>): Promise<T[]> {
  const collected: T[] = [];
  let beganMs = performance.now();
  for (const step of steps) {
    collected.push(step);
    if (collected.length % stepsPerLook !== 0 || performance.now() - beganMs < sliceMs) continue;
    await yieldToEventLoop();
    beganMs = performance.now();
  }
  return collected;
}
