// Sessions of one config that come and go as badly as they can, under a steady flood: owners and others are killed, end in
// order, or stop reading for a while, and new ones take their places. Whoever was answered 2xx must find his event with some
// session; a second time it must say `attempt`.

import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { sessions } from "../harness/contenders.mjs";
import { note } from "../harness/note.mjs";
import { startServer } from "../harness/server.mjs";
import { percentile } from "../harness/statistics.mjs";

const crowd = 4;
const connections = 8;
const eventsPerSecond = 300;
const quietMs = [700, 2_500];
/** After a kill. Where the owner ended in order, its successor has loaded before. */
const maxGapMs = 2_000;
const maxHandOverMs = 300;
const callEveryMs = 100;
const settleWithinMs = 30_000;

/** Set for each run, so that a seed repeats its choices. */
let random = Math.random;

export async function kills({ durationMs, onSample, random: given = Math.random }) {
  random = given;
  const project = await sessions();
  const soak = createSoak(project);
  try {
    await soak.run(durationMs, onSample);
    return [row(soak, durationMs), handOverRow(soak)];
  } finally {
    await soak.clear();
    project.dispose();
  }
}

function row({ tally, lost, repeated, gaps }, durationMs) {
  const { accepted, told, attempts, killed, ended, stalled, refused, broken, calls, unanswered } = tally;
  const longest = gaps.reduce((most, gap) => (gap.ms > most.ms ? gap : most), { ms: 0, after: "nothing" });
  const statuses = Object.entries(told).map(([status, count]) => `, ${count} answered ${status}`);
  return {
    figure: `${(durationMs / 60e3).toFixed(1)} min of kills, ${crowd} sessions`,
    router: `${accepted} accepted, ${killed} killed, ${lost.length} lost, longest gap ${longest.ms.toFixed(0)} ms`,
    target: `none lost, none repeated untold, gap < ${maxGapMs} ms`,
    ok: lost.length === 0 && repeated.size === 0 && unanswered === 0 && longest.ms < maxGapMs,
    note: [
      `${killed} killed (${tally.owners} of them owners), ${ended} ended in order, ${stalled} not reading for a while`,
      `${attempts} sent again with attempt, ${repeated.size} without`,
      `${gaps.length} gaps, p50 ${percentile(
        gaps.map(({ ms }) => ms),
        0.5,
      ).toFixed(0)} ms, the longest after ${longest.after}`,
      `${refused} connections refused, ${broken} broken${statuses.join("")}`,
      `${calls} tool calls answered, ${unanswered} not`,
      ...(lost.length === 0 ? [] : [`lost: ${lost.slice(0, 20).join(" ")}`]),
      ...(repeated.size === 0 ? [] : [`repeated: ${[...repeated].slice(0, 20).join(" ")}`]),
    ].join("; "),
  };
}

/** Only those in which nothing else happened. A successor that was itself just starting has nothing loaded: so the median. */
function handOverRow({ gaps }) {
  const handOvers = gaps.filter(({ isHandOver }) => isHandOver).map(({ ms }) => ms);
  const median = percentile(handOvers, 0.5);
  return {
    figure: `${handOvers.length} owners that ended in order`,
    router: handOvers.length === 0 ? "none" : `p50 ${median.toFixed(0)} ms`,
    target: `p50 < ${maxHandOverMs} ms with the port shut`,
    ok: handOvers.length === 0 || median < maxHandOverMs,
    note: handOvers.length === 0 ? "" : `p90 ${percentile(handOvers, 0.9).toFixed(0)} ms`,
  };
}

