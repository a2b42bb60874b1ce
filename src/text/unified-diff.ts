// The difference between two texts of a file, as `diff -u` writes it.

const around = 3;
/** Above this product of the lines that differ, all of them are replaced: an exact answer would take too long. */
const maxCells = 4_000_000;

interface Step {
  readonly sign: " " | "-" | "+";
  readonly line: string;
  /** From 0: the lines of both texts before this one. */
  readonly before: number;
  readonly after: number;
}

/** Empty when they are equal. */
export function unifiedDiff(name: string, before: string, after: string): string {
  if (before === after) return "";
  const steps = stepsBetween(linesOf(before), linesOf(after));
  const parts = [`--- ${name}`, `+++ ${name}`];
  for (const hunk of hunksOf(steps)) {
    const [first] = hunk as [Step];
    const of = (sign: "-" | "+") => hunk.filter((step) => step.sign === " " || step.sign === sign).length;
    parts.push(`@@ -${range(first.before, of("-"))} +${range(first.after, of("+"))} @@`);
    for (const { sign, line } of hunk) {
      parts.push(`${sign}${line.replace(/\n$/, "")}`);
      if (!line.endsWith("\n")) parts.push("\\ No newline at end of file");
    }
  }
  return `${parts.join("\n")}\n`;
}

function range(start: number, count: number): string {
  const first = count === 0 ? start : start + 1;
  return count === 1 ? String(first) : `${first},${count}`;
}

/** With their line feeds. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function stepsBetween(before: readonly string[], after: readonly string[]): Step[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const [old, now] = [before.slice(start, before.length - end), after.slice(start, after.length - end)];
  const signs = old.length * now.length > maxCells ? replaced(old, now) : compared(old, now);
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  const add = (sign: Step["sign"]) => {
    steps.push({ sign, line: (sign === "+" ? after[j] : before[i]) as string, before: i, after: j });
    if (sign !== "+") i += 1;
    if (sign !== "-") j += 1;
  };
  for (let count = 0; count < start; count++) add(" ");
  for (const sign of signs) add(sign);
  for (let count = 0; count < end; count++) add(" ");
  return steps;
}

function replaced(old: readonly string[], now: readonly string[]): Step["sign"][] {
  return [...old.map(() => "-" as const), ...now.map(() => "+" as const)];
}

/** By the longest common subsequence. */
function compared(old: readonly string[], now: readonly string[]): Step["sign"][] {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] as number;
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      lengths[i * width + j] =
        old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const signs: Step["sign"][] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      signs.push(" ");
      i += 1;
      j += 1;
    } else if (j === now.length || (i < old.length && at(i + 1, j) >= at(i, j + 1))) {
      signs.push("-");
      i += 1;
    } else {
      signs.push("+");
      j += 1;
    }
  }
  return signs;
}

function hunksOf(steps: readonly Step[]): Step[][] {
  const hunks: Step[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const [index, { sign }] of steps.entries()) {
    if (sign === " ") continue;
    const from = Math.max(0, index - around, last + 1);
    const to = Math.min(steps.length - 1, index + around);
    const hunk = from === last + 1 && hunks.length > 0 ? (hunks.at(-1) as Step[]) : [];
    if (hunk.length === 0) hunks.push(hunk);
    hunk.push(...steps.slice(from, to + 1));
    last = Math.max(last, to);
  }
  return hunks;
}
