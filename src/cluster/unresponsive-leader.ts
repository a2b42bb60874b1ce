// A leader that lives but does not respond, because it is stopped or hangs, is not pushed aside. But a tool
// call must not wait for it forever: after some seconds the leader is asked on a separate connection, and
// when it does not answer there either, the waiting calls are answered here.

export interface UnresponsiveLeaderOptions {
  readonly pid: number;
  /** How long a tool call waits before the leader is asked. */
  readonly timeoutMs: number;
  /** How long the oldest unanswered tool call has waited; undefined when there is none. */
  oldestCallMs(): number | undefined;
  /** Registers a listener for each tool call from now on; undefined removes it. */
  onCall(listener: (() => void) | undefined): void;
  /** Settles with false when the leader does not answer in time. Never rejects. */
  responds(): Promise<boolean>;
  /** Answers every waiting call with this text, as an error. */
  refuseCalls(text: string): void;
  /** Called once for each time that the leader stops responding. */
  onUnresponsive(): void;
}

/** Once it is known not to respond, the wait is shorter. */
const shortTimeoutMs = 500;
const maxLookMs = 1_000;

/** No timer runs while no call waits. The result ends the watch. */
export function watchUnresponsiveLeader(options: UnresponsiveLeaderOptions): () => void {
  let isUnresponsive = false;
  let isOver = false;

  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    const waitedMs = options.oldestCallMs();
    if (waitedMs === undefined || waitedMs < (isUnresponsive ? shortTimeoutMs : options.timeoutMs)) return;
    const responds = await options.responds();
    if (isOver) return;
    if (!responds) {
      if (!isUnresponsive) options.onUnresponsive();
      options.refuseCalls(refusal(options.pid));
    }
    isUnresponsive = !responds;
  }

  function lookWhileOneWaits(): void {
    if (timer !== undefined || isOver || options.oldestCallMs() === undefined) return;
    timer = setTimeout(
      async () => {
        await look();
        timer = undefined;
        lookWhileOneWaits();
      },
      Math.min(maxLookMs, options.timeoutMs),
    );
    timer.unref();
  }

  options.onCall(lookWhileOneWaits);
  // Calls that an earlier leader left.
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
    "It is unknown whether this call was done, and it may still be done when the process continues: check before you repeat it.",
    `The user can resume it (kill -CONT ${pid}) or stop it (kill -9 ${pid}): then another session takes over, and no event is lost.`,
  ].join("\n");
}
