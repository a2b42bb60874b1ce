// Everything at once, for as long as is wanted: threads, events for all, pulls beside pushes, sources with cursors, a disk that is full for
// a while, sessions that are killed, do not read, or end within milliseconds of a delivery. Nothing that was promised is
// lost, nothing comes twice without `attempt`, and no cursor goes back.

import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createAccount, seconds } from "../harness/account.mjs";
import { faultStage } from "../harness/fault-stage.mjs";
import { note } from "../harness/note.mjs";
import { startServer } from "../harness/server.mjs";

const crowd = 4;
const connections = 6;
const eventsPerSecond = 150;
const quietMs = [200, 1_800];
const maxGapMs = 2_000;
/** Calm ends when nothing has come in for this long: how much the loop guard has kept back depends on the machine. */
const quietAfterMs = 10_000;
const settleWithinMs = 5 * 60_000;
/** Threads, so that the loop guard keeps many back for `pending`. */
const threads = 3;

export async function faults({ durationMs, onSample, random }) {
  const stage = await faultStage();
  const run = new FaultRun(stage, random);
  try {
    await run.run(durationMs, onSample);
    return [run.row(durationMs)];
  } finally {
    await run.clear();
    stage.dispose();
  }
}

class FaultRun {
  account = createAccount();
  tally = { killed: 0, owners: 0, ended: 0, snapped: 0, stalled: 0, full: 0, pulls: 0, refused: 0, told: {} };
  living = new Set();
  /** What keeps the port shut for a reason: gaps do not count then. */
  excusedUntilMs = 0;
  gaps = [];
  missed = [];
  events = [];
  shutSinceMs = undefined;
  isOver = false;
  count = 0;

