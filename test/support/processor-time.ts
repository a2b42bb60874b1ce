// What a piece of work takes of a processor, which a busy machine changes little, unlike what a clock says.

/** The result gives the milliseconds that this process has taken since, in all its threads. */
export function processorTime(): () => number {
  const begin = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(begin);
    return (user + system) / 1_000;
  };
}
