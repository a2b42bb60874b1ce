// A large config is read in several turns of the event loop: a reload must not hold up the events that come meanwhile.

export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