function createSoak(project) {
  const living = new Set();
  /** Numbers answered 2xx, and numbers that some session got. */
  const accepted = new Set();
  const seen = new Set();
  const plainly = new Set();
  const repeated = new Set();
  const gaps = [];
  const harms = [];
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const tally = {
    ...{ accepted: 0, killed: 0, owners: 0, ended: 0, stalled: 0, attempts: 0 },
    ...{ refused: 0, broken: 0, told: {}, calls: 0, unanswered: 0 },
  };
  let count = 0;
  let isOver = false;
  let shutSinceMs;
  /** The last harm was that the owner ended in order, and nothing else happened for a while before or since. */
  let isHandOver = false;
  let harmedMs = 0;
  const begunMs = performance.now();

  async function start() {
    const server = await startServer(project);
    server.onEvent = (line) => {
      const { content, meta } = JSON.parse(line.toString("utf8")).params;
      got(Number(content), meta, server);
    };
    living.add(server);
    void server.gone.then(() => living.delete(server));
    void keepCalling(server);
    return server;
  }

  function got(n, { attempt, channel }, server) {
    if (!Number.isInteger(n)) return;
    seen.add(n);
    if (attempt !== undefined) {
      tally.attempts += 1;
      return;
    }
    // Each session has its own of what is for all.
    const key = channel === "all" ? `${n} to ${server.pid}` : `${n}`;
    if (plainly.has(key)) repeated.add(key);
    plainly.add(key);
  }

  async function keepCalling(server) {
    while (living.has(server) && !isOver) {
      try {
        const { isError } = await server.call("status");
        if (isError) tally.unanswered += 1;
        else tally.calls += 1;
      } catch {
        // One that was killed owes nothing.
        await sleep(100);
        if (living.has(server) && !server.isLeaving) tally.unanswered += 1;
      }
      await sleep(callEveryMs);
    }
  }

  function post(n) {
    return new Promise((resolve) => {
      const path = n % 10 === 0 ? "/all" : "/one";
      const options = { agent, host: "127.0.0.1", port: project.port, method: "POST", path };
      const outgoing = request(options, (response) => {
        if (shutSinceMs !== undefined)
          gaps.push({ ms: performance.now() - shutSinceMs, isHandOver, after: harms.slice(-3).join(", ") });
        shutSinceMs = undefined;
        const { statusCode } = response;
        response.once("error", resolve);
        response.resume().once("end", () => {
          if (statusCode === 202) {
            accepted.add(n);
            tally.accepted += 1;
          } else tally.told[statusCode] = (tally.told[statusCode] ?? 0) + 1;
          resolve();
        });
      });
      outgoing.once("error", ({ code }) => {
        if (code === "ECONNREFUSED") {
          tally.refused += 1;
          // Somebody must be there to take over.
          if (living.size > 0 && shutSinceMs === undefined) {
            shutSinceMs = performance.now();
            harms.push(`${((shutSinceMs - begunMs) / 1e3).toFixed(1)} s shut`);
          }
        } else tally.broken += 1;
        setTimeout(resolve, 10);
      });
      outgoing.end(JSON.stringify({ n }));
    });
  }

  async function lane() {
    while (!isOver) {
      const begun = performance.now();
      count += 1;
      await post(count);
      await sleep(Math.max(0, (1e3 * connections) / eventsPerSecond - (performance.now() - begun)));
    }
  }

  async function harm() {
    const owner = project.ownerPid();
    const victims = [...living].filter(({ isLeaving }) => !isLeaving);
    const victim =
      random() < 0.5 ? (victims.find(({ pid }) => pid === owner) ?? pick(victims)) : pick(victims);
    if (victim === undefined) return;
    // A gap counts from the last harm: whoever was about to take over may be the next to go.
    if (shutSinceMs !== undefined) shutSinceMs = performance.now();
    const who = victim.pid === owner ? "the owner" : "another";
    isHandOver = false;
    const isAlone = performance.now() - harmedMs > quietMs[0] / 2;
    harmedMs = performance.now();
    const at = () => `${((performance.now() - begunMs) / 1e3).toFixed(1)} s`;
    const fate = random();
    if (fate < 0.2) {
      harms.push(`${at()} ${who} does not read`);
      tally.stalled += 1;
      victim.stopReading();
      victim.isLeaving = true; // It may be answered later than it asks; what it is owed is its events.
      setTimeout(() => victim.readAgain(), between(1_000, 5_000));
      setTimeout(() => {
        harms.push(`${at()} the one that did not read ends`);
        end(victim);
      }, 6_000);
    } else if (fate < 0.4) {
      tally.ended += 1;
      harms.push(`${at()} ${who} ends`);
      isHandOver = isAlone && victim.pid === owner;
      end(victim);
    } else {
      harms.push(`${at()} ${who} is killed`);
      tally.killed += 1;
      if (victim.pid === owner) tally.owners += 1;
      victim.isLeaving = true;
      victim.kill("SIGKILL");
    }
    setTimeout(() => void (isOver || start()), between(0, 2_000));
  }

  function end(server) {
    server.isLeaving = true;
    if (random() < 0.5) server.closeStdin();
    else server.kill("SIGINT");
  }

  return {
    tally,
    repeated,
    gaps,
    get lost() {
      return [...accepted].filter((n) => !seen.has(n));
    },
    async run(durationMs, onSample) {
      for (let index = 0; index < crowd; index += 1) await start();
      await [...living][0].listening();
      const lanes = Array.from({ length: connections }, lane);
      const begun = performance.now();
      while (performance.now() - begun < durationMs) {
        await sleep(between(...quietMs));
        await harm();
        // Two at once: the successor may be among them.
        if (random() < 0.15) await harm();
        onSample?.({ seconds: (performance.now() - begun) / 1e3, ...tally, sessions: living.size });
      }
      isOver = true;
      // One that has not ended is as long as it is by now.
      if (shutSinceMs !== undefined)
        gaps.push({ ms: performance.now() - shutSinceMs, isHandOver, after: harms.slice(-3).join(", ") });
      await Promise.all(lanes);
      const last = await start();
      await this.settle(last);
    },
    /** What waits is fetched; the rest is on its way. */
    async settle(last) {
      const until = performance.now() + settleWithinMs;
      while (this.lost.length > 0 && performance.now() < until) {
        note(`kills: ${this.lost.length} on their way`);
        const { text } = await last.call("pending", { limit: 50 });
        for (const block of text.split(/^event /m)) {
          const n = /^[^\n]*\n\W*(\d+)\s*$/m.exec(block)?.[1];
          if (n !== undefined) got(Number(n), { attempt: "pending" }, last);
        }
        await sleep(200);
      }
    },
    async clear() {
      isOver = true;
      agent.destroy();
      await Promise.all([...living].map((server) => server.stop()));
    },
  };
}

function between(from, to) {
  return from + random() * (to - from);
}

function pick(values) {
  return values[Math.floor(random() * values.length)];
}