  constructor(stage, random) {
    this.stage = stage;
    this.random = random;
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  between(from, to) {
    return from + this.random() * (to - from);
  }

  pick(values) {
    return values[Math.floor(this.random() * values.length)];
  }

  happened(what) {
    this.events.push(`${seconds()} ${what}`);
  }

  async start() {
    const server = await startServer(this.stage).catch((error) => {
      this.happened(`a start failed: ${error.message.split("\n")[0]}`);
    });
    if (server === undefined) return undefined;
    if (this.isOver) this.late = server;
    server.readyMs = performance.now();
    server.onEvent = (line) => {
      this.account.pushed(line, server);
      server.onNext?.();
    };
    this.living.add(server);
    void server.gone.then(() => this.living.delete(server));
    void this.keepPulling(server);
    return server;
  }

  async keepPulling(server) {
    while (this.living.has(server) && !this.isOver) {
      await sleep(100 + Math.random() * 1_500);
      if (!server.isLeaving) await this.pull(server, 1 + Math.floor(Math.random() * 50));
    }
  }

  async pull(server, limit) {
    try {
      const { text, isError } = await server.call("pending", { limit });
      this.tally.pulls += 1;
      return isError ? 0 : this.account.pulled(text, server);
    } catch {
      return 0; // One that was killed owes nothing.
    }
  }

  post(kind, n) {
    const sentMs = performance.now();
    return new Promise((resolve) => {
      const options = {
        agent: this.agent,
        host: "127.0.0.1",
        port: this.stage.port,
        method: "POST",
        path: `/${kind}`,
      };
      const outgoing = request(options, (response) => {
        this.opened();
        response.once("error", resolve);
        response.resume().once("end", () => {
          const { statusCode } = response;
          const tookMs = performance.now() - sentMs;
          if (tookMs > 1_000) this.happened(`a post took ${tookMs.toFixed(0)} ms: ${statusCode}`);
          if (statusCode === 202) this.account.promise(kind, n);
          else this.tally.told[statusCode] = (this.tally.told[statusCode] ?? 0) + 1;
          resolve();
        });
      });
      outgoing.once("error", ({ code }) => {
        if (code === "ECONNREFUSED") {
          this.tally.refused += 1;
          if (this.living.size > 0) this.shutSinceMs ??= performance.now();
        }
        setTimeout(resolve, 10);
      });
      outgoing.end(JSON.stringify({ n, t: n % threads, padding: "x".repeat(n % 50 === 0 ? 20_000 : 0) }));
    });
  }

  opened() {
    if (this.shutSinceMs === undefined) return;
    const ms = performance.now() - this.shutSinceMs;
    if (this.shutSinceMs > this.excusedUntilMs)
      this.gaps.push({ ms, after: this.events.slice(-4).join(", ") });
    this.shutSinceMs = undefined;
  }

  async lane() {
    while (!this.isOver) {
      const begun = performance.now();
      this.count += 1;
      const n = this.count;
      const kind = n % 10 === 0 ? "all" : n % 3 === 0 ? "talk" : "one";
      await this.post(kind, n);
      await sleep(Math.max(0, (1e3 * connections) / eventsPerSecond - (performance.now() - begun)));
    }
  }

  /** Sources with cursors: what stands there is promised, whenever it is read. */
  async keepWriting() {
    for (let n = 1; !this.isOver; n++) {
      this.stage.write(n);
      this.account.promise("tail", n);
      if (n % 4 === 0) {
        this.stage.polled.add(n);
        this.account.promise("poll", n);
      }
      await sleep(20 + (n % 7) * 15);
    }
  }

  async harm() {
    const owner = this.stage.ownerPid();
    const victims = [...this.living].filter(({ isLeaving }) => !isLeaving);
    const victim =
      this.random() < 0.4
        ? (victims.find(({ pid }) => pid === owner) ?? this.pick(victims))
        : this.pick(victims);
    const fate = this.random();
    const after = this.between(0, 1_500);
    const soon = this.between(0, 6);
    if (fate < 0.1 && this.stage.disk !== undefined) return this.fill(this.between(300, 3_000));
    if (victim === undefined) return undefined;
    if (this.shutSinceMs !== undefined) this.shutSinceMs = performance.now();
    const who = victim.pid === owner ? "owner" : victim.isUp ? "up" : "session";
    const signal = this.random() < 0.5 ? "SIGINT" : "SIGTERM";
    victim.isLeaving = true;
    if (fate < 0.25 && !victim.isUp) {
      this.tally.stalled += 1;
      this.happened(`${who} ${victim.pid} does not read`);
      victim.stopReading();
      setTimeout(() => victim.readAgain(), this.between(500, 4_000));
      setTimeout(() => this.end(victim, signal), 4_500);
    } else if (fate < 0.55 && !victim.isUp) {
      this.tally.snapped += 1;
      victim.onNext = () => {
        victim.onNext = undefined;
        setTimeout(() => {
          this.happened(`${who} ${victim.pid} ends after a delivery`);
          this.end(victim, signal);
        }, soon);
      };
      setTimeout(() => victim.onNext?.(), 2_000);
    } else if (fate < 0.7) {
      this.tally.ended += 1;
      this.happened(`${who} ${victim.pid} ends`);
      this.end(victim, signal);
    } else {
      this.tally.killed += 1;
      if (victim.pid === owner) this.tally.owners += 1;
      this.happened(`${who} ${victim.pid} is killed`);
      victim.kill("SIGKILL");
    }
    if (victim.isUp) setTimeout(() => void (this.isOver || this.startUp()), after);
    else setTimeout(() => void (this.isOver || this.start()), after);
    return undefined;
  }

  async fill(forMs) {
    this.tally.full += 1;
    this.happened("the disk is full");
    this.excusedUntilMs = Number.POSITIVE_INFINITY;
    this.stage.disk.fill();
    await sleep(forMs);
    this.stage.disk.free();
    this.happened("the disk is free");
    // Whoever could not start then tries again within a second.
    this.excusedUntilMs = performance.now() + 1_000;
  }

  end(victim, signal) {
    if (victim.isUp || signal === "SIGTERM") victim.kill(signal);
    else victim.closeStdin();
  }

  startUp() {
    const up = this.stage.up();
    this.living.add(up);
    void up.gone.then(async () => {
      this.living.delete(up);
      // As a supervisor does: on a full disk it cannot start.
      await sleep(500);
      if (!up.isLeaving && !this.isOver) this.startUp();
    });
    up.stop = async () => {
      up.kill("SIGTERM");
      await up.gone;
    };
  }

  async run(durationMs, onSample) {
    const withUp = this.random() < 0.5;
    this.options = `${crowd} sessions${withUp ? " and up" : ""}, ${this.stage.disk === undefined ? "no disk of its own" : "a small disk"}`;
    console.log(`options: ${this.options}`);
    if (withUp) this.startUp();
    for (let index = 0; index < crowd; index += 1) await this.start();
    await [...this.living].at(-1).listening();
    const lanes = [...Array.from({ length: connections }, () => this.lane()), this.keepWriting()];
    const begun = performance.now();
    while (performance.now() - begun < durationMs) {
      await sleep(this.between(...quietMs));
      await this.harm();
      if (this.random() < 0.2) await this.harm();
      onSample?.({
        seconds: (performance.now() - begun) / 1e3,
        accepted: this.account.promisedCount(),
        ...this.tally,
        attempts: this.account.tally.attempts,
        waiting: this.account.lost().length,
        sessions: this.living.size,
      });
    }
    if (this.shutSinceMs !== undefined) this.opened();
    this.isOver = true;
    await Promise.all(lanes);
    this.isOver = true;
    this.happened("calm");
    const last = await this.start();
    if (last === undefined) throw new Error("the last session did not start");
    await this.settle();
  }

  async settle() {
    const begun = performance.now();
    const staying = () => [...this.living].filter(({ isLeaving, isUp }) => !isLeaving && !isUp);
    await sleep(6_000); // Those that do not read end by then, and what is polled is asked for.
    let left = this.account.lost().length;
    this.waiting = left;
    let progressMs = performance.now();
    while (performance.now() - progressMs < quietAfterMs && performance.now() - begun < settleWithinMs) {
      const pulled = await Promise.all(staying().map((server) => this.pull(server, 50)));
      this.missed = this.account.missedBy(staying());
      const lost = this.account.lost().length;
      this.settledMs = performance.now() - begun;
      const isEmpty = pulled.every((count) => count === 0);
      if (lost === 0 && this.missed.length === 0 && isEmpty) return;
      if (lost < left || !isEmpty) progressMs = performance.now();
      left = lost;
      note(`faults: ${lost} on their way`);
      await sleep(200);
    }
  }

  row(durationMs) {
    const { account, tally, gaps, missed, stage } = this;
    const lost = account.lost();
    const longest = gaps.reduce((most, gap) => (gap.ms > most.ms ? gap : most), { ms: 0, after: "nothing" });
    const wentBack = stage.cursorsThatWentBack();
    const some = (name, values) =>
      values.length === 0 ? [] : [`${name}: ${values.length}\n    ${values.slice(0, 12).join("\n    ")}`];
    const problems = [
      ...some("lost", lost),
      ...some("repeated", account.repeated),
      ...some("not to all", missed),
      ...some("cursors that went back", wentBack),
    ];
    if (problems.length > 0 || process.env.SOAK_EVENTS)
      console.log(`what happened:\n  ${this.events.join("\n  ")}`);
    return {
      figure: `${(durationMs / 60e3).toFixed(1)} min of all faults, ${this.options}`,
      router: `${account.promisedCount()} promised, ${lost.length} lost, ${account.repeated.length} repeated, longest gap ${longest.ms.toFixed(0)} ms`,
      target: `none lost, none repeated untold, gap < ${maxGapMs} ms`,
      ok: problems.length === 0 && longest.ms < maxGapMs,
      note: [
        `${JSON.stringify(tally)}, ${JSON.stringify(account.tally)}`,
        `${this.waiting} waited in calm, all at rest after ${(this.settledMs / 1e3).toFixed(0)} s, longest gap after ${longest.after}`,
        ...problems,
      ].join("; "),
    };
  }

  async clear() {
    this.isOver = true;
    this.agent.destroy();
    await Promise.all([...this.living].map((server) => server.stop()));
  }
}
