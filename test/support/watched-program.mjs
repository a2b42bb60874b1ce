// Imported into a program that a test spawns (watched-program.ts): leaves in a file how long its event loop was held up at most.
//
// A turn counts by the shorter of two clocks: on a busy machine a process waits for the processor, which is not its fault, and
// helper threads take processor time while the loop is free.

import { writeFileSync } from "node:fs";

const file = `${process.env.CR_WATCHED_TURNS}.${process.pid}`;
let wall = performance.now();
let cpu = process.cpuUsage();
let longest = 0;

function look() {
  const { user, system } = process.cpuUsage(cpu);
  const turn = Math.min(performance.now() - wall, (user + system) / 1_000);
  wall = performance.now();
  cpu = process.cpuUsage();
  if (turn <= longest) return;
  longest = turn;
  writeFileSync(file, String(longest));
}

setInterval(look, 2).unref();
process.on("SIGUSR2", () => {
  look();
  longest = 0;
  writeFileSync(file, "0");
});
