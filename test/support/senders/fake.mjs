// What the stand-ins for gh, glab and stripe share: hooks in a file, a record of each call, and a mode that makes them fail.
import { readFileSync, writeFileSync } from "node:fs";

const file = process.env.FAKE_SENDER_STATE;
export const mode = process.env.FAKE_SENDER_MODE ?? "";
export const argv = process.argv.slice(2);
export const input = readFileSync(0, "utf8");

const state = JSON.parse(readFileSync(file, "utf8"));
state.calls.push({ program: process.argv[1].split("/").at(-1), argv, input });
save();

export const hooks = state.hooks;

export function nextId() {
  state.last = (state.last ?? 100) + 1;
  return state.last;
}

export function save() {
  writeFileSync(file, JSON.stringify(state));
}

export function setHooks(list) {
  state.hooks = list;
  save();
}

/** Prints, and ends with this code. */
export function end(code, stdout = "", stderr = "") {
  save();
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exit(code);
}

/** Flags that take a value, and the arguments that are none. */
export function parse(args, valued) {
  const flags = {};
  const rest = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at];
    if (!word.startsWith("-") || word === "-") rest.push(word);
    else if (valued.includes(word)) {
      flags[word] = [...(flags[word] ?? []), args[at + 1]];
      at++;
    } else flags[word] = [true];
  }
  return { flags, rest };
}
