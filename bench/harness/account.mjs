// What senders were promised, held against what sessions were given, pushed or pulled. Each thing that may go wrong has its list.

/** `<kind> <number>`: what each template of the config writes, alone. */
const content = /^\W*(one|all|talk|poll|tail) (\d+)\s*$/;

export function createAccount() {
  /** By `<kind> <number>`: when it was promised. */
  const promised = new Map();
  const seen = new Set();
  const plainly = new Map();
  const repeated = [];
  const tally = { pushed: 0, pulled: 0, attempts: 0 };

  function got(text, attempt, server, how) {
    const found = content.exec(text);
    if (found === null) return;
    const [, kind, number] = found;
    const what = `${kind} ${number}`;
    tally[how] += 1;
    seen.add(what);
    server.got ??= new Set();
    server.got.add(what);
    if (attempt !== undefined) {
      tally.attempts += 1;
      return;
    }
    // Each session has its own of what is for all.
    const key = kind === "all" ? `${what} to ${server.pid}` : what;
    const before = plainly.get(key);
    const now = `${how} to ${server.pid} at ${seconds()}`;
    if (before !== undefined) repeated.push(`${key}: ${before}, then ${now}`);
    plainly.set(key, now);
  }

  return {
    tally,
    repeated,
    promise: (kind, number) => promised.set(`${kind} ${number}`, performance.now()),
    promisedCount: () => promised.size,
    pushed(line, server) {
      const { content, meta } = JSON.parse(line.toString("utf8")).params;
      got(content, meta.attempt, server, "pushed");
    },
    /** The result of `pending`. Returns how many events it holds. */
    pulled(text, server) {
      const blocks = text.split(/^event /m).slice(1);
      for (const block of blocks) {
        const [head, ...body] = block.split("\n");
        const attempt = / attempt="(\d+)"/.exec(head)?.[1];
        got(body.find((each) => content.test(each)) ?? "", attempt, server, "pulled");
      }
      return blocks.length;
    },
    lost: () => [...promised.keys()].filter((what) => !seen.has(what)),
    /** Events for all that a session did not get, though it was there from before until now. */
    missedBy: (servers) =>
      servers.flatMap((server) =>
        [...promised]
          .filter(
            ([what, atMs]) =>
              what.startsWith("all ") && atMs > server.readyMs + 1_000 && !server.got?.has(what),
          )
          .map(([what]) => `${what} to ${server.pid}`),
      ),
  };
}

export const seconds = () => `${(performance.now() / 1e3).toFixed(2)} s`;
