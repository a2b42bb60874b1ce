// An owner that lives and does not respond, because it is stopped or hangs, is not pushed aside. But a tool call must not wait
// for it without end: after some seconds it is asked on a connection of its own, and when it says nothing there either, the
// calls that wait for it are answered here.

export interface UnresponsiveLeaderOptions {
  readonly pid: number;
  /** How long a tool call waits before the owner is asked. */
  readonly patienceMs: number;
  /** How long the oldest tool call has waited for its answer; undefined when none does. */
  oldestCallMs(): number | undefined;
  /** Has this called at each tool call from now on; undefined ends that. */
  onCall(listener: (() => void) | undefined): void;
  /** Settles with false when the owner says nothing in time. Never rejects. */
  responds(): Promise<boolean>;
  /** Answers every call that waits with this text, as an error. */
  refuseCalls(text: string): void;
  /** Told once for each time that the owner falls silent. */
  onSilent(): void;
}

/** Once it is known to be silent there is less to wait for. */
const shortPatienceMs = 500;
const maxLookMs = 1_000;

/** Nothing ticks while no call waits. The result ends the watch. */
export function watchUnresponsiveLeader(options: UnresponsiveLeaderOptions): () => void {
  let isSilent = false;
  let isOver = false;

  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const waitedMs = options.oldestCallMs();
    if (waitedMs === undefined || waitedMs < (isSilent ? shortPatienceMs : options.patienceMs)) return;
    const responds = await options.responds();
    if (isOver) return;
    if (!responds) {
      if (!isSilent) options.onSilent();
      options.refuseCalls(refusal(options.pid));
    }
    isSilent = !responds;
  }

  function lookWhileOneWaits(): void {
    if (timer !== undefined || isOver || options.oldestCallMs() === undefined) return;
    timer = setTimeout(
      async () => {
        await look();
        timer = undefined;
        lookWhileOneWaits();
      },
      Math.min(maxLookMs, options.patienceMs),
    );
    timer.unref();
  }

  options.onCall(lookWhileOneWaits);
  // Those that an earlier owner left.
  lookWhileOneWaits();
  return () => {
    isOver = true;
    options.onCall(undefined);
    clearTimeout(timer);
  };
}

function refusal(pid: number): string {
  return [
    `the router does not respond: its process (pid ${pid}) is stopped or hangs.`,
    "It is not known whether this call was done, and it may still be done when the process goes on: check before you repeat it.",
    `A person can let it go on (kill -CONT ${pid}) or end it (kill -9 ${pid}): then another session takes over, and no event is lost.`,
  ].join("\n");
}
